import ByteCoding
import ProtocolKit

@testable import Consensus

typealias BackupNode = PrimaryBackup<KeyValueStore>

/// One node of a primary-backup cluster driven by hand, input by input.
struct SteppedBackup {
    var node: BackupNode
    var effects = Effects<BackupNode>()
    var nanoseconds = UInt64.seconds(1)

    static let timeout = PrimaryBackupOptions().timeout

    /// A started node with this on its disk: a log with entries of these epochs.
    init(
        _ id: UInt32 = 0, of count: UInt32 = 3, options: PrimaryBackupOptions = PrimaryBackupOptions(),
        promised: UInt64 = 0, view: View? = nil, log: [UInt64] = [], incarnation: UInt64 = 1,
        snapshot: (SnapshotMark, Bytes)? = nil, isReplacement: Bool = false
    ) {
        node = BackupNode(id: NodeID(id), members: (0..<count).map(NodeID.init), options: options)
        let state = PrimaryBackupHardState(
            promised: ViewEpoch(promised), view: view ?? .first(of: Int(count)), isReplacement: false)
        let base = snapshot?.0.index.rawValue ?? 0
        let records = log.enumerated().map { Self.entry(base + UInt64($0.offset) + 1, epoch: $0.element) }
        var recovery = Recovery(
            incarnation: incarnation, seed: 7, hardState: promised == 0 ? nil : state.encoded(),
            snapshot: snapshot.map { (mark: $0.0, data: $0.1) }, log: records)
        recovery.isReplacement = isReplacement
        step(.start(recovery))
    }

    static func entry(_ index: UInt64, epoch: UInt64, key: Bytes = "k", value: Bytes? = nil) -> LogRecord {
        LogRecord(
            index: LogIndex(index), tag: epoch, kind: EntryKind.command.rawValue,
            payload: KeyValueRequest(.put(key: key, value: value ?? Bytes("\(epoch).\(index)"))).payload)
    }

    static func view(_ epoch: UInt64, _ change: UInt64, _ members: Int...) -> View {
        var set = MemberSet()
        for member in members { set.insert(member) }
        return View(number: ViewNumber(epoch: ViewEpoch(epoch), change: change), members: set)
    }

    var now: Now { Now(monotonic: nanoseconds, wall: nanoseconds) }

    /// Handles one input, keeping its effects and dropping those of the input before.
    mutating func step(_ input: Input<BackupNode>) {
        effects.removeAll()
        node.step(input, at: now, effects: &effects)
    }

    /// Handles inputs as one turn, keeping all their effects.
    mutating func turn(_ inputs: Input<BackupNode>...) {
        effects.removeAll()
        for input in inputs { node.step(input, at: now, effects: &effects) }
        node.step(.turnEnded, at: now, effects: &effects)
    }

    /// Everything written so far is durable.
    mutating func persist() {
        turn(.persisted(through: effects.lastTicket))
    }

    mutating func receive(_ message: PrimaryBackupMessage, from: UInt32) {
        turn(.message(message, from: NodeID(from)))
    }

    mutating func wait(_ duration: UInt64) {
        nanoseconds += duration
    }

    /// Time passes until the node wants to replace the primary.
    mutating func loseHope() {
        wait(2 * Self.timeout)
        turn(.timer(PrimaryBackupTimer.failover))
    }

    mutating func heartbeat() {
        wait(PrimaryBackupOptions().heartbeatInterval)
        turn(.timer(PrimaryBackupTimer.heartbeat))
    }

    /// A node's answer to this one's question or request.
    mutating func promise(
        from: UInt32, view: View? = nil, end: (epoch: UInt64, index: UInt64) = (0, 0), promised: UInt64? = nil
    ) {
        let isProbe = node.role == .asking
        receive(
            .promise(
                ViewPromise(
                    epoch: node.promised, isProbe: isProbe,
                    promised: promised.map { ViewEpoch($0) } ?? (isProbe ? .zero : node.promised),
                    view: view ?? .first(of: node.nodes.count),
                    end: LogEnd(epoch: ViewEpoch(end.epoch), index: LogIndex(end.index)))), from: from)
    }

    /// Takes office with node 1's promise and has the view of the two agreed; everything is durable.
    mutating func takeOffice() {
        loseHope()
        promise(from: 1)
        persist()
        promise(from: 1)
        persist()
        receive(.viewAcceptance(node.accepted.number), from: 1)
    }

    /// A node's answer that its log agrees through an index.
    mutating func match(_ index: UInt64, from: UInt32, round: UInt64? = nil, isEligible: Bool = true) {
        let answer = UpdateAnswer(
            epoch: node.promised, round: round ?? node.reads.round, isEligible: isEligible,
            outcome: .matched(LogIndex(index)))
        receive(.updateAnswer(answer), from: from)
    }

    mutating func request(_ command: KeyValueCommand, _ sequence: UInt64 = 0) {
        turn(.request(KeyValueRequest(command), RequestToken(connection: ConnectionID(1), sequence: sequence)))
    }

    /// What was sent to a node.
    func sent(to peer: UInt32) -> [(message: PrimaryBackupMessage, after: Ticket)] {
        effects.list.compactMap { effect in
            guard case .send(let message, NodeID(peer), let ticket) = effect else { return nil }
            return (message, ticket)
        }
    }

    /// The updates sent to a node.
    func updates(to peer: UInt32) -> [Update] {
        sent(to: peer).compactMap { if case .update(let message) = $0.message { message } else { nil } }
    }

    /// The answers to updates sent to a node.
    func answers(to peer: UInt32) -> [(answer: UpdateAnswer, after: Ticket)] {
        sent(to: peer).compactMap {
            if case .updateAnswer(let answer) = $0.message { (answer, $0.after) } else { nil }
        }
    }

    /// The promise given to a node.
    func promise(to peer: UInt32) -> ViewPromise? {
        sent(to: peer).lazy.compactMap { if case .promise(let promise) = $0.message { promise } else { nil } }.first
    }

    /// The views proposed to a node.
    func proposals(to peer: UInt32) -> [View] {
        sent(to: peer).compactMap { if case .viewProposal(let view) = $0.message { view } else { nil } }
    }

    /// The answers to clients.
    var replies: [KeyValueResponse] {
        effects.list.compactMap { if case .reply(let response, _, _) = $0 { response } else { nil } }
    }

    /// The epochs of the log's entries.
    var epochs: [UInt64] { node.log.records[node.log.head...].map(\.tag) }

    /// The value of the key that hand-made entries write.
    var value: KeyValueResponse { node.machine.query(KeyValueRequest(.get(key: "k")).payload) }

    /// How often an event was counted.
    func count(_ event: ProtocolEvent) -> Int {
        effects.list.count { if case .count(event) = $0 { true } else { false } }
    }
}

extension Update {
    /// A primary's message with entries of these epochs after an index.
    init(
        epoch: UInt64, after index: UInt64, of previous: UInt64, _ epochs: [UInt64], commit: UInt64 = 0,
        round: UInt64 = 0, wantsAnswer: Bool = true
    ) {
        let entries = epochs.enumerated().map { SteppedBackup.entry(index + 1 + UInt64($0.offset), epoch: $0.element) }
        self.init(
            epoch: ViewEpoch(epoch), previousIndex: LogIndex(index), previousEpoch: ViewEpoch(previous),
            commitIndex: LogIndex(commit), round: round, wantsAnswer: wantsAnswer,
            entries: ContiguousArray(entries))
    }
}
