import ProtocolKit

/// A failure as small as it got.
public struct ShrunkFailure: Sendable {
    /// The run that still fails: its faults are a script.
    public var options: SimulationOptions
    /// The faults.
    public var script: [ScheduledFault]
    /// What it comes to.
    public var result: SimulationResult
    /// How many runs it took.
    public var replays: Int
    /// Whether no single fault could be left out; not when the runs allowed were used up first.
    public var isMinimal: Bool
    /// Faults that struck in the run as it was found.
    public var originalFaults: Int
}

/// Makes failing runs small enough to read.
public enum FailureShrinker {
    /// Runs that shrinking may take unless said otherwise.
    public static let usualReplays = 600

    /// Shrinks a failing run: fewer operations, faults, nodes, clients and users, and rounder times, as long as the same
    /// property stays broken.
    ///
    /// - Parameters:
    ///   - options: what the run was done with, its seed included.
    ///   - failure: what it came to.
    ///   - replays: how many runs may be done.
    ///   - isCancelled: asked before each run.
    /// - Returns: the smallest run found, or nil where the faults that struck, as a script, don't break the property.
    /// - Throws: ``OptionError`` naming the valid options where one is unknown or out of range.
    @inlinable
    public static func shrink<System: ClusterSystem>(
        _ type: System.Type, options: SimulationOptions, failure: SimulationResult,
        replays: Int = FailureShrinker.usualReplays, isCancelled: @escaping () -> Bool = { false }
    ) throws(OptionError) -> ShrunkFailure? {
        let simulation = try Simulation(type, options: options)
        var search = ShrinkSearch(
            failure: failure, options: options, nodeRange: System.descriptor.nodeRange, replays: replays,
            isCancelled: isCancelled
        ) { Simulation(simulation.system, options: $0).run() }
        return search?.shrink()
    }
}
