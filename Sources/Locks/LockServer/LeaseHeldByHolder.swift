import ProtocolKit

/// Every running lease is the lease of its lock's holder, and nobody holds a lock while former leases are waited out.
struct LeaseHeldByHolder: Invariant {
    let name = "lease held by holder"

    mutating func check(_ nodes: NodeStates<LockServer>, changed: Int) -> String? {
        let holders = nodes[changed].table.locks.lazy.filter { $0.holder >= 0 }.count
        if holders != nodes[changed].leases.count {
            return "\(holders) locks are held under \(nodes[changed].leases.count) leases"
        }
        if holders > 0, nodes[changed].graceEnd != nil {
            return "a lock is held while the former incarnation's leases are waited out"
        }
        return nil
    }
}
