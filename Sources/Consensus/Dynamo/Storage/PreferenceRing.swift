import ProtocolKit
import Synchronization

/// Which nodes keep which keys (sections 4.2, 4.3 and 6.2 of the Dynamo paper): every node has many tokens on a ring of
/// hashes, the ring is cut into partitions of equal size (the paper's third strategy), and a partition's preference list
/// is the order in which a walk from its beginning meets the nodes. The first N of it are the replicas of its keys.
struct PreferenceRing: Sendable {
    /// Number of partitions; a key's is told by the highest bits of its hash.
    static let partitions = 256
    private static let tokensPerNode: UInt64 = 64

    /// Number of nodes.
    let nodes: Int
    /// N: number of replicas of a key.
    let replicas: Int
    /// All preference lists one after the other: positions among the members.
    private var orders: ContiguousArray<UInt8> = []
    /// A bit for each replica of each partition, by position among the members.
    private var homes: ContiguousArray<UInt64> = []

    /// The ring that was made last, with its members: a simulation starts nodes of one cluster over and over, and making
    /// the ring is most of a start.
    private static let last = Mutex<(members: [NodeID], ring: PreferenceRing)?>(nil)

    /// The ring of these members; the one that was made last where it is the same.
    static func shared(members: [NodeID], replicas wanted: Int) -> PreferenceRing {
        last.withLock { last in
            if let last, last.members == members, last.ring.replicas == min(max(1, wanted), members.count) {
                return last.ring
            }
            let ring = PreferenceRing(members: members, replicas: wanted)
            last = (members, ring)
            return ring
        }
    }

    /// The ring of these members.
    init(members: [NodeID], replicas wanted: Int) {
        precondition(!members.isEmpty && members.count <= 63, "between 1 and 63 nodes are told apart in 64 bits")
        nodes = members.count
        replicas = min(max(1, wanted), members.count)
        // The lowest bits of a token are its node's position: 56 bits are enough to put them in order.
        var tokens: ContiguousArray<UInt64> = []
        tokens.reserveCapacity(nodes * Int(Self.tokensPerNode))
        for (position, member) in members.enumerated() {
            for number in 0..<Self.tokensPerNode {
                let token = KeyHash.mix(KeyHash.mix(UInt64(member.rawValue) + 1, number + 1), 0xD1B5_4A32_D192_ED03)
                tokens.append(token & ~0xFF | UInt64(position))
            }
        }
        tokens.sort()
        orders.reserveCapacity(Self.partitions * nodes)
        homes.reserveCapacity(Self.partitions)
        var start = 0
        for partition in 0..<Self.partitions {
            while start < tokens.count, tokens[start] < UInt64(partition) << 56 { start += 1 }
            appendOrder(tokens, from: start)
        }
    }

    private mutating func appendOrder(_ tokens: ContiguousArray<UInt64>, from start: Int) {
        var met: UInt64 = 0
        var home: UInt64 = 0
        var rank = 0
        var place = start
        while rank < nodes {
            if place == tokens.count { place = 0 }
            let position = tokens[place] & 0xFF
            place += 1
            guard met & 1 << position == 0 else { continue }
            met |= 1 << position
            if rank < replicas { home = met }
            orders.append(UInt8(position))
            rank += 1
        }
        homes.append(home)
    }

    /// The partition of a key's hash.
    @inline(__always)
    static func partition(of hash: UInt64) -> Int { Int(truncatingIfNeeded: hash >> 56) }

    /// The node at a rank of a partition's preference list, as a position among the members.
    @inline(__always)
    func node(_ partition: Int, rank: Int) -> Int { Int(orders[partition &* nodes &+ rank]) }

    /// A bit for each replica of a partition.
    @inline(__always)
    func replicas(of partition: Int) -> UInt64 { homes[partition] }

    /// Whether a node is a replica of a partition.
    @inline(__always)
    func isReplica(_ position: Int, of partition: Int) -> Bool { homes[partition] & 1 << UInt64(position) != 0 }
}
