import ProtocolKit
import Verification

extension Dynamo {
    /// How much is kept, and what is under way.
    public var status: NodeStatus {
        let linked = peers.reduce(0) { $0 + ($1.isLinked ? 1 : 0) }
        return NodeStatus(
            role: "replica", isLeader: true, leader: nil,
            facts: [
                ("keys", "\(store.count)"), ("tombstones", "\(store.tombstones)"), ("hints", "\(hints.count)"),
                ("operations", "\(operations.count)"), ("linked_peers", "\(linked)"), ("last_index", "\(lastIndex)"),
            ])
    }

    /// The values in place, for the check that replicas end up equal; what was deleted is left out, since replicas forget
    /// it each in its own time.
    var replicaState: ReplicaState {
        var digest: UInt64 = 0
        for partition in store.partitions {
            for item in partition.table.items where !item.content.isTombstone {
                switch item.content {
                case .register(let version, let value):
                    digest &+= KeyHash.mix(version.mixed(into: item.hash), value.map(KeyHash.hash) ?? 0)
                case .siblings(let set):
                    for sibling in set.siblings {
                        digest &+= KeyHash.mix(sibling.version.mixed(into: item.hash), KeyHash.hash(sibling.value))
                    }
                }
            }
        }
        return ReplicaState(replica: "\(id)", applied: lastIndex.rawValue, digest: digest)
    }
}
