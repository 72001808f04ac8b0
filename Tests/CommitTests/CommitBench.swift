import ByteCoding
import ProtocolKit

@testable import Commit

/// One node under a hand: steps one input at a time, keeps what it writes, and shows what came out.
final class CommitBench {
    var node: TwoPhaseCommit
    var effects = Effects<TwoPhaseCommit>()
    var now = UInt64.seconds(1)
    /// Everything written since the start.
    var log: [LogRecord] = []
    var snapshot: (mark: SnapshotMark, data: Bytes)?
    /// Everything ever written, as if no prefix had been discarded.
    var undiscarded: [LogRecord] = []
    private var begun: (mark: SnapshotMark, data: [UInt8])?

    init(
        _ id: UInt32, options: VariantOptions = VariantOptions(), mutation: String? = nil,
        recovery: Recovery = Recovery(incarnation: 1, seed: 1)
    ) throws {
        let system = try TwoPhaseCommitSystem(options: options, mutation: mutation)
        node = system.makeNode(NodeID(id), members: (0..<4).map(NodeID.init))
        log = recovery.log
        snapshot = recovery.snapshot
        step(.start(recovery))
    }

    /// The node after a crash that lost nothing.
    func restarted(incarnation: UInt64 = 2) throws -> CommitBench {
        let id: UInt32 = node.isCoordinator ? 0 : UInt32(node.participant.number + 1)
        return try CommitBench(
            id, recovery: Recovery(incarnation: incarnation, seed: 1, snapshot: snapshot, log: log))
    }

    @discardableResult
    func step(_ input: Input<TwoPhaseCommit>) -> [Effect<TwoPhaseCommit>] {
        effects.removeAll()
        node.step(input, at: Now(monotonic: now, wall: now), effects: &effects)
        for effect in effects.list {
            switch effect {
            case .append(let record):
                log.append(record)
                undiscarded.append(record)
            case .discardPrefix(let index): log.removeAll { $0.index <= index }
            case .beginSnapshot(let mark): begun = (mark, [])
            case .writeSnapshot(let data): begun?.data += data.array
            case .commitSnapshot: snapshot = begun.map { ($0.mark, Bytes($0.data)) }
            default: break
            }
        }
        return effects.list
    }

    @discardableResult
    func receive(_ message: TwoPhaseMessage, from node: UInt32 = 0) -> [Effect<TwoPhaseCommit>] {
        step(.message(message, from: NodeID(node)))
    }

    @discardableResult
    func ask(_ operation: BankOperation, _ sequence: UInt64 = 0) -> [Effect<TwoPhaseCommit>] {
        step(
            .request(
                BankRequest(operation), RequestToken(connection: ConnectionID(1), sequence: sequence)))
    }

    static func begin(_ number: UInt64, age: UInt64? = nil, _ work: Work, oldest: UInt64 = 1) -> TwoPhaseMessage {
        let begin = TwoPhaseMessage.Begin(
            id: TransactionID(number), age: TransactionID(age ?? number), oldest: TransactionID(oldest), work: work)
        if case .read = work { return .read(begin) }
        return .prepare(begin)
    }

    static func yes(_ id: UInt64) -> TwoPhaseMessage {
        .vote(TwoPhaseMessage.Ballot(id: TransactionID(id), vote: .yes, acknowledged: []))
    }

    static func no(_ id: UInt64, _ reason: AbortReason) -> TwoPhaseMessage {
        .vote(TwoPhaseMessage.Ballot(id: TransactionID(id), vote: .no(reason), acknowledged: []))
    }
}

extension [Effect<TwoPhaseCommit>] {
    /// What is sent, to whom, after what.
    var sends: [(message: TwoPhaseMessage, to: UInt32, after: Ticket)] {
        compactMap {
            if case .send(let message, let node, let ticket) = $0 { (message, node.rawValue, ticket) } else { nil }
        }
    }

    var messages: [TwoPhaseMessage] { sends.map(\.message) }

    var replies: [(response: BankResponse, after: Ticket)] {
        compactMap { if case .reply(let response, _, let ticket) = $0 { (response, ticket) } else { nil } }
    }

    var votes: [Vote] {
        messages.compactMap { if case .vote(let ballot) = $0 { ballot.vote } else { nil } }
    }

    var kinds: [RecordKind] {
        compactMap { if case .append(let record) = $0 { RecordKind(rawValue: record.kind) } else { nil } }
    }
}
