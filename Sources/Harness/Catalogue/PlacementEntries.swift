import ProtocolKit

extension SystemCatalogue {
    /// The placement functions.
    static let placementFunctions: [CatalogueEntry] = []
}
