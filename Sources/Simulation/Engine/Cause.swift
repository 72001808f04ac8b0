/// Which operation an input goes back to, and how many message delays and syncs lie on the way.
@usableFromInline
struct Cause: BitwiseCopyable {
    /// The operation's number; 0 for none (timers, starts, links).
    @usableFromInline var operation: UInt32
    /// Network hops on the causal chain.
    @usableFromInline var delays: UInt16
    /// Syncs on the causal chain.
    @usableFromInline var syncs: UInt16

    @inlinable
    init(operation: UInt32 = 0, delays: UInt16 = 0, syncs: UInt16 = 0) {
        self.operation = operation
        self.delays = delays
        self.syncs = syncs
    }

    /// One network hop later.
    @inlinable
    var hop: Cause { Cause(operation: operation, delays: operation == 0 ? 0 : delays &+ 1, syncs: syncs) }

    /// One sync later.
    @inlinable
    var sync: Cause { Cause(operation: operation, delays: delays, syncs: operation == 0 ? 0 : syncs &+ 1) }

    /// What waits for both: the longer chain of one operation; a cause without an operation adds nothing.
    @inlinable
    func joined(_ other: Cause) -> Cause {
        if other.operation == 0 { return self }
        if operation != other.operation { return other }
        return Cause(operation: operation, delays: max(delays, other.delays), syncs: max(syncs, other.syncs))
    }
}
