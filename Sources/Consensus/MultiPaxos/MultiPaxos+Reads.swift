import ByteCoding
import ProtocolKit

// Reads outside the log: rounds of heartbeats by which a leader knows that it still leads.
extension MultiPaxos {
    /// Whether everything that phase 1 had found is decided: before that a new leader doesn't know how far its
    /// predecessors had decided, and must not serve reads.
    @inlinable
    var hasDecidedInherited: Bool { decided >= inherited }

    /// A read that isn't to go through the log.
    @inlinable
    mutating func read(_ payload: Bytes, _ token: RequestToken, at now: Now, effects: inout Effects<Self>) {
        if options.mutation == .readWithoutQuorum || options.reads == .lease && holdsLease(at: now) {
            return effects.reply(machine.query(payload), to: token)
        }
        guard reads.waiting.count < options.maximumWaitingReads else {
            effects.count(.refused)
            return effects.reply(.refusal(.overloaded), to: token)
        }
        reads.waiting.append(ReadQueue.Waiting(token: token, payload: payload))
    }

    /// Whether a phase-2 quorum has promised to promise nobody else until later than now.
    ///
    /// Every acceptor in it passes over other candidates for the shortest election timeout after it *received* a message
    /// of the round, hence for as long after the round was *sent*; the lease ends a tenth earlier, for clocks that run at
    /// different rates. A later leader needs a promise of one of them, since every phase-1 quorum meets every phase-2
    /// quorum.
    @inlinable
    func holdsLease(at now: Now) -> Bool {
        guard let start = reads.leaseStart, hasDecidedInherited else { return false }
        return now.monotonic < start &+ options.leaseDuration
    }

    /// Begins a round: it confirms the reads that wait, at what is decided now.
    ///
    /// How far that is need not be noted: the leader applies at once what it decides.
    @inlinable
    mutating func beginRound(at now: Now, effects: inout Effects<Self>) {
        reads.beginRound(at: now.monotonic, mayServe: hasDecidedInherited)
    }

    /// Answers the reads of the rounds that a quorum has answered, and renews the lease.
    @inlinable
    mutating func confirmRounds(at now: Now, effects: inout Effects<Self>) {
        let count = reads.confirm(through: quorumRound)
        guard count > 0 else { return }
        for offset in 0..<count {
            effects.reply(machine.query(reads.waiting[offset].payload), to: reads.waiting[offset].token)
        }
        reads.removeFirst(count)
    }

    /// The latest round that a phase-2 quorum, the leader included, has answered.
    @inlinable
    var quorumRound: UInt64 {
        guard quorums.phase2 > 1 else { return reads.round }
        var best = UInt64(0)
        for candidate in peers where candidate.isVoter && candidate.confirmedRound > best {
            var count = 1
            for peer in peers where peer.isVoter && peer.confirmedRound >= candidate.confirmedRound { count &+= 1 }
            if count >= quorums.phase2 { best = candidate.confirmedRound }
        }
        return best
    }

    /// An acceptor's answer to a round, ahead of what it has yet to write.
    mutating func handle(
        _ message: Message.Confirmed, from position: Int, at now: Now, effects: inout Effects<Self>
    ) {
        guard role == .leader, message.ballot == ballot else { return }
        peers[position].contact = now.monotonic
        guard message.round > peers[position].confirmedRound else { return }
        peers[position].confirmedRound = min(message.round, reads.round)
        confirmRounds(at: now, effects: &effects)
    }

    /// Sends away the reads that wait: none has had an effect.
    mutating func refuseReads(effects: inout Effects<Self>) {
        for offset in 0..<reads.waiting.count { redirect(reads.waiting[offset].token, effects: &effects) }
        reads = ReadQueue()
    }
}
