import ProtocolKit

/// Adds the lock services to a registry.
@inlinable
public func registerLocks<R: SystemRegistry>(_ registry: inout R) {
    registry.add(LockServerSystem.self)
}
