import ProtocolKit

/// Every running lease is the lease of its lock's holder, and nobody holds a lock while former leases are waited out.
struct LeaseHeldByHolder: Invariant {
    let name = "lease held by holder"

    mutating func check(_ nodes: [LockServer?], changed: Int) -> String? {
        guard let server = nodes[changed] else { return nil }
        let holders = server.table.locks.lazy.filter { $0.holder >= 0 }.count
        if holders != server.leases.count {
            return "\(holders) locks are held under \(server.leases.count) leases"
        }
        if holders > 0, server.graceEnd != nil {
            return "a lock is held while the former incarnation's leases are waited out"
        }
        return nil
    }
}
