import ByteCoding
import ProtocolKit

@testable import Consensus

typealias ZabServer = Zab<KeyValueStore>

/// Zab processes driven by hand: messages wait until they are delivered or lost, writes until a disk is told to sync.
struct SteppedEnsemble {
    /// A message on its way.
    struct Envelope {
        var from: NodeID
        var to: NodeID
        var message: ZabMessage
    }

    /// What is durable, and what isn't yet.
    private struct Disk {
        var hardState: Bytes?
        var log: [LogRecord] = []
        var discarded = LogIndex.zero
        var snapshot: (mark: SnapshotMark, data: Bytes)?
        var begun: (mark: SnapshotMark, data: [UInt8])?
        var waiting: [(ticket: Ticket, write: Effect<ZabServer>, snapshot: (mark: SnapshotMark, data: [UInt8])?)] = []
        var isSlow = false
        var incarnation = UInt64(0)
    }

    var servers: [ZabServer?]
    private(set) var network: [Envelope] = []
    /// Every message that was ever sent.
    private(set) var sent: [Envelope] = []
    /// Answers by connection, in the order in which they were given.
    private(set) var replies: [(connection: UInt64, response: OrderedResponse<KeyValueResponse>)] = []
    private(set) var ended: [UInt64] = []
    private(set) var halts: [String] = []
    private var effects: [Effects<ZabServer>]
    private var disks: [Disk]
    private var held: [[(effect: Effect<ZabServer>, ticket: Ticket)]]
    private var timers: [[TimerID: UInt64]]
    private var sequences: [UInt64: UInt64] = [:]
    var nanoseconds = UInt64.seconds(10)
    let options: ZabOptions

    var now: Now { Now(monotonic: nanoseconds, wall: nanoseconds) }

    init(_ count: Int = 3, options: ZabOptions = ZabOptions()) {
        self.options = options
        servers = Array(repeating: nil, count: count)
        effects = Array(repeating: Effects(), count: count)
        disks = Array(repeating: Disk(), count: count)
        held = Array(repeating: [], count: count)
        timers = Array(repeating: [:], count: count)
    }

    // MARK: Processes

    /// Puts this on a server's disk before it starts.
    mutating func prepare(_ id: Int, accepted: UInt32, current: UInt32, history: [Zxid]) {
        let state = ZabHardState(
            acceptedEpoch: Epoch(accepted), acceptedFrom: nil, currentEpoch: Epoch(current), isReplacement: false)
        disks[id].hardState = state.encoded()
        disks[id].log = Self.records(history)
    }

    static func records(_ history: [Zxid]) -> [LogRecord] {
        history.enumerated().map { offset, zxid in
            LogRecord(
                index: LogIndex(UInt64(offset) + 1), tag: zxid.rawValue, kind: EntryKind.command.rawValue,
                payload: KeyValueRequest(.put(key: "k", value: Bytes("\(zxid)"))).payload)
        }
    }

    mutating func start(_ ids: Int...) {
        for id in ids { start(id, isReplacement: false) }
    }

    mutating func start(_ id: Int, isReplacement: Bool) {
        disks[id].incarnation += 1
        effects[id] = Effects()
        servers[id] = ZabServer(
            id: NodeID(UInt32(id)), members: servers.indices.map { NodeID(UInt32($0)) }, options: options)
        var recovery = Recovery(
            incarnation: disks[id].incarnation, seed: 7, hardState: disks[id].hardState, snapshot: disks[id].snapshot,
            log: disks[id].log)
        recovery.isReplacement = isReplacement
        step(id, .start(recovery))
    }

    /// Stops a server; what isn't synced is lost, and so is what is on its way from it.
    mutating func kill(_ id: Int) {
        servers[id] = nil
        disks[id].waiting = []
        disks[id].begun = nil
        held[id] = []
        timers[id] = [:]
        network.removeAll { $0.from == NodeID(UInt32(id)) || $0.to == NodeID(UInt32(id)) }
    }

    mutating func wipe(_ id: Int) {
        let incarnation = disks[id].incarnation
        disks[id] = Disk()
        disks[id].incarnation = incarnation
    }

