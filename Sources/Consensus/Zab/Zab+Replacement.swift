import ProtocolKit

/// How a process whose disk was replaced comes back to be counted.
///
/// It remembers neither what it had accepted nor what it had promised, so that counting it could let two leaders have a
/// quorum. First every other process forgets what the old one had told it, and says which epoch it has accepted itself:
/// an epoch that the old one had helped to establish is among them, and one that it hadn't can't be established with its
/// help any more. Until then, and until it follows an established leader of an epoch that isn't earlier than any of
/// those, it gets the history without being counted.
@usableFromInline
struct Introduction: Sendable {
    /// The epochs that the others had accepted, in the order of their numbers.
    @usableFromInline var accepted: ContiguousArray<Epoch?>
    /// The first attempt of each other process that counts: those of an earlier incarnation are forgotten.
    @usableFromInline var firstSession: ContiguousArray<UInt64>

    @usableFromInline
    init(others: Int) {
        accepted = ContiguousArray(repeating: nil, count: others)
        firstSession = ContiguousArray(repeating: 0, count: others)
    }

    /// The latest of the epochs, once all have said theirs.
    var latest: Epoch? {
        var latest = Epoch.zero
        for epoch in accepted {
            guard let epoch else { return nil }
            latest = max(latest, epoch)
        }
        return latest
    }
}

extension Zab {
    /// The first attempt of this incarnation.
    private var firstSession: UInt64 { (session >> 32) << 32 }

    /// Tells everyone who hasn't answered that this process is a new one.
    func introduce(effects: inout Effects<Self>) {
        guard isReplacement else { return }
        let first = firstSession
        for position in learners.indices where introduction.accepted[position] == nil {
            effects.send(.introduce(first), to: learners[position].id, after: hardStateTicket)
        }
    }

    /// Another process's disk was replaced: what its predecessor said counts no more.
    mutating func introduced(_ first: UInt64, from: NodeID, effects: inout Effects<Self>) {
        guard let position = position(of: from) else { return }
        introduction.firstSession[position] = max(introduction.firstSession[position], first)
        if learners[position].session < first { learners[position] = Learner(id: from, window: options.window) }
        effects.send(.introduced(first, acceptedEpoch), to: from, after: hardStateTicket)
    }

    /// Another process has forgotten this one's predecessor.
    mutating func noteIntroduction(
        _ first: UInt64, _ epoch: Epoch, from: NodeID, at now: Now, effects: inout Effects<Self>
    ) {
        guard isReplacement, first == firstSession, let position = position(of: from) else { return }
        introduction.accepted[position] = introduction.accepted[position].map { max($0, epoch) } ?? epoch
        joinIfIntroduced(at: now, effects: &effects)
    }

    /// Follows again, to be counted, if all conditions hold.
    mutating func joinIfIntroduced(at now: Now, effects: inout Effects<Self>) {
        guard isReplacement, role == .following, phase == .broadcast, let leader,
            following.newLeaderTicket <= persistedTicket, let latest = introduction.latest,
            following.bond.epoch >= latest
        else { return }
        isReplacement = false
        writeHardState(effects: &effects)
        stopServing(effects: &effects)
        follow(leader, at: now, effects: &effects)
    }
}
