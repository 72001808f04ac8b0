import ProtocolKit

/// The catalogue as `coordbench list` shows it: a table for people, a value for programs.
public struct CatalogueListing: Codable, Sendable {
    /// One system.
    public struct System: Codable, Sendable {
        /// The name in scenarios and rows.
        public var name: String
        /// Which family it belongs to.
        public var family: String
        /// `cluster`, `threads`, `function` or `external`.
        public var subject: String
        /// One line on what it is.
        public var summary: String
        /// Paper and section.
        public var source: String
        /// The service that clients use.
        public var service: String
        /// What it promises its clients with default options; nil where nothing is replicated.
        public var promise: String?
        /// The kinds of operation.
        public var kinds: [String]
        /// The mix where none is named.
        public var defaultMix: String
        /// Number of nodes where none is named.
        public var defaultNodes: Int
        /// The fewest nodes.
        public var fewestNodes: Int
        /// The most nodes.
        public var mostNodes: Int
        /// What can be chosen.
        public var options: [Option]
        /// What an operation of each kind must cost with default options on the default number of nodes.
        public var costs: [OperationCost]
        /// Planted faults.
        public var mutations: [Fault]
    }

    /// One option of a system.
    public struct Option: Codable, Sendable {
        /// Its name.
        public var name: String
        /// The values it takes, in words.
        public var values: String
        /// The value where none is given.
        public var defaultValue: String
        /// What it does.
        public var help: String
    }

    /// One planted fault of a system.
    public struct Fault: Codable, Sendable {
        /// Its name.
        public var name: String
        /// The rule that it breaks.
        public var breaks: String
    }

    /// The systems, family by family.
    public var systems: [System]

    /// The listing of a catalogue, of one family where given.
    public init(_ catalogue: SystemCatalogue, family: SystemDescriptor.Family? = nil) {
        systems = SystemDescriptor.Family.allCases.filter { family == nil || $0 == family }.flatMap { family in
            catalogue.entries(of: family).map(System.init)
        }
    }

    /// Only the system of this name, where it is in the listing.
    public func only(_ name: String) -> CatalogueListing {
        var copy = self
        copy.systems = systems.filter { $0.name == name }
        return copy
    }
}

extension CatalogueListing.System {
    init(_ entry: CatalogueEntry) {
        let descriptor = entry.descriptor
        self.init(
            name: descriptor.name, family: descriptor.family.rawValue, subject: entry.subject.rawValue,
            summary: descriptor.summary, source: descriptor.source, service: entry.service.name,
            promise: entry.service.name == KeyValueService.name
                ? (try? entry.cluster?.promise(VariantOptions()))?.rawValue : nil,
            kinds: entry.service.kinds, defaultMix: entry.service.defaultMix, defaultNodes: descriptor.defaultNodes,
            fewestNodes: descriptor.nodeRange.lowerBound, mostNodes: descriptor.nodeRange.upperBound,
            options: descriptor.options.map {
                CatalogueListing.Option(
                    name: $0.name, values: $0.validValues, defaultValue: $0.defaultValue, help: $0.help)
            },
            costs: (try? entry.cluster?.costs(VariantOptions(), descriptor.defaultNodes)) ?? [],
            mutations: descriptor.mutations.map { CatalogueListing.Fault(name: $0.name, breaks: $0.breaks) })
    }
}

extension CatalogueListing {
    /// The systems as a table, a heading for each family.
    public var text: String {
        var sections: [String] = []
        for family in SystemDescriptor.Family.allCases {
            let members = systems.filter { $0.family == family.rawValue }
            if members.isEmpty { continue }
            let rows = members.map { system in
                [
                    "  " + system.name,
                    system.subject,
                    system.subject == "threads" ? "-" : "\(system.defaultNodes)",
                    system.summary,
                ]
            }
            let table = TextTable(header: ["  system", "subject", "nodes", "what it is"], rows: rows)
            sections.append("\(family.rawValue)\n\(table.text)")
        }
        return sections.joined(separator: "\n")
    }

    /// Everything about the systems, for `coordbench list NAME`.
    public var details: String {
        systems.map(\.details).joined(separator: "\n")
    }
}

extension CatalogueListing.System {
    fileprivate var details: String {
        var text = "\(name): \(summary)\n"
        text += "  source      \(source)\n"
        text += "  family      \(family), measured as \(subject)\n"
        text += "  operations  \(kinds.joined(separator: ", ")) (\(service)); mix \(defaultMix) unless given\n"
        if subject != "threads" {
            text += "  nodes       \(defaultNodes) unless given, \(fewestNodes) to \(mostNodes)\n"
        }
        if let promise { text += "  promise     \(promise)\n" }
        for option in options {
            text += "  option      \(option.name)=\(option.defaultValue)  (\(option.values)) \(option.help)\n"
        }
        for cost in costs {
            text += "  cost        \(cost.kind): \(cost.messageDelays) message delays, \(cost.messages) messages, "
            text += "\(cost.syncDelays) sync delays, \(cost.syncs) syncs\n"
        }
        for fault in mutations {
            text += "  fault       \(fault.name): breaks \(fault.breaks)\n"
        }
        return text
    }
}
