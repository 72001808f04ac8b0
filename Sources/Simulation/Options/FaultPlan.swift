import ProtocolKit

/// Which faults strike while operations run. They are healed before progress is required.
public enum FaultPlan: Sendable {
    /// None.
    case none
    /// These, at these times in nanoseconds after the prologue.
    case script([ScheduledFault])
    /// Drawn from the seed.
    ///
    /// With `swarm`, each kind of fault is left out of about half of the seeds, and what is left strikes more or less
    /// often (Groce et al., "Swarm testing", ISSTA 2012): a kind that is always there can mask what another would show.
    case random(FaultRates, swarm: Bool = true)
}

/// A fault and its time.
public struct ScheduledFault: Sendable, Hashable {
    /// Nanoseconds after the prologue.
    public var nanoseconds: UInt64
    /// What happens.
    public var fault: Fault
    /// A fault at a time.
    public init(at nanoseconds: UInt64, _ fault: Fault) {
        self.nanoseconds = nanoseconds
        self.fault = fault
    }
}
