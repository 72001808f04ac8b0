import ProtocolKit

/// Reads with `sync` on their way: at a leader until a quorum has confirmed it in a round of pings, at a follower until
/// its leader says that this has happened and what was committed.
@usableFromInline
struct SynchronisedReads: Sendable {
    /// Who waits.
    @usableFromInline
    enum Reader: Sendable {
        /// A client of this node.
        case client(WaitingRead)
        /// A follower, with its reads up to a number; its place among the learners and its bond.
        case learner(Int, Bond, UInt64)
    }

    @usableFromInline
    struct Batch: Sendable {
        /// What has to be confirmed.
        @usableFromInline let number: UInt64
        @usableFromInline let count: Int

        @inlinable
        init(number: UInt64, count: Int) {
            self.number = number
            self.count = count
        }
    }

    /// All who wait; the first ones belong to `batches`, in order.
    @usableFromInline var waiting = Fifo<Reader>()
    @usableFromInline var batches = Fifo<Batch>()
    /// How many of `waiting` belong to a batch.
    @usableFromInline var batched = 0
    /// A leader's last round of pings, or a follower's last question.
    @usableFromInline var number = UInt64(0)
    /// The last that was confirmed.
    @usableFromInline var confirmed = UInt64(0)
    /// What a follower has to have applied before it answers.
    @usableFromInline var required = LogIndex.zero

    @inlinable
    init() {}

    /// Rounds under way at once; reads that come when there are as many share the next.
    @inlinable
    static var maximumBatches: Int { 64 }

    /// Whether reads wait for a round that may begin.
    @inlinable
    var isDue: Bool { waiting.count > batched && batches.count < Self.maximumBatches }

    /// Puts what waits behind the next number.
    @usableFromInline
    mutating func beginBatch() {
        number += 1
        let count = waiting.count - batched
        guard count > 0, batches.count < Self.maximumBatches else { return }
        batches.append(Batch(number: number, count: count))
        batched += count
    }

    /// Takes those out whose number is confirmed.
    @usableFromInline
    mutating func takeConfirmed() -> [Reader] {
        var readers: [Reader] = []
        while let batch = batches.first, batch.number <= confirmed {
            for offset in 0..<batch.count { readers.append(waiting[offset]) }
            waiting.removeFirst(batch.count)
            batched -= batch.count
            batches.removeFirst()
        }
        return readers
    }
}
