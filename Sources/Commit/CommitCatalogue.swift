import ProtocolKit

/// Adds the commit protocols to a registry.
@inlinable
public func registerCommit<R: SystemRegistry>(_ registry: inout R) {
    registry.add(TwoPhaseCommitSystem.self)
}
