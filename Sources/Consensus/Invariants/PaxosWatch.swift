import ProtocolKit

/// A node as the invariants of Paxos look at it.
protocol PaxosNode: ProtocolNode {
    /// Who it is.
    var id: NodeID { get }
    /// What its acceptor has accepted.
    var slots: AcceptedSlots { get }
    /// The ticket of the last acceptance, and the last ticket that is durable.
    var acceptanceTicket: Ticket { get }
    var durableTicket: Ticket { get }
    /// Every slot through this one is decided, as it knows.
    var decided: LogIndex { get }
    /// How far it has applied, and its state then. (A digest of it that the node computed would be that of a copy of the
    /// whole node.)
    var applied: LogIndex { get }
    associatedtype Machine: StateMachine
    var machine: Machine { get }
    /// Acceptances by which a value is chosen, by the protocol's rules.
    var choosingQuorum: Int { get }
    /// Whether its acceptances count: who has lost its disk only learns.
    var isVoter: Bool { get }
    /// Whether it has proposed a value that is seen for the first time: a client has asked for it, or it is the node's own.
    /// Nil where it was another start of the node that did, if any.
    func hasProposed(_ record: LogRecord) -> Bool?
}

/// Which slots of a node may hold an acceptance that wasn't there at the last look.
struct AcceptanceWatch {
    private var incarnation = UInt64(0)
    private var last = LogIndex.zero
    private var decided = LogIndex.zero
    private var rewrites = UInt64(0)

    /// Whether a node was started since the last look.
    func isRestart<Node: PaxosNode>(_ nodes: NodeStates<Node>, _ node: Int) -> Bool {
        nodes.incarnation(node) != incarnation
    }

    /// The slots to look at, or nil: mostly those that are new at the end; after a slot was written again all that weren't
    /// known to be decided, and after a restart all that there are.
    mutating func changed<Node: PaxosNode>(_ nodes: NodeStates<Node>, _ node: Int) -> ClosedRange<LogIndex>? {
        let (newLast, count) = (nodes[node].slots.last, nodes[node].slots.rewrites)
        let isRestart = isRestart(nodes, node)
        guard isRestart || count != rewrites || newLast > last else { return nil }
        let base = nodes[node].slots.base
        var first = max(last, base).next
        if isRestart { first = base.next } else if count != rewrites { first = max(min(decided, last), base).next }
        last = newLast
        rewrites = count
        decided = nodes[node].decided
        incarnation = nodes.incarnation(node)
        return first <= newLast ? first...newLast : nil
    }
}