    /// Whether a server's writes wait for ``sync(_:)``.
    mutating func slowDisk(_ id: Int, _ isSlow: Bool = true) {
        disks[id].isSlow = isSlow
        if !isSlow { sync(id) }
    }

    /// Handles inputs as one turn.
    mutating func step(_ id: Int, _ inputs: Input<ZabServer>...) {
        guard servers[id] != nil else { return }
        for input in inputs { servers[id]!.step(input, at: now, effects: &effects[id]) }
        servers[id]!.step(.turnEnded, at: now, effects: &effects[id])
        perform(id)
        if !disks[id].isSlow { sync(id) }
    }

    /// Makes everything durable that a server has written.
    mutating func sync(_ id: Int) {
        guard let last = disks[id].waiting.last?.ticket else { return }
        let writes = disks[id].waiting
        disks[id].waiting = []
        for (_, write, snapshot) in writes { keep(id, write, snapshot) }
        release(id, through: last)
        step(id, .persisted(through: last))
    }

    // MARK: Network and time

    /// Delivers everything on its way, and what comes of it, but for what is lost.
    mutating func settle(losing isLost: (Envelope) -> Bool = { _ in false }) {
        var rounds = 0
        while !network.isEmpty {
            rounds += 1
            precondition(rounds < 10_000, "messages don't cease")
            let envelope = network.removeFirst()
            if !isLost(envelope) { deliver(envelope) }
        }
    }

    mutating func deliver(_ envelope: Envelope) {
        step(Int(envelope.to.rawValue), .message(envelope.message, from: envelope.from))
    }

    /// Takes the messages off the network.
    mutating func takeNetwork() -> [Envelope] {
        defer { network = [] }
        return network
    }

    /// Lets time pass, firing what comes due, and delivers what comes of it.
    mutating func wait(_ duration: UInt64, losing isLost: (Envelope) -> Bool = { _ in false }) {
        let end = nanoseconds + duration
        while true {
            let due = timers.indices.compactMap { id in
                timers[id].min { ($0.value, $0.key.rawValue) < ($1.value, $1.key.rawValue) }.map {
                    (id: id, timer: $0.key, time: $0.value)
                }
            }.min { ($0.time, $0.id) < ($1.time, $1.id) }
            guard let due, due.time <= end else { break }
            nanoseconds = max(nanoseconds, due.time)
            timers[due.id][due.timer] = nil
            step(due.id, .timer(due.timer))
            settle(losing: isLost)
        }
        nanoseconds = end
        settle(losing: isLost)
    }

    /// Starts all and waits until one leads and the others follow.
    mutating func establish(_ ids: [Int]? = nil) {
        for id in ids ?? Array(servers.indices) where servers[id] == nil { start(id) }
        settle()
        wait(3 * options.electionTimeout)
    }

    var leader: Int? { servers.firstIndex { $0?.role == .leading && $0?.phase == .broadcast } }

    func isServing(_ id: Int) -> Bool { servers[id]?.phase == .broadcast }

    /// The identifiers of a server's history, without what is discarded.
    func history(_ id: Int) -> [Zxid] {
        guard let history = servers[id]?.history else { return [] }
        return history.records[history.head...].map { Zxid($0.tag) }
    }

    // MARK: Clients

    /// A request on a connection of a server; it waits for the turn's end only.
    mutating func request(
        _ command: KeyValueCommand, at id: Int, on connection: UInt64 = 1, after zxid: Zxid? = .zero
    ) {
        let number = UInt64(id) << 32 | connection
        let sequence = sequences[number, default: 0]
        sequences[number] = sequence + 1
        step(
            id,
            .request(
                OrderedRequest(KeyValueRequest(command), after: zxid),
                RequestToken(connection: ConnectionID(number), sequence: sequence)))
    }

    /// The answers on a connection of a server.
    func answers(at id: Int, on connection: UInt64 = 1) -> [OrderedResponse<KeyValueResponse>] {
        replies.filter { $0.connection == UInt64(id) << 32 | connection }.map(\.response)
    }

