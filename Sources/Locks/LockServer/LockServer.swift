import ByteCoding
import ProtocolKit

/// A lock server: one node with a queue for each lock, leases, fencing tokens and a resource behind a fence.
///
/// - **Mutual exclusion and order.** A lock is granted to the first of its queue (first come, first served by arrival)
///   when it is free: released by its owner, given up with its connection, or its lease over (Gray & Cheriton 1989).
/// - **Leases.** The server counts a lease from the grant; a client that counts it from its request's sending plus the
///   wait that the grant reports stops believing no later than the server does, whatever the messages' delays.
/// - **Fencing.** Each grant carries a larger token than all before, across restarts too (Kleppmann 2016, "How to do
///   distributed locking"). The guarded resource refuses a token below the largest it has accepted. It forgets that
///   largest token with a crash and then refuses every token of former incarnations, which it can't rank any more.
/// - **Restart.** Holders are not kept on disk. Instead nobody is granted anything after a restart until the longest
///   lease of the former incarnation has passed; requests queue meanwhile.
/// - **Disk.** One hard state of 16 bytes, written once in a thousand tokens and when a longer lease than any before is
///   granted (see `TokenReserve`); no log.
public struct LockServer: ProtocolNode, Sendable {
    /// It has no peers.
    public typealias Message = NoPeerMessage
    /// What clients ask.
    public typealias Request = LockRequest
    /// What clients are answered.
    public typealias Response = LockResponse

    static let leaseTimer = TimerID(1)
    static let graceTimer = TimerID(2)
    /// Most claims and most locks that are kept track of.
    static let tableLimit = 1 << 20

    let settings: LockServerSettings
    var table = LockTable()
    var leases = LeaseHeap()
    var tokens = TokenReserve(recovered: LockHardState(tokensThrough: 0, longestLease: 0))
    var arrivals = UInt64(0)
    /// Tokens up to here are of former incarnations.
    var formerTokens = UInt64(0)
    /// The end of the wait for the former incarnation's leases; nil once it is over.
    var graceEnd: UInt64?
    var armedLeaseEnd: UInt64?
    var staleWritesRefused = UInt64(0)
    var staleWritesAccepted = UInt64(0)
    var writesTried = UInt64(0)
    /// The resource's decisions so far, above the incarnation.
    var decisions = UInt64(0)
    /// Locks that once expired: only the planted fault `grant-twice` looks at them.
    var expiredOnce: Set<Int32> = []

    init(settings: LockServerSettings) {
        self.settings = settings
    }

    /// Handles one input.
    public mutating func step(_ input: Input<LockServer>, at now: Now, effects: inout Effects<LockServer>) {
        switch input {
        case .request(let request, let token): handle(request, token, now.monotonic, &effects)
        case .clientGone(let connection): giveUp(connection, now.monotonic, &effects)
        case .timer(Self.leaseTimer): expireLeases(now.monotonic, &effects)
        case .timer(Self.graceTimer): endGrace(now.monotonic, &effects)
        case .persisted(let ticket): tokens.persisted(through: ticket)
        case .start(let recovery): start(recovery, now.monotonic, &effects)
        case .timer, .message, .linkUp, .linkDown, .snapshotRead, .turnEnded: break
        }
    }

    private mutating func start(_ recovery: Recovery, _ now: UInt64, _ effects: inout Effects<LockServer>) {
        var recovered = LockHardState(tokensThrough: 0, longestLease: 0)
        if let bytes = recovery.hardState {
            do {
                recovered = try LockHardState(decoding: bytes)
            } catch {
                return effects.halt("the lock server's hard state is unreadable: \(error)")
            }
            effects.count(.recovered)
        }
        if settings.mutation == .tokensInMemory { recovered.tokensThrough = 0 }
        formerTokens = recovered.tokensThrough
        arrivals = recovery.incarnation << 40
        decisions = recovery.incarnation << 40
        tokens = TokenReserve(recovered: recovered)
        tokens.reserveFirstBlock(&effects)
        if recovered.longestLease > 0, settings.mutation != .noWaitAfterRestart {
            graceEnd = now + recovered.longestLease
            effects.setTimer(Self.graceTimer, at: now + recovered.longestLease)
        } else {
            tokens.formerLeasesPassed()
        }
    }

    private mutating func endGrace(_ now: UInt64, _ effects: inout Effects<LockServer>) {
        guard let end = graceEnd else { return }
        guard now >= end else { return effects.setTimer(Self.graceTimer, at: end) }
        graceEnd = nil
        tokens.formerLeasesPassed()
        for lock in table.locks.indices { grantNext(Int32(lock), now, &effects) }
    }

    /// Holder, queue and counts, for people.
    public var status: NodeStatus {
        NodeStatus(
            role: "lock-server", isLeader: true,
            facts: [
                ("locks", "\(table.lockCount)"), ("held", "\(leases.count)"),
                ("waiting", "\(table.claimCount - leases.count)"), ("next_token", "\(tokens.next)"),
                ("fenced_writes_tried", "\(writesTried)"), ("stale_writes_refused", "\(staleWritesRefused)"),
                ("stale_writes_accepted", "\(staleWritesAccepted)"),
                ("waiting_out_former_leases", graceEnd == nil ? "no" : "yes"),
            ])
    }
}
