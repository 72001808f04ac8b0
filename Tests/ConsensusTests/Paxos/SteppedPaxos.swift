import ByteCoding
import ProtocolKit

@testable import Consensus

typealias PaxosServer = Paxos<KeyValueStore>

extension Stepped where Node == PaxosServer {
    /// A started node of Paxos.
    init(_ id: UInt32 = 0, of count: UInt32 = 3, options: PaxosOptions = PaxosOptions(), log: [LogRecord] = []) {
        self.init(disk: SteppedDisk(log: log)) {
            PaxosServer(id: NodeID(id), members: (0..<count).map(NodeID.init), options: options)
        }
    }

    /// The pause after a preemption ends.
    mutating func endPause() {
        nanoseconds = max(nanoseconds, node.pausedUntil ?? 0)
        turn(.timer(PaxosTimer.pause))
    }
}

extension SteppedCluster where Node == PaxosServer {
    /// So many nodes of Paxos.
    init(_ count: UInt32, options: PaxosOptions = PaxosOptions()) {
        self.init((0..<count).map { Stepped($0, of: count, options: options) })
    }
}

extension Ballot {
    /// A ballot of a node's first start.
    init(_ round: UInt64, _ node: UInt32) { self.init(round: round, incarnation: 1, node: NodeID(node)) }
}

extension PaxosMessage.Notice {
    static let nothing = Self(decided: .zero, ballot: .zero)
    init(_ slot: UInt64, _ ballot: Ballot) { self.init(decided: LogIndex(slot), ballot: ballot) }
}

extension LogRecord {
    /// A decree with one command, named by its proposer.
    static func decree(_ slot: UInt64, by node: UInt32, _ value: Bytes = "v", number: UInt64 = 1) -> LogRecord {
        let command = KeyValueRequest(.put(key: "k", value: value)).payload
        return LogRecord(
            index: LogIndex(slot), tag: Ballot(number, node).rawValue, kind: EntryKind.command.rawValue,
            payload: Decree.encode([command], at: Now(monotonic: 1, wall: .seconds(1))))
    }
}

extension PaxosMessage {
    static func prepare(_ slot: UInt64, _ ballot: Ballot, _ notice: Notice = .nothing) -> PaxosMessage {
        .prepare(Prepare(slot: LogIndex(slot), ballot: ballot, notice: notice))
    }
    static func accept(_ record: LogRecord, _ ballot: Ballot, _ notice: Notice = .nothing) -> PaxosMessage {
        .accept(Accept(ballot: ballot, record: record, notice: notice))
    }
    static func promise(_ slot: UInt64, _ ballot: Ballot, _ accepted: PValue? = nil) -> PaxosMessage {
        .promise(Promise(slot: LogIndex(slot), ballot: ballot, accepted: accepted))
    }
    static func accepted(_ slot: UInt64, _ ballot: Ballot) -> PaxosMessage {
        .accepted(Accepted(slot: LogIndex(slot), ballot: ballot))
    }
    static func preempted(_ slot: UInt64, _ promised: Ballot) -> PaxosMessage {
        .preempted(Preempted(slot: LogIndex(slot), promised: promised))
    }
    static func learn(_ first: UInt64) -> PaxosMessage { .learn(Learn(first: LogIndex(first))) }

    /// What is proposed in 2a.
    var proposal: PValue? {
        guard case .accept(let message) = self else { return nil }
        return PValue(ballot: message.ballot, record: message.record)
    }
}
