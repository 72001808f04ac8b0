import ByteCoding
import ProtocolKit

@testable import Consensus

typealias MultiPaxosServer = MultiPaxos<KeyValueStore>

extension Stepped where Node == MultiPaxosServer {
    /// A started node of multi-paxos.
    init(node id: UInt32, of count: UInt32 = 3, options: MultiPaxosOptions = MultiPaxosOptions()) {
        self.init {
            MultiPaxosServer(id: NodeID(id), members: (0..<count).map(NodeID.init), options: options)
        }
    }

    /// A node that leads its first ballot by the promises of some others, which have accepted nothing.
    init(leader id: UInt32, of count: UInt32 = 3, by voters: UInt32..., options: MultiPaxosOptions = .init()) {
        self.init(node: id, of: count, options: options)
        campaign()
        for voter in voters { receive(.promise(node.ballot), from: voter) }
        persist()
    }

    /// The longest silence passes, and the node wants to lead.
    mutating func campaign() {
        wait(2 * node.options.electionTimeout)
        turn(.timer(MultiPaxosTimer.election))
    }

    mutating func heartbeat() {
        wait(node.options.heartbeatInterval)
        turn(.timer(MultiPaxosTimer.heartbeat))
    }

    /// The 2a that the last turn sent to a node.
    func accepts(to peer: UInt32) -> [MultiPaxosMessage.Accept] {
        sent(to: peer).compactMap { if case .accept(let message) = $0.message { message } else { nil } }
    }

    /// The 1b that the last turn sent to a node.
    func promise(to peer: UInt32) -> MultiPaxosMessage.Promise? {
        guard case .promise(let message)? = said(to: peer) else { return nil }
        return message
    }
}

extension SteppedCluster where Node == MultiPaxosServer {
    /// So many nodes of multi-paxos.
    init(multiPaxos count: UInt32, options: MultiPaxosOptions = MultiPaxosOptions()) {
        self.init((0..<count).map { Stepped(node: $0, of: count, options: options) })
    }

    /// Time passes at every node.
    mutating func wait(_ duration: UInt64) {
        for node in nodes.indices { nodes[node].wait(duration) }
    }

    /// After the longest silence a node asks some others for promises, which they give.
    mutating func elect(_ candidate: Int, by voters: Int...) {
        let timeout = nodes[candidate].node.options.electionTimeout
        wait(2 * timeout)
        nodes[candidate].turn(.timer(MultiPaxosTimer.election))
        for voter in voters {
            deliver(from: candidate, to: voter)
            nodes[voter].persist()
            deliver(from: voter, to: candidate)
        }
        nodes[candidate].persist()
    }
}

extension Ballot {
    /// A round of a node's, as multi-paxos numbers them.
    static func round(_ round: UInt64, of node: UInt32) -> Ballot { Ballot(round: round, node: NodeID(node)) }
}

extension LogRecord {
    /// A command that was first proposed in a ballot.
    static func command(_ slot: UInt64, born ballot: Ballot, _ value: Bytes = "v") -> LogRecord {
        LogRecord(
            index: LogIndex(slot), tag: ballot.rawValue, kind: EntryKind.command.rawValue,
            payload: KeyValueRequest(.put(key: "k", value: value)).payload)
    }
}

extension MultiPaxosMessage {
    static func prepare(_ ballot: Ballot, from first: UInt64 = 1) -> MultiPaxosMessage {
        .prepare(Prepare(ballot: ballot, first: LogIndex(first)))
    }
    static func promise(
        _ ballot: Ballot, from first: UInt64 = 1, decided: UInt64 = 0, _ values: PValue..., next: UInt64 = 0
    ) -> MultiPaxosMessage {
        .promise(
            Promise(
                ballot: ballot, first: LogIndex(first), base: .zero, decided: LogIndex(decided),
                values: ContiguousArray(values), next: LogIndex(next)))
    }
    static func accept(
        _ ballot: Ballot, decided: UInt64 = 0, round: UInt64 = 0, _ values: LogRecord...
    ) -> MultiPaxosMessage {
        .accept(
            Accept(ballot: ballot, decided: LogIndex(decided), round: round, values: ContiguousArray(values)))
    }
    static func accepted(
        _ ballot: Ballot, through slot: UInt64, round: UInt64 = 0, strays: ClosedRange<UInt64> = 0...0,
        isVoter: Bool = true
    ) -> MultiPaxosMessage {
        .accepted(
            Accepted(
                ballot: ballot, through: LogIndex(slot), round: round, strayFirst: LogIndex(strays.lowerBound),
                strayLast: LogIndex(strays.upperBound), isVoter: isVoter))
    }
    static func preempted(_ promised: Ballot) -> MultiPaxosMessage { .preempted(Preempted(promised: promised)) }
}
