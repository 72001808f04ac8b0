import ByteCoding
import CLinux
import Glibc
import Measurement
import ProtocolKit
import RESP

/// Runs one node on sockets and disk: a loop, links to its peers, a client port in RESP2, a write-ahead log.
///
/// Everything is confined to the loop's queue. A turn is: step all that the sockets have brought, `turnEnded`, write one
/// buffer to each peer and client, hand one batch to the log. While a batch is being synced the next collects.
public final class NodeHost<Node: ProtocolNode>: @unchecked Sendable {  // everything mutable is confined to the loop
    /// How it runs.
    public let configuration: NodeConfiguration
    /// Where its peers reach it.
    public let peerAddress: SocketAddress
    /// Where its clients reach it.
    public let clientAddress: SocketAddress
    /// Called on the loop when the node halts, with the reason.
    public var onHalt: @Sendable (String) -> Void = { _ in }

    let loop: EventLoop
    var node: Node
    var effects = Effects<Node>()
    var timers = TimerTable()
    var peers: ContiguousArray<Peer>
    var clients: ContiguousArray<ClientConnection<Node.Response>?> = []
    var freeClients: [Int] = []
    /// Accepted connections that haven't said which peer they are.
    var strangers: [Channel] = []
    var clientCount = 0
    var nextConnection: UInt64 = 1
    var dirtyClients: ContiguousArray<ClientConnection<Node.Response>> = []
    var pausedClients: ContiguousArray<ClientConnection<Node.Response>> = []
    var counters = NodeCounters()
    var isStarted = false
    var isStopped = false
    var hasNewInput = false
    let parser = RESPCommandParser()
    var plantedDelay: PlantedDelay?

    private let log: WriteAheadLog?
    private let incarnation: UInt64
    private var memorySnapshot = MemorySnapshot()
    private var durable = Ticket.none
    private var submitted = Ticket.none
    private var isLogBusy = false
    private var held = HeldEffects<Node>()
    private let peerListener: Int32
    private let clientListener: Int32
    private var listenerSlots: [(fd: Int32, slot: Int)] = []

    /// A link to a peer.
    struct Peer {
        var id: NodeID
        var address: SocketAddress?
        var clientAddress: SocketAddress?
        var channel: Channel?
        var isUp = false
        var isRedialDue: UInt64 = .max
        /// Whether what is sent there is lost, as a cut wire loses it: nobody is told.
        var isMute = false
        /// Whether what comes from there is lost.
        var isDeaf = false
        var isCut: Bool { isMute || isDeaf }
    }

    /// Opens the log and the listening sockets; ``start(addresses:)`` makes the node live.
    public init(_ node: Node, configuration: NodeConfiguration, loop: EventLoop) throws(RuntimeError) {
        self.node = node
        self.configuration = configuration
        self.loop = loop
        plantedDelay = configuration.plantedDelay
        peers = ContiguousArray(configuration.members.map { Peer(id: $0) })
        if configuration.durability == .memory {
            log = nil
            incarnation = configuration.memoryIncarnation
        } else {
            guard let folder = configuration.dataFolder else {
                preconditionFailure("a durable node needs a data folder")
            }
            let identity = LogFormat.Identity(cluster: configuration.cluster, node: configuration.id.rawValue)
            let log = try WriteAheadLog(
                folder: folder, identity: identity, durability: configuration.durability,
                segmentBytes: configuration.segmentBytes,
                faults: configuration.logFaults)
            self.log = log
            incarnation = log.currentIncarnation
        }
        (peerListener, peerAddress) = try Socket.listen(on: configuration.peerAddress)
        do {
            (clientListener, clientAddress) = try Socket.listen(on: configuration.clientAddress)
        } catch {
            close(peerListener)
            throw error
        }
    }

    /// Makes the node live, on its loop's queue.
    public func start(addresses: [MemberAddress]) {
        loop.perform { [self] in
            setAddresses(addresses)
            loop.onTurnEnd { [unowned self] in endTurn() }
            loop.onTimer(next: { [unowned self] in nextDeadline() }) { [unowned self] in timersDue($0) }
            listen(peerListener) { [unowned self] in acceptPeer($0) }
            listen(clientListener) { [unowned self] in acceptClient($0) }
            isStarted = true
            step(.start(recovery()))
            dialPeers()
        }
    }

    private func recovery() -> Recovery {
        Recovery(
            incarnation: incarnation, seed: configuration.seed &+ incarnation &* 0x9E37_79B9_7F4A_7C15,
            hardState: log?.recovered.hardState, snapshot: log?.recoveredSnapshot,
            log: log?.recovered.records ?? [])
    }

    private func listen(_ fd: Int32, _ accept: @escaping (Int32) -> Void) {
        do {
            let slot = try loop.watch(fd, interest: CLINUX_READABLE) { _, _, _ in
                for _ in 0..<64 {
                    guard let accepted = Socket.accept(fd) else { break }
                    accept(accepted)
                }
            }
            listenerSlots.append((fd, slot))
        } catch {
            halt("\(error)")
        }
    }

