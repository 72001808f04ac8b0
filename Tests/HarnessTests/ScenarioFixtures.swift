import ProtocolKit
import Synchronization

@testable import Harness

/// A catalogue of invented systems, one of each subject, so that plans are tested apart from the algorithms.
enum ScenarioFixtures {
    static let keyValue = ServiceFacts(name: "key-value", kinds: ["get", "put"], defaultMix: "get=50,put=50")

    static let catalogue = SystemCatalogue([
        entry("raft", .consensus, nodes: 3, in: 1...9, keyValue, .cluster, options: ["batch"]),
        entry("unreplicated", .consensus, nodes: 1, in: 1...1, keyValue, .cluster),
        entry("mcs", .locks, nodes: 1, in: 1...1, .threadLock, .threads),
        entry("ring", .placement, nodes: 10, in: 1...1000, .placement, .function),
    ])

    private static func entry(
        _ name: String, _ family: SystemDescriptor.Family, nodes: Int, in range: ClosedRange<Int>,
        _ service: ServiceFacts, _ subject: PlannedTrial.Subject, options: [String] = []
    ) -> CatalogueEntry {
        let descriptor = SystemDescriptor(
            name: name, family: family, summary: "invented", source: "none",
            options: options.map { OptionSpecification($0, .integer(1...64), default: "8", help: "number") },
            defaultNodes: nodes, nodeRange: range)
        return CatalogueEntry(descriptor: descriptor, service: service, subject: subject)
    }

    /// The plan of a file's text.
    static func plan(_ text: String) throws(ScenarioError) -> Plan {
        try Plan([try ScenarioFile.parse(text, path: "s.yaml")], catalogue: catalogue)
    }

    /// Why a file's text is refused, or nil.
    static func refusal(_ text: String) -> String? {
        do {
            _ = try plan(text)
            return nil
        } catch {
            return "\(error)"
        }
    }
}

/// A sum that closures on any thread may add to.
final class Counter: Sendable {
    private let sum = Atomic(0)
    /// The sum so far.
    var value: Int { sum.load(ordering: .acquiring) }
    /// Adds to it.
    func add(_ amount: Int) { sum.add(amount, ordering: .acquiringAndReleasing) }
}
