import ByteCoding
import ProtocolKit

@testable import Consensus

typealias Server = Raft<KeyValueStore>

/// One Raft server driven by hand, input by input.
struct SteppedServer {
    var server: Server
    var effects = Effects<Server>()
    var nanoseconds = UInt64.seconds(1)

    static let election = RaftOptions().electionTimeout

    /// A started server with this on its disk.
    init(
        _ id: UInt32 = 0, of count: UInt32 = 3, options: RaftOptions = RaftOptions(), term: UInt64 = 0,
        vote: UInt32? = nil, log: [UInt64] = [], records: [LogRecord]? = nil, incarnation: UInt64 = 1,
        snapshot: (SnapshotMark, Bytes)? = nil, isReplacement: Bool = false
    ) {
        server = Server(id: NodeID(id), members: (0..<count).map(NodeID.init), options: options)
        let state = RaftHardState(term: Term(term), vote: vote.map(NodeID.init))
        let entries = log.enumerated().map { Self.entry(UInt64($0.offset) + 1, term: $0.element) }
        var recovery = Recovery(
            incarnation: incarnation, seed: 7, hardState: term == 0 ? nil : state.encoded(),
            snapshot: snapshot.map { (mark: $0.0, data: $0.1) }, log: records ?? entries)
        recovery.isReplacement = isReplacement
        step(.start(recovery))
    }

    static func entry(_ index: UInt64, term: UInt64, key: Bytes = "k", value: Bytes = "v") -> LogRecord {
        LogRecord(
            index: LogIndex(index), tag: term, kind: EntryKind.command.rawValue,
            payload: KeyValueRequest(.put(key: key, value: value)).payload)
    }

    var now: Now { Now(monotonic: nanoseconds, wall: nanoseconds) }

    /// Handles one input, keeping its effects and dropping those of the input before.
    mutating func step(_ input: Input<Server>) {
        effects.removeAll()
        server.step(input, at: now, effects: &effects)
    }

    /// Handles inputs as one turn, keeping all their effects.
    mutating func turn(_ inputs: Input<Server>...) {
        effects.removeAll()
        for input in inputs { server.step(input, at: now, effects: &effects) }
        server.step(.turnEnded, at: now, effects: &effects)
    }

    /// Everything written so far is durable.
    mutating func persist() {
        turn(.persisted(through: effects.lastTicket))
    }

    mutating func receive(_ message: RaftMessage, from: UInt32) {
        turn(.message(message, from: NodeID(from)))
    }

    mutating func wait(_ duration: UInt64) {
        nanoseconds += duration
    }

    /// Leads its next term with the vote of server 1, pre-vote included; the entry without content is durable.
    mutating func elect() {
        wait(2 * Self.election)
        turn(.timer(RaftTimer.election))
        if server.role == .preCandidate {
            receive(
                .voteResponse(VoteResponse(term: server.currentTerm.next, isGranted: true, isPreVote: true)), from: 1)
        }
        persist()
        receive(.voteResponse(VoteResponse(term: server.currentTerm, isGranted: true, isPreVote: false)), from: 1)
        persist()
    }

    /// A follower's answer that its log agrees through an index.
    mutating func match(_ index: UInt64, from: UInt32, round: UInt64? = nil) {
        let response = AppendResponse(
            term: server.currentTerm, round: round ?? server.reads.round, outcome: .matched(LogIndex(index)))
        receive(.appendResponse(response), from: from)
    }

    mutating func request(_ command: KeyValueCommand, _ sequence: UInt64 = 0) {
        turn(
            .request(.content(KeyValueRequest(command)), RequestToken(connection: ConnectionID(1), sequence: sequence)))
    }

    /// An operator's request.
    mutating func ask(_ administration: RaftAdministration, _ sequence: UInt64 = 0) {
        turn(.request(.administration(administration), RequestToken(connection: ConnectionID(9), sequence: sequence)))
    }

    /// A heartbeat that every follower answers: its log agrees through `index`.
    mutating func heartbeat(answeredBy followers: [UInt32], match index: UInt64) {
        wait(server.options.heartbeatInterval)
        turn(.timer(RaftTimer.heartbeat))
        for follower in followers { match(index, from: follower) }
    }

    /// The connections that were ended.
    var disconnected: [ConnectionID] {
        effects.list.compactMap { if case .disconnect(let connection) = $0 { connection } else { nil } }
    }

    /// What was sent to a server.
    func sent(to peer: UInt32) -> [(message: RaftMessage, after: Ticket)] {
        effects.list.compactMap { effect in
            guard case .send(let message, NodeID(peer), let ticket) = effect else { return nil }
            return (message, ticket)
        }
    }

    /// The AppendEntries sent to a server.
    func appends(to peer: UInt32) -> [AppendEntries] {
        sent(to: peer).compactMap { if case .appendEntries(let message) = $0.message { message } else { nil } }
    }

    /// The answers to AppendEntries sent to a server.
    func acknowledgements(to peer: UInt32) -> [(response: AppendResponse, after: Ticket)] {
        sent(to: peer).compactMap {
            if case .appendResponse(let response) = $0.message { (response, $0.after) } else { nil }
        }
    }

    /// The vote given to a server.
    func vote(to peer: UInt32) -> VoteResponse? {
        sent(to: peer).lazy.compactMap { if case .voteResponse(let vote) = $0.message { vote } else { nil } }.first
    }

    /// The answers to clients.
    var replies: [KeyValueResponse] {
        effects.list.compactMap { if case .reply(let response, _, _) = $0 { response } else { nil } }
    }

    /// The terms of the log's entries.
    var terms: [UInt64] { server.log.records[server.log.head...].map(\.tag) }

    /// The hard states written.
    var hardStates: [Bytes] {
        effects.list.compactMap { if case .writeHardState(let state) = $0 { state } else { nil } }
    }
}

extension AppendEntries {
    /// A leader's message with entries of these terms after an index.
    init(
        term: UInt64, after index: UInt64, of previousTerm: UInt64, _ terms: [UInt64], commit: UInt64 = 0,
        round: UInt64 = 0
    ) {
        let entries = terms.enumerated().map {
            SteppedServer.entry(index + 1 + UInt64($0.offset), term: $0.element)
        }
        self.init(
            term: Term(term), previousIndex: LogIndex(index), previousTerm: Term(previousTerm),
            commitIndex: LogIndex(commit), round: round, entries: ContiguousArray(entries))
    }
}
