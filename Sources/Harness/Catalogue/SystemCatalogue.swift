import ProtocolKit

/// Every system that can be measured, by name.
public struct SystemCatalogue: Sendable {
    /// All systems, family by family, in the order in which their catalogues list them.
    public private(set) var entries: [CatalogueEntry] = []

    /// An empty catalogue.
    public init() {}

    /// A catalogue of these systems; their names must differ.
    public init(_ entries: [CatalogueEntry]) {
        for entry in entries { add(entry) }
    }

    /// Adds a system; its name must be new.
    public mutating func add(_ entry: CatalogueEntry) {
        precondition(
            !entries.contains { $0.descriptor.name == entry.descriptor.name },
            "two systems are called \(entry.descriptor.name)")
        entries.append(entry)
    }

    /// All names, in order.
    public var names: [String] { entries.map(\.descriptor.name) }

    /// The systems of one family, in order.
    public func entries(of family: SystemDescriptor.Family) -> [CatalogueEntry] {
        entries.filter { $0.descriptor.family == family }
    }

    /// The system of this name.
    ///
    /// - Throws: ``CatalogueError/unknownSystem(_:valid:)``, naming what was probably meant.
    public func entry(named name: String) throws(CatalogueError) -> CatalogueEntry {
        guard let entry = entries.first(where: { $0.descriptor.name == name }) else {
            throw .unknownSystem(name, valid: names)
        }
        return entry
    }

    /// The cluster system of this name, for commands that start nodes.
    ///
    /// - Throws: ``CatalogueError`` where there is none or it has no nodes to start.
    public func cluster(named name: String) throws(CatalogueError) -> ClusterEntry {
        guard let cluster = try entry(named: name).cluster else {
            throw .noCluster(name, valid: entries.filter { $0.cluster != nil }.map(\.descriptor.name))
        }
        return cluster
    }
}

extension SystemCatalogue: SystemRegistry {
    /// Adds a system whose nodes exchange messages.
    public mutating func add<System: ClusterSystem>(_ system: System.Type) {
        add(CatalogueEntry(cluster: ClusterEntry(system)))
    }
}

/// A name that the catalogue can't serve.
public enum CatalogueError: Error, Hashable, Sendable, CustomStringConvertible {
    /// There is no such system.
    case unknownSystem(String, valid: [String])
    /// The system has no nodes that exchange messages.
    case noCluster(String, valid: [String])
    /// The system has nothing that runs it in this build.
    case cannotRun(String)

    /// What is wrong and what would be right.
    public var description: String {
        switch self {
        case .unknownSystem(let name, let valid):
            "no system '\(name)'\(NearestName.question(for: name, among: valid)) "
                + "There are: \(valid.joined(separator: ", "))"
        case .noCluster(let name, let valid):
            "\(name) has no nodes to start; these have: \(valid.joined(separator: ", "))"
        case .cannotRun(let name):
            "\(name) can't be run by this build"
        }
    }
}
