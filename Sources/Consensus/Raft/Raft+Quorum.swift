import ProtocolKit

// Who counts: majorities, two of them while configurations overlap (section 6).
extension Raft {
    /// Whether the servers that pass a test, given by their positions in `peers`, and perhaps this one make a quorum.
    @inlinable
    @inline(__always)
    func isQuorum(withSelf: Bool, _ isCounted: (Int) -> Bool) -> Bool {
        var incoming = withSelf && ownVoice.contains(.incoming) ? 1 : 0
        var outgoing = withSelf && ownVoice.contains(.outgoing) ? 1 : 0
        for position in peers.indices where isCounted(position) {
            let voice = peers[position].voice
            if voice.contains(.incoming) { incoming &+= 1 }
            if voice.contains(.outgoing) { outgoing &+= 1 }
        }
        return incoming >= incomingQuorum && outgoing >= outgoingQuorum
    }

    /// Takes the configuration in force over into what is looked at in every turn.
    @usableFromInline
    mutating func configurationChanged() {
        let configuration = configurations.latest
        incomingQuorum = configuration.voters.isEmpty ? .max : configuration.voters.count / 2 + 1
        outgoingQuorum = configuration.isJoint ? configuration.outgoing.count / 2 + 1 : 0
        if options.mutation == .jointOneMajority { outgoingQuorum = 0 }
        ownVoice = configuration.voice(of: id, birth: birth)
        isSettled = false
        for position in peers.indices {
            let node = peers[position].id
            let wasMember = peers[position].isMember
            peers[position].isMember = configuration.contains(node)
            if wasMember, !peers[position].isMember { peers[position].isDeparting = true }
            if peers[position].isMember { peers[position].isDeparting = false }
            if let voter = configuration.voter(node) { peers[position].meet(voter.birth) }
            refreshVoice(of: position)
        }
        isOwnQuorum = isQuorum(withSelf: true) { _ in false }
    }

    /// What a peer counts for, with the disk that it is known to have.
    @usableFromInline
    mutating func refreshVoice(of position: Int) {
        let peer = peers[position].id
        peers[position].voice = configurations.latest.voice(of: peer, birth: peers[position].birth)
        if options.mutation == .learnerCountsAsVoter, configurations.latest.learners.contains(peer) {
            peers[position].voice = [.incoming, .outgoing]
        }
    }

    /// Takes note of the disk behind a message. False when the message is from one that is lost since.
    @inlinable
    mutating func isCurrent(_ birth: Birth, of position: Int) -> Bool {
        if birth == peers[position].birth { return true }
        guard birth > peers[position].birth else { return false }
        reborn(position, birth)
        return true
    }

    /// A peer has lost its disk: what it held counts no more, and it is brought up to date from the beginning.
    @usableFromInline
    mutating func reborn(_ position: Int, _ birth: Birth) {
        peers[position].meet(birth)
        refreshVoice(of: position)
        votes &= ~(1 << UInt64(position))
    }
}
