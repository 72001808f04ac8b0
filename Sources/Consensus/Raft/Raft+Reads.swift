import ByteCoding
import ProtocolKit

/// Reads that wait until a quorum has confirmed the leadership, and the rounds of heartbeats that confirm it
/// (thesis, section 6.4).
@usableFromInline
struct ReadQueue: Sendable {
    @usableFromInline
    struct Waiting: Sendable {
        @usableFromInline let token: RequestToken
        @usableFromInline let payload: Bytes

        @inlinable
        init(token: RequestToken, payload: Bytes) {
            self.token = token
            self.payload = payload
        }
    }

    @usableFromInline
    struct Batch: Sendable {
        /// The round that confirms it.
        @usableFromInline let round: UInt64
        @usableFromInline let count: Int

        @inlinable
        init(round: UInt64, count: Int) {
            self.round = round
            self.count = count
        }
    }

    @usableFromInline
    struct Round: Sendable {
        @usableFromInline let number: UInt64
        /// When it began: no message of it left earlier.
        @usableFromInline let sentAt: UInt64

        @inlinable
        init(number: UInt64, sentAt: UInt64) {
            self.number = number
            self.sentAt = sentAt
        }
    }

    /// All waiting reads; the first ones belong to `batches`, in order.
    @usableFromInline var waiting = Fifo<Waiting>()
    @usableFromInline var batches = Fifo<Batch>()
    /// How many of `waiting` belong to a batch.
    @usableFromInline var batched = 0
    /// The latest round begun in this term.
    @usableFromInline var round = UInt64(0)
    /// The latest round that a quorum has acknowledged.
    @usableFromInline var confirmedRound = UInt64(0)
    /// Rounds begun and not confirmed.
    @usableFromInline var rounds = Fifo<Round>()
    /// When the confirmed round was sent: the lease runs from then.
    @usableFromInline var leaseStart: UInt64?

    @inlinable
    init() {}

    /// Rounds under way at once; reads that come when there are as many share the next.
    @inlinable
    static var maximumRounds: Int { 64 }

    /// Whether reads wait for a round that may begin.
    @inlinable
    var isRoundDue: Bool { waiting.count > batched && batches.count < Self.maximumRounds }
}

extension Raft {
    /// Whether an entry of the own term is committed: before that a new leader doesn't know how far its predecessors
    /// had committed, and must not serve reads.
    @inlinable
    var hasCommittedInTerm: Bool { commitIndex >= termStart }

    /// A read that isn't to go through the log.
    @inlinable
    mutating func read(_ payload: Bytes, _ token: RequestToken, at now: Now, effects: inout Effects<Self>) {
        if options.mutation == .readWithoutLeaseCheck || options.reads == .lease && holdsLease(at: now) {
            return effects.reply(machine.query(payload), to: token)
        }
        guard reads.waiting.count < options.maximumWaitingReads else {
            effects.count(.refused)
            return effects.reply(.refusal(.overloaded), to: token)
        }
        reads.waiting.append(ReadQueue.Waiting(token: token, payload: payload))
    }

    /// Whether a quorum has promised to elect nobody else until later than now.
    ///
    /// Every follower in that quorum refuses its vote for the shortest election timeout after it *received* a heartbeat
    /// of the round, hence for as long after the round was *sent*; the lease ends a tenth earlier, for clocks that run
    /// at different rates.
    @inlinable
    func holdsLease(at now: Now) -> Bool {
        guard let start = reads.leaseStart, hasCommittedInTerm, !isLeaseForbidden else { return false }
        return now.monotonic < start &+ options.leaseDuration
    }

    /// Begins a round of heartbeats: it confirms the reads that wait, at the index that is committed now.
    ///
    /// The index need not be noted: the leader applies what it commits at once, so that by the time the round is
    /// confirmed everything committed now is applied.
    @inlinable
    mutating func beginRound(at now: Now, effects: inout Effects<Self>) {
        reads.round &+= 1
        if reads.rounds.count == 4 * ReadQueue.maximumRounds { reads.rounds.removeFirst() }
        reads.rounds.append(ReadQueue.Round(number: reads.round, sentAt: now.monotonic))
        let count = reads.waiting.count &- reads.batched
        guard count > 0, hasCommittedInTerm, reads.batches.count < ReadQueue.maximumRounds else { return }
        reads.batches.append(ReadQueue.Batch(round: reads.round, count: count))
        reads.batched &+= count
    }

    /// Answers the reads of the rounds that a quorum has acknowledged, and renews the lease.
    @inlinable
    mutating func confirmRounds(at now: Now, effects: inout Effects<Self>) {
        let confirmed = quorumRound
        guard confirmed > reads.confirmedRound else { return }
        reads.confirmedRound = confirmed
        while let round = reads.rounds.first, round.number <= confirmed {
            reads.leaseStart = options.mutation == .leaseFromReply ? now.monotonic : round.sentAt
            reads.rounds.removeFirst()
        }
        while let batch = reads.batches.first, batch.round <= confirmed {
            for offset in 0..<batch.count {
                effects.reply(machine.query(reads.waiting[offset].payload), to: reads.waiting[offset].token)
            }
            reads.waiting.removeFirst(batch.count)
            reads.batched &-= batch.count
            reads.batches.removeFirst()
        }
    }

    /// The latest round that a quorum has acknowledged; the leader has acknowledged every one.
    @inlinable
    var quorumRound: UInt64 {
        if isOwnQuorum { return reads.round }
        var best = UInt64(0)
        for candidate in peers.indices {
            let round = peers[candidate].acknowledgedRound
            if round > best, isQuorum(withSelf: true, { peers[$0].acknowledgedRound >= round }) { best = round }
        }
        return best
    }

    /// Sends away the reads that wait: none has had an effect.
    mutating func refuseReads(effects: inout Effects<Self>) {
        for offset in 0..<reads.waiting.count { redirect(reads.waiting[offset].token, effects: &effects) }
        reads = ReadQueue()
    }
}
