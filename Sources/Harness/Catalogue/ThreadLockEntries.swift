import ProtocolKit

extension SystemCatalogue {
    /// The locks among threads of one process.
    static let threadLocks: [CatalogueEntry] = []
}
