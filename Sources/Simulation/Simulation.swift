import ProtocolKit

/// One deterministic run of a system: its nodes and clients in virtual time, with a network, disks, clocks and faults
/// drawn from one seed. Equal options give equal runs, in every process.
///
/// The run has the two phases of TigerBeetle's VOPR: operations under faults, which must leave every safety property
/// whole; then everything is healed and every user must be answered within a bound.
public struct Simulation<System: ClusterSystem>: Sendable {
    /// The system under test.
    public let system: System
    /// What the run depends on.
    public let options: SimulationOptions

    /// A run of a system as it is made of `options.variant` and `options.mutation`.
    ///
    /// - Throws: ``OptionError`` naming the valid options where one is unknown or out of range.
    @inlinable
    public init(_ type: System.Type = System.self, options: SimulationOptions) throws(OptionError) {
        system = try System(options: options.variant, mutation: options.mutation)
        try system.check(nodes: options.nodes)
        self.options = options
    }

    /// A run of a system that is made already.
    @inlinable
    public init(_ system: System, options: SimulationOptions) {
        self.system = system
        self.options = options
    }

    /// Runs to the end.
    @inlinable
    public func run() -> SimulationResult {
        let drawn = options.drawn(for: System.self)
        let engine = Engine(system: drawn.variant == options.variant ? system : rarely(drawn), options: drawn)
        engine.run()
        return engine.result()
    }

    /// The system with the rare options that a seed has drawn.
    @usableFromInline
    func rarely(_ drawn: SimulationOptions) -> System {
        do {
            return try System(options: drawn.variant, mutation: drawn.mutation)
        } catch {
            preconditionFailure("\(System.descriptor.name) doesn't take its own rare options: \(error)")
        }
    }
}
