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

    var servers: [ZabServer?]
    var network: [Envelope] = []
    /// Every message that was ever sent.
    var sent: [Envelope] = []
    /// Answers by connection, in the order in which they were given.
    var replies: [(connection: UInt64, response: OrderedResponse<KeyValueResponse>)] = []
    var ended: [UInt64] = []
    var halts: [String] = []
    var effects: [Effects<ZabServer>]
    var disks: [Disk]
    var held: [[(effect: Effect<ZabServer>, ticket: Ticket)]]
    var timers: [[TimerID: UInt64]]
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

    /// Lets no timer of a server fire until they are resumed, as if it had been paused.
    mutating func pauseTimers(_ id: Int) -> [TimerID: UInt64] {
        defer { timers[id] = [:] }
        return timers[id]
    }

    mutating func resumeTimers(_ id: Int, _ paused: [TimerID: UInt64]) {
        timers[id].merge(paused) { later, _ in later }
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
}

extension Zxid {
    /// An identifier as tests write it: `z(2, 7)`.
    static func z(_ epoch: UInt32, _ counter: UInt64) -> Zxid { Zxid(epoch: Epoch(epoch), counter: counter) }
}

extension Array where Element == Zxid {
    /// The first transactions of an epoch.
    static func run(_ epoch: UInt32, _ counters: ClosedRange<UInt64>) -> [Zxid] { counters.map { .z(epoch, $0) } }
}
