import ProtocolKit

/// The clients that wait for commands this node has proposed, in the order of the slots.
///
/// A leader that is preempted keeps them, because a refusal would claim that a command had no effect: a later leader may
/// find the command in phase 1 and have it decided. Only when the slot is decided with another value is the command dead,
/// since it was proposed for no other slot, and its client sent away.
@usableFromInline
struct AwaitedCommands: Sendable {
    @usableFromInline
    struct Command: Sendable {
        @usableFromInline let slot: LogIndex
        /// The ballot in which it was first proposed there.
        @usableFromInline let birth: Ballot
        @usableFromInline let token: RequestToken

        @inlinable
        init(slot: LogIndex, birth: Ballot, token: RequestToken) {
            self.slot = slot
            self.birth = birth
            self.token = token
        }
    }

    @usableFromInline var commands = Fifo<Command>()

    @inlinable
    init() {}

    /// Notes who waits for the value proposed for a slot, which must come after all slots noted before.
    @inlinable
    mutating func append(_ token: RequestToken, slot: LogIndex, birth: Ballot) {
        assert(commands.isEmpty || commands[commands.count &- 1].slot < slot, "slots are proposed for in order")
        commands.append(Command(slot: slot, birth: birth, token: token))
    }

    /// Who waits for a value at a slot; called in the order of the slots.
    @inlinable
    mutating func take(_ slot: LogIndex) -> Command? {
        guard let first = commands.first, first.slot <= slot else { return nil }
        assert(first.slot == slot, "slot \(first.slot) was passed over")
        commands.removeFirst()
        return first
    }

    /// Whoever waits for slots through one, whose outcome can't be known any more: a snapshot has taken their place.
    mutating func abandon(through slot: LogIndex) -> [ConnectionID] {
        var connections: [ConnectionID] = []
        while let first = commands.first, first.slot <= slot {
            if !connections.contains(first.token.connection) { connections.append(first.token.connection) }
            commands.removeFirst()
        }
        return connections
    }
}
