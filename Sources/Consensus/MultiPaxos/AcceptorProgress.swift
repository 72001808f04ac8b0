import ProtocolKit

/// What a leader knows of another acceptor.
@usableFromInline
struct AcceptorProgress: Sendable {
    @usableFromInline let id: NodeID
    /// The next slot to send. There is no need to know that what came before has arrived: slots are independent.
    @usableFromInline var next = LogIndex(1)
    /// Slots through here are counted for it.
    @usableFromInline var counted = LogIndex.zero
    @usableFromInline var inFlight: InFlight
    /// When it was last heard from, in this leader's ballot.
    @usableFromInline var contact = UInt64(0)
    /// The latest round it was sent, and the latest it answered.
    @usableFromInline var sentRound = UInt64(0)
    @usableFromInline var acknowledgedRound = UInt64(0)
    /// The latest round that it answered, be it ahead of what it had to write.
    @usableFromInline var confirmedRound = UInt64(0)
    /// A round whose answer shows whether everything sent before it has arrived, and what was sent before it.
    @usableFromInline var probeRound = UInt64(0)
    @usableFromInline var probedThrough = LogIndex.zero
    /// What it needs next is compacted away: it has to fetch a snapshot.
    @usableFromInline var needsSnapshot = false
    /// Whether its acceptances count.
    @usableFromInline var isVoter = true

    @inlinable
    init(id: NodeID, window: Int) {
        self.id = id
        inFlight = InFlight(window: window)
    }

    /// Notes that a message of the latest round has left, with values through `last` where it has any.
    @inlinable
    mutating func sent(round: UInt64, through last: LogIndex?) {
        if let last {
            next = LogIndex(last.rawValue &+ 1)
            inFlight.append(last)
        }
        sentRound = round
        if probeRound <= acknowledgedRound, round > acknowledgedRound {
            probeRound = round
            probedThrough = next.previous
        }
    }

    /// A round was answered: links keep the order of messages, so that what was sent before and isn't accepted is lost.
    @inlinable
    mutating func acknowledged(round: UInt64, through: LogIndex) {
        acknowledgedRound = round
        if round > confirmedRound { confirmedRound = round }
        guard round >= probeRound, through < probedThrough else { return }
        rewind(after: through)
    }

    /// Begins to send again after a slot.
    @usableFromInline
    mutating func rewind(after slot: LogIndex) {
        next = slot.next
        inFlight.removeAll()
        // What is sent now needs a round of its own before it counts as lost.
        probedThrough = .zero
    }
}
