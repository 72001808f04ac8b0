import ByteCoding
import ProtocolKit

/// Reads that wait until a quorum has confirmed that their leader still is one, and the rounds of heartbeats that confirm
/// it (Ongaro's thesis, section 6.4): what Raft, multi-Paxos and primary-backup have in common.
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
    /// The latest round begun in this leadership.
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

    /// Begins a round: it confirms the reads that wait, at what is committed now, if the leader knows how far that is.
    ///
    /// How far need not be noted: a leader applies what it commits at once, so that by the time the round is confirmed
    /// everything committed now is applied.
    @inlinable
    mutating func beginRound(at now: UInt64, mayServe: Bool) {
        round &+= 1
        if rounds.count == 4 * Self.maximumRounds { rounds.removeFirst() }
        rounds.append(Round(number: round, sentAt: now))
        let count = waiting.count &- batched
        guard count > 0, mayServe, batches.count < Self.maximumRounds else { return }
        batches.append(Batch(round: round, count: count))
        batched &+= count
    }

    /// A quorum has acknowledged a round: the lease runs from its sending.
    ///
    /// - Parameter leaseStart: when the lease runs from instead: a planted fault.
    /// - Returns: how many of the first reads can be answered. Then they are to be removed, by ``removeFirst(_:)``.
    @inlinable
    mutating func confirm(through confirmed: UInt64, leaseStart: UInt64? = nil) -> Int {
        guard confirmed > confirmedRound else { return 0 }
        confirmedRound = confirmed
        while let round = rounds.first, round.number <= confirmed {
            self.leaseStart = leaseStart ?? round.sentAt
            rounds.removeFirst()
        }
        var count = 0
        while let batch = batches.first, batch.round <= confirmed {
            count &+= batch.count
            batches.removeFirst()
        }
        return count
    }

    /// Removes reads that have been answered.
    @inlinable
    mutating func removeFirst(_ count: Int) {
        waiting.removeFirst(count)
        batched &-= count
    }
}