    /// Learns where the members are; links to members that moved are made anew.
    public func setAddresses(_ addresses: [MemberAddress]) {
        for address in addresses where Int(address.id.rawValue) < peers.count {
            let place = Int(address.id.rawValue)
            peers[place].clientAddress = address.client
            guard address.id != configuration.id, peers[place].address != address.peer else { continue }
            peers[place].address = address.peer
            if isStarted, dials(address.id) {
                if peers[place].channel != nil { loseLink(place) }
                dial(place)
            }
        }
    }

    /// Ends the node: sockets closed, log closed. Waits for a sync under way.
    public func stop() {
        loop.queue.sync {
            shutDown()
            loop.stop()
        }
        log?.close()
    }

    private func shutDown() {
        guard !isStopped else { return }
        isStopped = true
        for (fd, slot) in listenerSlots {
            loop.unwatch(fd, slot: slot)
            close(fd)
        }
        if listenerSlots.isEmpty {
            close(peerListener)
            close(clientListener)
        }
        for place in peers.indices { peers[place].channel?.close() }
        for client in clients { client?.channel.close() }
        clients.removeAll()
    }

    private func halt(_ reason: String) {
        guard !isStopped else { return }
        shutDown()
        onHalt(reason)
    }

    /// What the node has done so far; waits for the loop.
    public func readCounters() -> (counters: NodeCounters, usage: LoopUsage, status: NodeStatus) {
        loop.queue.sync {
            var counters = counters
            counters.log = log?.counters ?? LogCounters()
            return (counters, loop.usage, node.status)
        }
    }

    var logCounters: LogCounters { log?.counters ?? LogCounters() }

    // MARK: Steps

    var now: Now { Now(monotonic: MonotonicClock.now(), wall: MonotonicClock.wall()) }

    /// One step and what it wants done.
    func step(_ input: Input<Node>) {
        step(input, at: now)
        carryOutEffects()
    }

    /// One step whose effects are carried out later, with those of others.
    @inline(__always)
    func step(_ input: Input<Node>, at now: Now) {
        hasNewInput = true
        node.step(input, at: now, effects: &effects)
    }

    /// Carries out what the steps since the last call want done.
    func carryOutEffects() {
        guard !effects.list.isEmpty else { return }
        var list: [Effect<Node>] = []
        swap(&list, &effects.list)
        // Moved out, not copied: copying and destroying a generic enum costs more than most of what it asks for.
        list.withUnsafeMutableBufferPointer { buffer in
            guard let first = buffer.baseAddress else { return }
            for place in 0..<buffer.count {
                carryOut((first + place).move())
                (first + place).initialize(to: .commitSnapshot)
            }
        }
        list.removeAll(keepingCapacity: true)
        if effects.list.isEmpty { swap(&list, &effects.list) }
    }

    @inline(__always)
    private func carryOut(_ effect: consuming Effect<Node>) {
        switch consume effect {
        case .send(let message, let peer, let ticket):
            if ticket <= durable {
                send(message, to: peer)
            } else {
                held.append(.send(message, to: peer, after: ticket), ticket)
            }
        case .reply(let response, let token, let ticket):
            if ticket <= durable {
                reply(response, to: token)
            } else {
                held.append(.reply(response, to: token, after: ticket), ticket)
            }
        case .disconnect(let connection): disconnect(connection)
        case .append(let record): log?.append(record)
        case .truncateSuffix(let index): log?.truncateSuffix(from: index)
        case .discardPrefix(let index): log?.discardPrefix(through: index)
        case .writeHardState(let state): log?.writeHardState(state)
        case .beginSnapshot(let mark):
            if let log { log.beginSnapshot(mark) } else { memorySnapshot.begin(mark) }
        case .writeSnapshot(let data):
            if let log { log.writeSnapshot(data) } else { memorySnapshot.write(data) }
        case .commitSnapshot:
            if let log { log.commitSnapshot() } else { memorySnapshot.commit() }
        case .readSnapshot(let transfer, let offset, let maximumBytes):
            readSnapshot(transfer, offset, maximumBytes)
        case .setTimer(let timer, let deadline): timers.set(timer, at: deadline)
        case .cancelTimer(let timer): timers.cancel(timer)
        case .count(let event): counters.events[Int(event.rawValue)] &+= 1
        case .halt(let reason): halt(reason)
        }
    }

    private func readSnapshot(_ transfer: UInt64, _ offset: UInt64, _ maximumBytes: Int) {
        guard let log else {
            if let part = memorySnapshot.read(transfer: transfer, offset: offset, maximumBytes: maximumBytes) {
                loop.perform { [self] in step(.snapshotRead(part)) }
            }
            return
        }
        log.readSnapshot(transfer: transfer, offset: offset, maximumBytes: maximumBytes) { [self] result in
            loop.perform { [self] in
                switch result {
                case .success(let part): if let part { step(.snapshotRead(part)) }
                // What was synced can't be read back: as with writes, such a disk is not to be relied upon.
                case .failure(let error): halt("\(error)")
                }
            }
        }
    }

