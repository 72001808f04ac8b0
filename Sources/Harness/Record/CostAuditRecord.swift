import Measurement
import ProtocolKit
import Simulation

/// What one kind of operation of a system was seen to cost in a simulation without faults, beside what the paper says.
public struct CostAuditRecord: Sendable, Codable, Hashable {
    /// The system with its options.
    public var variant: String
    /// Number of nodes.
    public var nodes: Int
    /// What the paper says.
    public var expected: OperationCost
    /// Message delays from the client's request to its reply; nil where none was seen, or a timer lay in between.
    public var messageDelays: Int?
    /// Messages between nodes; nil where no operation was seen.
    public var messages: Int?
    /// Syncs on the critical path, one after the other.
    public var syncDelays: Int?
    /// Syncs on all disks.
    public var syncs: Int?
    /// Bytes between nodes for each operation, frames included, on average; nil where none was seen or counted.
    public var messageBytes: Double?
    /// Bytes to and from the client for each operation, on average; nil where none was seen or counted.
    public var clientBytes: Double?
    /// Bytes that the nodes' steps allocate for an operation, the median of those seen; nil where nothing counts them.
    public var allocatedBytes: Double?
    /// Operations seen.
    public var samples: Int
    /// Whether every operation seen cost exactly what the paper says.
    public var isEqual: Bool

    /// An audit of its parts; it is equal where everything measured is as expected.
    public init(
        variant: String, nodes: Int, expected: OperationCost, messageDelays: Int?, messages: Int?, syncDelays: Int?,
        syncs: Int?, samples: Int
    ) {
        self.variant = variant
        self.nodes = nodes
        self.expected = expected
        self.messageDelays = messageDelays
        self.messages = messages
        self.syncDelays = syncDelays
        self.syncs = syncs
        self.samples = samples
        isEqual =
            samples > 0 && messageDelays == expected.messageDelays && messages == expected.messages
            && syncDelays == expected.syncDelays && syncs == expected.syncs
    }

    init(variant: String, _ row: CostAudit.Row) {
        self.variant = variant
        nodes = row.nodes
        expected = row.expected
        messageDelays = row.measured?.messageDelays
        messages = row.measured?.messages
        syncDelays = row.measured?.syncDelays
        syncs = row.measured?.syncs
        messageBytes = row.messageBytes
        clientBytes = row.clientBytes
        allocatedBytes = row.allocatedBytes
        samples = row.samples
        isEqual = row.isEqual
    }

    /// The numbers of nodes that are audited, where a system takes them.
    public static let nodeCounts = [3, 5, 7]
}

/// Audits of many systems, for people.
public enum AuditTable {
    /// The headings of ``rows(of:)``.
    public static let titles = [
        "system", "nodes", "operation", "message delays", "messages", "sync delays", "syncs", "samples", "equal",
    ]

    /// A row for each audit; kinds that cost the same are one row, and what differs from the paper shows both.
    public static func rows(of audits: [CostAuditRecord]) -> [[String]] {
        var rows: [[String]] = []
        var kinds: [[String]] = []
        for audit in audits {
            let row = cells(audit)
            if let last = rows.last, last[0] == row[0], Array(last[1...1] + last[3...]) == Array(row[1...1] + row[3...])
            {
                kinds[kinds.count - 1].append(audit.expected.kind)
            } else {
                rows.append(row)
                kinds.append([audit.expected.kind])
            }
        }
        for place in rows.indices { rows[place][2] = kinds[place].joined(separator: ", ") }
        return rows
    }

    private static func cells(_ audit: CostAuditRecord) -> [String] {
        func figure(_ measured: Int?, _ expected: Int) -> String {
            let seen = measured.map(String.init) ?? "none"
            guard measured != expected else { return seen }
            return "\(seen), not \(expected)"
        }
        return [
            audit.variant, "\(audit.nodes)", audit.expected.kind,
            figure(audit.messageDelays, audit.expected.messageDelays), figure(audit.messages, audit.expected.messages),
            figure(audit.syncDelays, audit.expected.syncDelays), figure(audit.syncs, audit.expected.syncs),
            "\(audit.samples)",
            audit.isEqual ? "yes" : "NO",
        ]
    }

    /// The table as text.
    public static func text(of audits: [CostAuditRecord]) -> String {
        TextTable(header: titles, rows: rows(of: audits)).text
    }

    /// One sentence: how many rows, and how many differ.
    public static func sentence(of audits: [CostAuditRecord]) -> String {
        let wrong = audits.count { !$0.isEqual }
        let all = "\(audits.count) \(audits.count == 1 ? "cost" : "costs") audited"
        return wrong == 0 ? "\(all): all as the papers say, exactly" : "\(all): \(wrong) differ from the papers"
    }
}

extension SystemCatalogue {
    /// Audits a variant of a cluster system with 3, 5 and 7 nodes, those that it and its options take; with the fewest
    /// that they take where they take none of these.
    ///
    /// - Throws: ``CatalogueError`` for a system without nodes, `OptionError` for options that it doesn't have.
    ///
    /// - Parameters:
    ///   - nodes: other numbers of nodes than these; each must go with the system and its options.
    ///   - allocatedBytes: reads the allocator, where its bytes are to be counted.
    public func audit(
        _ variant: Variant, nodes: [Int] = [], allocatedBytes: AllocatedBytes? = nil
    ) throws -> [CostAuditRecord] {
        let entry = try cluster(named: variant.system)
        if !nodes.isEmpty {
            return try entry.audit(variant.options, nodes, allocatedBytes).map {
                CostAuditRecord(variant: variant.description, $0)
            }
        }
        let range = entry.descriptor.nodeRange
        let fitting = range.filter { (try? entry.checkNodes(variant.options, $0)) != nil }
        // Options that go with no number of nodes at all are refused with the rule that they break.
        guard let fewest = fitting.first else {
            try entry.checkNodes(variant.options, entry.descriptor.defaultNodes)
            return []
        }
        let usual = CostAuditRecord.nodeCounts.filter(fitting.contains)
        return try entry.audit(variant.options, usual.isEmpty ? [fewest] : usual, allocatedBytes).map {
            CostAuditRecord(variant: variant.description, $0)
        }
    }
}
