import ProtocolKit

/// A system whose nodes exchange messages, as the harness uses it.
///
/// The initialiser is the one place where the system's concrete type is known: every closure that starts its nodes or
/// drives a load on it is formed there, so that all below is specialised for the system and nothing on a hot path is
/// dynamic.
public struct ClusterEntry: Sendable {
    /// Name, source, options, number of nodes.
    public let descriptor: SystemDescriptor
    /// What clients do with it.
    public let service: ServiceFacts
    /// What one operation of each kind must cost with these options and so many nodes.
    public let costs: @Sendable (VariantOptions, Int) throws(OptionError) -> [OperationCost]
    /// Checks options and the name of a planted fault.
    public let checkOptions: @Sendable (VariantOptions, String?) throws(OptionError) -> Void

    /// Runs a trial on it.
    public var run: TrialRun?
    /// Runs one node in this process until a stop is asked for. `announce` is told its client address once it listens.
    public var runNode: (@Sendable (NodeRequest, Interruption, _ announce: (ServedNode) -> Void) throws -> Void)?
    /// Runs a whole cluster until a stop is asked for. `announce` is told the nodes once they serve.
    public var serve: (@Sendable (ServeRequest, Interruption, _ announce: ([ServedNode]) -> Void) throws -> Void)?

    /// The entry of a system.
    public init<System: ClusterSystem>(_ system: System.Type) {
        descriptor = system.descriptor
        service = ServiceFacts(System.Offer.self)
        costs = { options, nodes throws(OptionError) in
            try System(options: options, mutation: nil).costs(nodes: nodes)
        }
        checkOptions = { options, mutation throws(OptionError) in
            _ = try ResolvedOptions(options, mutation: mutation, for: System.descriptor)
            _ = try System(options: options, mutation: mutation)
        }
    }
}