    private func endTurn() {
        guard isStarted, !isStopped else { return }
        var rounds = 0
        while hasNewInput, rounds < 16 {
            hasNewInput = false
            rounds += 1
            node.step(.turnEnded, at: now, effects: &effects)
            carryOutEffects()
            if configuration.durability != .synced { persistAtOnce() }
        }
        flush()
        if configuration.durability == .synced {
            submitToLog()
            if hasNewInput { return endTurn() }
        }
        if !pausedClients.isEmpty { resumeClients() }
    }

    // MARK: Persistence

    /// Batches up to this size are synced on the loop itself when an answer or acknowledgement waits for them.
    private static var promptSyncBytes: Int { 8 << 10 }

    private func persistAtOnce() {
        let last = effects.lastTicket
        guard last > durable else { return }
        if let log, log.hasStaged, let error = log.write() { return halt("\(error)") }
        persisted(through: last)
    }

    private func submitToLog() {
        guard let log, !isLogBusy, log.hasStaged else { return }
        submitted = effects.lastTicket
        if !held.isEmpty, log.stagedBytes <= Self.promptSyncBytes {
            // Somebody waits for this batch and it is small: synced here it is done sooner than by another thread, which
            // would have to be woken and to wake this one again. (A leader, for whom nobody waits but the others' acks,
            // goes on meanwhile.)
            if let error = log.write() { return halt("\(error)") }
            return persisted(through: submitted)
        }
        isLogBusy = true
        log.submit { [self] error in
            loop.perform { [self] in logDidFinish(error) }
        }
    }

    private func logDidFinish(_ error: RuntimeError?) {
        guard !isStopped else { return }
        isLogBusy = false
        log?.reclaim()
        if let error { return halt("\(error)") }
        persisted(through: submitted)
    }

    private func persisted(through ticket: Ticket) {
        durable = ticket
        while let effect = held.popDue(ticket) {
            switch effect {
            case .send(let message, let peer, _): send(message, to: peer)
            case .reply(let response, let token, _): reply(response, to: token)
            default: break
            }
        }
        step(.persisted(through: ticket))
    }

    private func nextDeadline() -> UInt64 {
        peers.reduce(timers.next) { min($0, $1.isRedialDue) }
    }

    private func timersDue(_ now: UInt64) {
        for place in peers.indices where peers[place].isRedialDue <= now {
            peers[place].isRedialDue = .max
            dial(place)
        }
        var fired = 0
        while fired < 1024, let timer = timers.popDue(now) {
            fired += 1
            step(.timer(timer))
        }
    }

    func greeting() -> PeerHello {
        PeerHello(cluster: configuration.cluster, node: configuration.id, incarnation: incarnation)
    }
}

/// Sends and replies that wait for their tickets. They leave in the order they came: one with a lower ticket behind one
/// with a higher waits with it, which is later than it must but never too early.
struct HeldEffects<Node: ProtocolNode> {
    private var entries: ContiguousArray<(effect: Effect<Node>, ticket: Ticket)?> = []
    private var first = 0

    /// Whether nothing waits.
    var isEmpty: Bool { first == entries.count }

    mutating func append(_ effect: Effect<Node>, _ ticket: Ticket) {
        entries.append((effect, ticket))
    }

    mutating func popDue(_ durable: Ticket) -> Effect<Node>? {
        guard first < entries.count, let entry = entries[first], entry.ticket <= durable else {
            if first == entries.count {
                entries.removeAll(keepingCapacity: true)
                first = 0
            } else if first > 4096 {
                entries.removeFirst(first)
                first = 0
            }
            return nil
        }
        entries[first] = nil
        first += 1
        return entry.effect
    }
}

/// The stored snapshot of a node that keeps everything in memory.
struct MemorySnapshot {
    private var writing: (mark: SnapshotMark, data: [UInt8])?
    private var stored: (mark: SnapshotMark, data: Bytes)?

    mutating func begin(_ mark: SnapshotMark) { writing = (mark, []) }
    mutating func write(_ data: Bytes) { data.withUnsafeBytes { writing?.data.append(contentsOf: $0) } }
    mutating func commit() {
        guard let (mark, data) = writing else { return }
        stored = (mark, Bytes(data))
        writing = nil
    }

    func read(transfer: UInt64, offset: UInt64, maximumBytes: Int) -> SnapshotPart? {
        guard let stored, offset <= UInt64(stored.data.count) else { return nil }
        let start = Int(offset)
        let end = min(stored.data.count, start + maximumBytes)
        return SnapshotPart(
            transfer: transfer, mark: stored.mark, offset: offset, data: stored.data[start..<end].compacted(),
            isLast: end == stored.data.count)
    }
}
