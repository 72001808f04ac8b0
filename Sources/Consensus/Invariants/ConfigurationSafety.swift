import ProtocolKit

/// Configurations follow each other so that two disjoint sets of servers can never decide (section 6 of the Raft paper).
///
/// A leader appends a configuration only when the one before it in its log is committed, and every majority that
/// decides under the one meets every majority that decides under the other: they have a set of voters in common, of which
/// both need a majority.
public struct ConfigurationSafety<Machine: StateMachine>: Invariant {
    /// The nodes it looks at.
    public typealias Node = Raft<Machine>

    /// Where each node's latest configuration was when it was looked at.
    private var looked: [LogIndex] = []

    /// Before the first step.
    public init() {}

    /// The property's name.
    public var name: String { "configuration-safety" }

    /// Looks at a configuration that is new at the node that took a step.
    public mutating func check(_ nodes: NodeStates<Node>, changed: Int) -> String? {
        while looked.count < nodes.count { looked.append(.zero) }
        let index = nodes[changed].configurations.latestIndex
        guard index != looked[changed] else { return nil }
        let isNew = index > looked[changed]
        looked[changed] = index
        guard isNew else { return nil }
        let entries = nodes[changed].configurations.entries
        for (former, latter) in zip(entries, entries.dropFirst()) {
            if let wrong = wrongStep(from: former, to: latter) { return "node \(nodes[changed].id) goes \(wrong)" }
        }
        guard nodes[changed].role == .leader else { return nil }
        let committed = nodes[changed].commitIndex
        let open = entries.dropFirst().filter { $0.index > committed }
        guard open.count > 1 else { return nil }
        return "leader \(nodes[changed].id) has uncommitted configurations at \(open.map(\.index)), "
            + "committed is \(committed)"
    }

    private func wrongStep(
        from former: ConfigurationHistory.Entry, to latter: ConfigurationHistory.Entry
    ) -> String? {
        let sets = Set([former.configuration.voters, former.configuration.outgoing].filter { !$0.isEmpty })
        // A server that has lost its disk knows of none before the first that it is sent.
        guard !sets.isEmpty else { return nil }
        if sets.contains(latter.configuration.voters) || sets.contains(latter.configuration.outgoing) { return nil }
        return "from \(former.configuration) at \(former.index) to \(latter.configuration) at \(latter.index), "
            + "which have disjoint majorities"
    }
}
