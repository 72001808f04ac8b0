import ByteCoding
import ProtocolKit

@testable import Consensus

/// One replica of registers driven by hand, input by input.
struct SteppedReplica {
    var replica: RegisterReplica
    var effects = Effects<RegisterReplica>()
    var nanoseconds = UInt64.seconds(1)

    /// A started replica of three that each have a vote, with nothing on its disk.
    init(
        _ id: UInt32 = 0, incarnation: UInt64 = 1, isReplacement: Bool = false, hardState: Bytes? = nil,
        reads: RegisterReads = .alwaysWriteBack, mutation: RegisterMutation? = nil
    ) {
        var options = RegisterOptions()
        options.reads = reads
        options.mutation = mutation
        replica = RegisterReplica(
            id: NodeID(id), members: (0..<3).map(NodeID.init), assignment: VoteAssignment(majorityOf: 3),
            options: options)
        var recovery = Recovery(incarnation: incarnation, seed: 7, hardState: hardState)
        recovery.isReplacement = isReplacement
        turn(.start(recovery))
    }

    /// Handles inputs as one turn, keeping all their effects and dropping those of the turn before.
    mutating func turn(_ inputs: Input<RegisterReplica>...) {
        effects.removeAll()
        let now = Now(monotonic: nanoseconds, wall: nanoseconds)
        for input in inputs { replica.step(input, at: now, effects: &effects) }
        replica.step(.turnEnded, at: now, effects: &effects)
    }

    /// Everything written so far is durable.
    mutating func persist() {
        turn(.persisted(through: effects.lastTicket))
    }

    mutating func receive(_ message: RegisterMessage, from: UInt32) {
        turn(.message(message, from: NodeID(from)))
    }

    mutating func request(_ command: KeyValueCommand, _ sequence: UInt64 = 0) {
        turn(.request(KeyValueRequest(command), RequestToken(connection: ConnectionID(1), sequence: sequence)))
    }

    /// What was sent to a replica in the last turn.
    func sent(to peer: UInt32) -> [(message: RegisterMessage, after: Ticket)] {
        effects.list.compactMap { effect in
            guard case .send(let message, NodeID(peer), let ticket) = effect else { return nil }
            return (message, ticket)
        }
    }

    /// The query sent to replica 1 in the last turn.
    var query: RegisterQuery? {
        sent(to: 1).lazy.compactMap { if case .query(let query) = $0.message { query } else { nil } }.first
    }

    /// The store request sent to replica 1 in the last turn.
    var storing: RegisterStoreRequest? {
        sent(to: 1).lazy.compactMap { if case .store(let request) = $0.message { request } else { nil } }.first
    }

    /// The answers to queries sent to replica 0 in the last turn.
    var answers: [RegisterAnswer] {
        sent(to: 0).compactMap { if case .answer(let answer) = $0.message { answer } else { nil } }
    }

    /// The answers to clients in the last turn.
    var replies: [KeyValueResponse] {
        effects.list.compactMap { if case .reply(let response, _, _) = $0 { response } else { nil } }
    }
}

extension RegisterAnswer {
    /// Of a replica that holds nothing.
    static func nothing(_ query: RegisterQuery) -> RegisterMessage {
        holding(query, .zero, nil, [.durable])
    }

    /// Of a replica that holds one value of the query's one key.
    static func holding(
        _ query: RegisterQuery, _ tag: RegisterTag, _ value: Bytes?, _ holding: Holding
    ) -> RegisterMessage {
        var writer = ByteWriter()
        writer.write(holding.rawValue)
        writer.write(tag)
        if let value { writer.write(value) }
        return .answer(
            RegisterAnswer(round: query.round, replacements: Replacements(), count: 1, body: writer.bytes()))
    }
}

extension RegisterMessage {
    /// A replica's acknowledgement of one round.
    static func acknowledge(_ round: UInt64) -> RegisterMessage {
        .stored(RegisterAcknowledgement(replacements: Replacements(), rounds: [round]))
    }
}
