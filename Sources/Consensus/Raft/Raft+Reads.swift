import ByteCoding
import ProtocolKit

// Reads that a quorum confirms, or a lease (thesis, section 6.4).
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
        reads.beginRound(at: now.monotonic, mayServe: hasCommittedInTerm)
    }

    /// Answers the reads of the rounds that a quorum has acknowledged, and renews the lease.
    @inlinable
    mutating func confirmRounds(at now: Now, effects: inout Effects<Self>) {
        let count = reads.confirm(
            through: quorumRound,
            leaseStart: options.mutation == .leaseFromReply ? now.monotonic : nil)
        guard count > 0 else { return }
        for offset in 0..<count {
            effects.reply(machine.query(reads.waiting[offset].payload), to: reads.waiting[offset].token)
        }
        reads.removeFirst(count)
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
