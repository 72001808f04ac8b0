import ByteCoding
import ProtocolKit

// Reads from the primary's memory: it asks a majority whether it still is the primary, or holds a lease.
extension PrimaryBackup {
    /// Whether a view is in force and everything that former primaries acknowledged is applied: before that a new
    /// primary must not serve reads.
    @inlinable
    var isCaughtUp: Bool {
        view != nil && (lastApplied >= epochStart || options.mutation == .readBeforeCaughtUp)
    }

    /// A read.
    @inlinable
    mutating func read(_ payload: Bytes, _ token: RequestToken, at now: Now, effects: inout Effects<Self>) {
        if options.mutation == .readWithoutCheck || options.reads == .lease && holdsLease(at: now) {
            return effects.reply(machine.query(payload), to: token)
        }
        guard reads.waiting.count < options.maximumWaitingReads else {
            effects.count(.refused)
            return effects.reply(.refusal(.overloaded), to: token)
        }
        reads.waiting.append(ReadQueue.Waiting(token: token, payload: payload))
    }

    /// Whether a majority has promised to help no other node into office until later than now.
    ///
    /// Every node of that majority refuses its promise for the timeout after it *received* a heartbeat of the round,
    /// hence for as long after the round was *sent*; the lease ends a tenth earlier, for clocks that run at different
    /// rates.
    @inlinable
    func holdsLease(at now: Now) -> Bool {
        guard let start = reads.leaseStart, isCaughtUp else { return false }
        return now.monotonic < start &+ options.leaseDuration
    }

    /// Begins a round of heartbeats: it confirms the reads that wait.
    ///
    /// What is acknowledged by now is applied by now, so that the state at the time of the confirmation is as new as the
    /// reads demand.
    @inlinable
    mutating func beginRound(at now: Now, effects: inout Effects<Self>) {
        reads.beginRound(at: now.monotonic, mayServe: isCaughtUp)
    }

    /// Answers the reads of the rounds that a majority has answered, and renews the lease.
    @inlinable
    mutating func confirmRounds(at now: Now, effects: inout Effects<Self>) {
        let count = reads.confirm(
            through: majorityRound,
            leaseStart: options.mutation == .leaseFromReply ? now.monotonic : nil)
        guard count > 0 else { return }
        for offset in 0..<count {
            effects.reply(machine.query(reads.waiting[offset].payload), to: reads.waiting[offset].token)
        }
        reads.removeFirst(count)
    }

    /// The latest round that a majority of all nodes, the primary included, has answered.
    @inlinable
    var majorityRound: UInt64 {
        guard !peers.isEmpty else { return reads.round }
        var best = UInt64(0)
        for candidate in peers where candidate.acknowledgedRound > best {
            var count = 1
            for peer in peers where peer.acknowledgedRound >= candidate.acknowledgedRound { count &+= 1 }
            if count >= majority { best = candidate.acknowledgedRound }
        }
        return best
    }

    /// Sends away the reads that wait: none has had an effect.
    mutating func refuseReads(effects: inout Effects<Self>) {
        for offset in 0..<reads.waiting.count { redirect(reads.waiting[offset].token, effects: &effects) }
        reads = ReadQueue()
    }
}
