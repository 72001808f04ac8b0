import ProtocolKit

/// A leadership that is being handed over (thesis, section 3.10).
@usableFromInline
struct Handover: Sendable {
    let target: NodeID
    /// Who asked for it; nobody in tests.
    let token: RequestToken?
    /// Whether the target has been asked to take over since the last heartbeat.
    var isAsked = false
}

// Leadership transfer (thesis, section 3.10).
extension Raft {
    /// Begins to hand the leadership over: commands are refused until the target has the whole log and takes over, or
    /// has had an election timeout for it. Reads go on, but not by lease.
    mutating func handOver(
        to node: NodeID, _ token: RequestToken?, at now: Now, effects: inout Effects<Self>
    ) throws(AdministrationError) {
        guard node != id else { throw AdministrationError(reason: "node \(node) leads already") }
        guard let position = position(of: node), peers[position].voice.contains(.incoming) else {
            throw AdministrationError(reason: "node \(node) has no vote")
        }
        guard handover == nil, isSettled else {
            throw AdministrationError(reason: "another change of the cluster is under way, try again")
        }
        handover = Handover(target: node, token: token)
        // A TimeoutNow may be late, and whoever heeds it overrides the promises that leases rest on. So there are none
        // for the rest of the term, also if the transfer fails.
        if options.mutation != .transferKeepsLease { isLeaseForbidden = true }
        effects.setTimer(RaftTimer.handover, at: now.monotonic + options.electionTimeout)
    }

    /// Asks the target to take over once it has the whole log.
    @usableFromInline
    mutating func askToTakeOver(effects: inout Effects<Self>) {
        guard let handover, !handover.isAsked, let position = position(of: handover.target),
            peers[position].match == log.lastIndex
        else { return }
        self.handover!.isAsked = true
        effects.send(.timeoutNow(TimeoutNow(term: currentTerm)), to: handover.target, after: hardStateTicket)
    }

    /// The leader asks this server to take over: an election without delay, whatever others have promised it.
    mutating func handle(_ message: TimeoutNow, from: NodeID, at now: Now, effects: inout Effects<Self>) {
        guard message.term == currentTerm, role == .follower, leader == from, !ownVoice.isEmpty else { return }
        campaign(at: now, isTakingOver: true, effects: &effects)
    }

    /// The time for taking over is up.
    mutating func handoverTimerFired(effects: inout Effects<Self>) {
        guard let handover else { return }
        self.handover = nil
        guard let token = handover.token else { return }
        let refusal =
            role == .leader
            ? Refusal.rejected("node \(handover.target) did not take over within an election timeout") : .noLeader
        effects.reply(.refusal(refusal), to: token)
    }

    /// Who leads is known: it was handed to the right one, or not.
    @usableFromInline
    mutating func learn(leader: NodeID, effects: inout Effects<Self>) {
        self.leader = leader
        settleHandover(effects: &effects)
    }

    mutating func settleHandover(effects: inout Effects<Self>) {
        guard let handover else { return }
        self.handover = nil
        effects.cancelTimer(RaftTimer.handover)
        let isDone = leader == handover.target
        if isDone { effects.count(.leadershipTransferred) }
        guard let token = handover.token else { return }
        let elected = leader.map { "\($0)" } ?? "nobody"
        effects.reply(
            isDone ? Self.done : .refusal(.rejected("node \(elected) was elected instead of \(handover.target)")),
            to: token)
    }
}
