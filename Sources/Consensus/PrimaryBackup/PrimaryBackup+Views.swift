import ProtocolKit

// How a view is agreed: the primary proposes it, and a majority of all nodes accepts it durably (Paxos's phase 2).
extension PrimaryBackup {
    /// Proposes the next view where the membership should change, and sends the latest one to whoever hasn't got it.
    @usableFromInline
    mutating func reviewMembership(at now: Now, effects: inout Effects<Self>) {
        if proposed == nil, let members = desiredMembers(at: now), members != view?.members {
            return propose(members, effects: &effects)
        }
        guard let latest = proposed ?? view else { return }
        for position in peers.indices where standings[position].acceptedChange < latest.number.change {
            effects.send(.viewProposal(latest), to: peers[position].id)
        }
    }

    private mutating func propose(_ members: MemberSet, effects: inout Effects<Self>) {
        let next = View(
            number: ViewNumber(epoch: promised, change: (view?.number.change ?? 0) + 1), members: members)
        proposed = next
        accepted = next
        acceptedBy = MemberSet()
        writeHardState(effects: &effects)
        for peer in peers { effects.send(.viewProposal(next), to: peer.id) }
    }

    /// Who should be in the view: its members but for silent ones, and whoever has caught up with them; nil when that
    /// would be too few.
    private func desiredMembers(at now: Now) -> MemberSet? {
        let least = options.copies == .majority ? majority : 1
        var members = view?.members ?? complete
        for position in peers.indices where hasCaughtUp(position, at: now) { members.insert(place(ofPeer: position)) }
        guard view != nil else { return members.count >= least ? members : nil }
        var rest = members
        for position in peers.indices where isSilent(position, at: now) || standings[position].isReplacement {
            rest.remove(place(ofPeer: position))
        }
        return rest.count >= least ? rest : members
    }

    /// Whether a node has neither held all there was nor gained anything for the length of a timeout.
    private func isSilent(_ position: Int, at now: Now) -> Bool {
        standings[position].progressAt + options.timeout <= now.monotonic
    }

    /// Whether a node holds everything that was acknowledged: through the commit index, and, because what former
    /// primaries acknowledged may lie beyond, through the start of the epoch.
    private func hasCaughtUp(_ position: Int, at now: Now) -> Bool {
        guard standings[position].isEligible, !isSilent(position, at: now) else { return false }
        if options.mutation == .admitUnsynchronised { return true }
        return peers[position].match >= max(commitIndex, epochStart)
    }

    /// A primary's proposal.
    mutating func accept(_ view: View, from: NodeID, at now: Now, effects: inout Effects<Self>) {
        guard owner(of: view.number.epoch) == from, view.members.isSubset(of: .all(nodes.count)) else { return }
        guard heed(view.number.epoch, from: from, at: now, effects: &effects), !isReplacement else { return }
        if view.number > accepted.number {
            accepted = view
            writeHardState(effects: &effects)
        }
        effects.send(.viewAcceptance(view.number), to: from, after: hardStateTicket)
    }

    /// Takes a message of an epoch's primary seriously, or tells it that its epoch is over.
    @usableFromInline
    mutating func heed(_ epoch: ViewEpoch, from: NodeID, at now: Now, effects: inout Effects<Self>) -> Bool {
        guard epoch >= promised || options.mutation == .noViewCheck else {
            effects.send(.outbid(promised), to: from, after: hardStateTicket)
            return false
        }
        if epoch > promised || role != .backup {
            // There is one primary an epoch: a second one isn't listened to.
            guard role != .primary || epoch > promised else { return false }
            if epoch > promised { follow(epoch, at: now, effects: &effects) } else { role = .backup }
        }
        primary = from
        heardAt = now.monotonic
        quietSince = now.monotonic
        return true
    }

    /// A node has accepted the proposed view, or a former one.
    mutating func accepted(_ number: ViewNumber, by node: NodeID, effects: inout Effects<Self>) {
        guard role == .primary, number.epoch == promised, let position = position(of: node),
            !standings[position].isReplacement
        else { return }
        standings[position].acceptedChange = max(standings[position].acceptedChange, number.change)
        standings[position].isEligible = true
        guard number == proposed?.number else { return }
        acceptedBy.insert(place(ofPeer: position))
        installView(effects: &effects)
    }

    /// ViewPromise and view, before anything is said that depends on them.
    mutating func writeHardState(effects: inout Effects<Self>) {
        let state = PrimaryBackupHardState(
            promised: options.mutation == .promiseNotPersisted ? .zero : promised,
            view: options.mutation == .viewNotPersisted ? .first(of: nodes.count) : accepted,
            isReplacement: isReplacement)
        hardStateTicket = effects.writeHardState(state.encoded())
        awaitsHardState = true
    }

    /// The own promise or acceptance is durable.
    @usableFromInline
    mutating func hardStatePersisted(at now: Now, effects: inout Effects<Self>) {
        awaitsHardState = false
        durablePromise = promised
        durableView = accepted
        if role == .candidate {
            promises[place] = ViewPromise(epoch: promised, isProbe: false, promised: promised, view: accepted, end: end)
            evaluate(at: now, effects: &effects)
        } else if role == .primary, proposed != nil {
            acceptedBy.insert(place)
            installView(effects: &effects)
        }
    }

    /// The proposed view comes into force once a majority of all nodes has accepted it.
    private mutating func installView(effects: inout Effects<Self>) {
        guard let next = proposed, acceptedBy.count >= majority else { return }
        effects.count(view == nil ? .leaderElected : .membershipChanged)
        if view == nil, let predecessor, predecessor != id { effects.count(.failedOver) }
        view = next
        proposed = nil
        advance(effects: &effects)
    }
}

/// What a node must not forget beside its log.
struct PrimaryBackupHardState: Hashable, Sendable {
    /// The latest epoch that it promised.
    var promised: ViewEpoch
    /// The latest view that it accepted.
    var view: View
    /// Whether it has lost an earlier state.
    var isReplacement: Bool
}
