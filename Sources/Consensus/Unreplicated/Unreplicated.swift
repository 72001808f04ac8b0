import ByteCoding
import ProtocolKit

/// What servers that never talk to each other say: nothing.
public enum NoMessage: WireCodable, Hashable, Sendable {
    /// There is nothing to write.
    public func encode(into writer: inout ByteWriter) {}
    /// There is nothing to read: any message is refused.
    public init(from reader: inout ByteReader) throws(WireError) {
        throw .unknownTag(what: "message", value: UInt64(try reader.read(UInt8.self)))
    }
}

/// One server with a log and no copies: the ceiling for everything that replicates.
///
/// A command is applied and answered once its entry is durable, so that a read, which is answered at once, never shows
/// what a crash could take back. A write costs 2 message delays (request, reply) and 1 sync delay; a read 2 and none.
public struct Unreplicated<Machine: StateMachine>: ProtocolNode, Sendable {
    /// Between servers: nothing.
    public typealias Message = NoMessage
    /// From clients.
    public typealias Request = Machine.Request
    /// To clients.
    public typealias Response = Machine.Response

    /// Who this is.
    public let id: NodeID
    @usableFromInline var options: UnreplicatedOptions
    @usableFromInline var machine = Machine()
    /// Entries that are appended and not yet applied.
    @usableFromInline var undurable = Fifo<Waiting>()
    @usableFromInline var undurableBytes = 0
    @usableFromInline var lastIndex = LogIndex.zero
    @usableFromInline var lastApplied = LogIndex.zero
    @usableFromInline var durable = DurableIndex()
    @usableFromInline var snapshots = SnapshotWriter<Machine>()
    @usableFromInline var bytesSinceSnapshot = 0
    @usableFromInline var hasCommandsSinceTick = false
    @usableFromInline var isHalted = false

    /// An entry on its way to the disk.
    @usableFromInline
    struct Waiting: Sendable {
        @usableFromInline let payload: Bytes
        /// Who waits for it; nil for an entry that moves replicated time.
        @usableFromInline let token: RequestToken?

        @inlinable
        init(payload: Bytes, token: RequestToken?) {
            self.payload = payload
            self.token = token
        }
    }

    /// A server as it is before its start.
    public init(id: NodeID, options: UnreplicatedOptions = UnreplicatedOptions()) {
        self.id = id
        self.options = options
    }

    /// Handles one input.
    @inlinable
    public mutating func step(_ input: Input<Self>, at now: Now, effects: inout Effects<Self>) {
        guard !isHalted else { return }
        switch input {
        case .request(let request, let token): accept(request, token, effects: &effects)
        case .turnEnded:
            if durable.note(lastIndex, after: effects.lastTicket) { applyDurable(effects: &effects) }
            if bytesSinceSnapshot >= options.snapshotBytes { beginSnapshot(effects: &effects) }
            if snapshots.isWriting { writeSnapshot(at: now, effects: &effects) }
        case .persisted(let ticket):
            if durable.persisted(through: ticket) { applyDurable(effects: &effects) }
            if snapshots.ticket != .none { snapshotPersisted(through: ticket, effects: &effects) }
        case .start(let recovery): start(recovery, at: now, effects: &effects)
        case .timer(UnreplicatedTimer.snapshot): writeSnapshot(at: now, effects: &effects)
        case .timer(UnreplicatedTimer.tick): tick(at: now, effects: &effects)
        default: break
        }
    }

    @inlinable
    mutating func accept(_ request: Request, _ token: RequestToken, effects: inout Effects<Self>) {
        let payload = request.payload
        if request.isRead { return effects.reply(machine.query(payload), to: token) }
        guard undurable.count < options.maximumUndurableEntries, undurableBytes < options.maximumUndurableBytes else {
            effects.count(.refused)
            return effects.reply(.refusal(.overloaded), to: token)
        }
        append(.command, payload, token, effects: &effects)
    }

    @inlinable
    mutating func append(
        _ kind: EntryKind, _ payload: Bytes, _ token: RequestToken?, effects: inout Effects<Self>
    ) {
        lastIndex = LogIndex(lastIndex.rawValue &+ 1)
        effects.append(LogRecord(index: lastIndex, tag: 0, kind: kind.rawValue, payload: payload))
        undurable.append(Waiting(payload: payload, token: token))
        undurableBytes &+= payload.count
    }

    /// Applies what has become durable and answers whoever waits for it.
    @inlinable
    mutating func applyDurable(effects: inout Effects<Self>) {
        while lastApplied < durable.index {
            let entry = undurable[0]
            undurable.removeFirst()
            undurableBytes &-= entry.payload.count
            bytesSinceSnapshot &+= entry.payload.count &+ 32
            lastApplied = LogIndex(lastApplied.rawValue &+ 1)
            if let token = entry.token {
                effects.reply(machine.apply(entry.payload, at: lastApplied), to: token)
                hasCommandsSinceTick = true
            } else {
                machine.applyTick(entry.payload)
            }
        }
    }

    /// What the server is, for people.
    public var status: NodeStatus {
        NodeStatus(
            role: "single", isLeader: true, leader: id,
            facts: [("last_applied", "\(lastApplied)"), ("last_index", "\(lastIndex)")])
    }
}

/// What an unreplicated server is set to.
public struct UnreplicatedOptions: Sendable {
    /// Bytes of applied entries after which a snapshot is taken.
    public var snapshotBytes = 8 << 20
    /// Bytes of a piece in which snapshots are written.
    public var snapshotChunkBytes = 64 << 10
    /// The most entries that wait for the disk before requests are refused.
    public var maximumUndurableEntries = 1 << 16
    /// The most payload bytes that wait for the disk before requests are refused.
    public var maximumUndurableBytes = 64 << 20

    /// The defaults.
    public init() {}
}

/// The timers of an unreplicated server.
@usableFromInline
enum UnreplicatedTimer {
    /// The next chunk of a snapshot is due.
    @usableFromInline static let snapshot = TimerID(1)
    /// Replicated time moves on.
    @usableFromInline static let tick = TimerID(2)
}