    func isEnded(at id: Int, on connection: UInt64 = 1) -> Bool { ended.contains(UInt64(id) << 32 | connection) }

    // MARK: Effects

    private mutating func perform(_ id: Int) {
        let list = effects[id].list
        effects[id].removeAll()
        var ticket = effects[id].lastTicket.rawValue
        ticket -= UInt64(list.count { Self.isPersisting($0) })
        for effect in list {
            if Self.isPersisting(effect) { ticket += 1 }
            switch effect {
            case .send(_, _, let after), .reply(_, _, let after):
                if disks[id].waiting.contains(where: { $0.ticket <= after }) {
                    held[id].append((effect, after))
                } else {
                    emit(id, effect)
                }
            case .disconnect(let connection): ended.append(connection.rawValue)
            case .append, .truncateSuffix, .discardPrefix, .writeHardState:
                disks[id].waiting.append((Ticket(ticket), effect, nil))
            case .commitSnapshot:
                disks[id].waiting.append((Ticket(ticket), effect, disks[id].begun))
                disks[id].begun = nil
            case .beginSnapshot(let mark): disks[id].begun = (mark, [])
            case .writeSnapshot(let data): disks[id].begun?.data.append(contentsOf: data.array)
            case .readSnapshot(let transfer, let offset, let maximumBytes):
                read(id, transfer, offset, maximumBytes)
            case .setTimer(let timer, let time): timers[id][timer] = time
            case .cancelTimer(let timer): timers[id][timer] = nil
            case .count: break
            case .halt(let reason): halts.append(reason)
            }
        }
    }

    private static func isPersisting(_ effect: Effect<ZabServer>) -> Bool {
        switch effect {
        case .append, .truncateSuffix, .discardPrefix, .writeHardState, .commitSnapshot: true
        default: false
        }
    }

    private mutating func emit(_ id: Int, _ effect: Effect<ZabServer>) {
        switch effect {
        case .send(let message, let peer, _):
            let envelope = Envelope(from: NodeID(UInt32(id)), to: peer, message: message)
            network.append(envelope)
            sent.append(envelope)
        case .reply(let response, let token, _): replies.append((token.connection.rawValue, response))
        default: break
        }
    }

    private mutating func release(_ id: Int, through ticket: Ticket) {
        let ready = held[id].filter { $0.ticket <= ticket }
        held[id].removeAll { $0.ticket <= ticket }
        for (effect, _) in ready { emit(id, effect) }
    }

    private mutating func keep(
        _ id: Int, _ write: Effect<ZabServer>, _ snapshot: (mark: SnapshotMark, data: [UInt8])?
    ) {
        switch write {
        case .append(let record): disks[id].log.append(record)
        case .truncateSuffix(let first): disks[id].log.removeAll { $0.index >= first }
        case .discardPrefix(let last): disks[id].log.removeAll { $0.index <= last }
        case .writeHardState(let state): disks[id].hardState = state
        case .commitSnapshot: disks[id].snapshot = snapshot.map { ($0.mark, Bytes($0.data)) }
        default: break
        }
    }

    private mutating func read(_ id: Int, _ transfer: UInt64, _ offset: UInt64, _ maximumBytes: Int) {
        guard let (mark, data) = disks[id].snapshot else { return }
        let start = min(Int(offset), data.count)
        let end = min(data.count, start + maximumBytes)
        let part = SnapshotPart(
            transfer: transfer, mark: mark, offset: offset, data: data[start..<end], isLast: end == data.count)
        step(id, .snapshotRead(part))
    }
}

extension Zxid {
    /// An identifier as tests write it: `z(2, 7)`.
    static func z(_ epoch: UInt32, _ counter: UInt64) -> Zxid { Zxid(epoch: Epoch(epoch), counter: counter) }
}

extension Array where Element == Zxid {
    /// The first transactions of an epoch.
    static func run(_ epoch: UInt32, _ counters: ClosedRange<UInt64>) -> [Zxid] { counters.map { .z(epoch, $0) } }
}
