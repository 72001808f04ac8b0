import ByteCoding
import ProtocolKit

/// A write that is acknowledged to its client is held by W nodes, those that stand in for replicas among them (sections
/// 4.5 and 4.6 of the Dynamo paper), and a node that has acknowledged it still holds it, or what superseded it, after a
/// crash.
struct AcknowledgedWrites: Invariant {
    typealias Node = Dynamo

    /// What each node has promised to hold as a replica.
    private var promised: [KnownCells] = []
    /// What each node has promised to hold in a replica's place: it, or a replica.
    private var kept: [KnownCells] = []
    /// Deletions, which every node forgets in time, and what they superseded.
    private var deleted = KnownCells()
    private var incarnations: [UInt64] = []
    /// Who has lost its disk at some time.
    private var replaced: [Bool] = []

    var name: String { "acknowledged-writes" }

    mutating func check(_ nodes: NodeStates<Node>, changed: Int) -> String? {
        while incarnations.count < nodes.count {
            promised.append(KnownCells())
            kept.append(KnownCells())
            incarnations.append(0)
            replaced.append(false)
        }
        if incarnations[changed] != nodes.incarnation(changed) {
            incarnations[changed] = nodes.incarnation(changed)
            if let wrong = checkRestarted(nodes, changed) { return wrong }
        }
        guard !nodes[changed].journal.isEmpty else { return nil }
        _ = nodes.forEachChange(changed) { key, hash, cell in
            if cell.isTombstone { deleted.add(key, hash, cell) }
            return nil
        }
        for index in nodes[changed].journal.acknowledged.indices {
            if let wrong = note(nodes[changed].journal.acknowledged[index], by: changed, nodes) { return wrong }
        }
        return nil
    }

    private mutating func note(
        _ write: StepJournal.Acknowledgement, by coordinator: Int, _ nodes: NodeStates<Node>
    ) -> String? {
        var holders = 0
        let partition = PreferenceRing.partition(of: write.hash)
        let replicas = nodes[coordinator].ring.replicas(of: partition)
        // A replica that is down and hasn't answered may have been handed the write by the node that stood in for it.
        let isReplicaAway = nodes.indices.contains {
            (replicas & ~write.holders) & 1 << UInt64($0) != 0 && !nodes.isUp($0)
        }
        for node in nodes.indices {
            let hasAnswered = write.holders & 1 << UInt64(node) != 0
            let holds = nodes.isUp(node) && nodes.holds(node, write.key, write.hash, write.cell)
            let mayHaveHandedOver = isReplicaAway && replicas & 1 << UInt64(node) == 0
            // One that has lost its disk may have answered before.
            if holds || hasAnswered && (!nodes.isUp(node) || replaced[node] || mayHaveHandedOver) { holders += 1 }
            guard hasAnswered, holds || !replaced[node] else { continue }
            if replicas & 1 << UInt64(node) != 0 {
                promised[node].add(write.key, write.hash, write.cell)
            } else {
                kept[node].add(write.key, write.hash, write.cell)
            }
        }
        let quorum = nodes[coordinator].writeQuorum
        guard holders < quorum, !deleted.include(write.key, write.hash, write.cell) else { return nil }
        return
            "node \(nodes[coordinator].id) acknowledged a write of \(write.key) that \(holders) nodes hold, not \(quorum)"
    }

    private mutating func checkRestarted(_ nodes: NodeStates<Node>, _ node: Int) -> String? {
        if nodes[node].isReplacement {
            replaced[node] = true
            promised[node].removeAll()
            kept[node].removeAll()
            return nil
        }
        for item in promised[node].table.items
        where !nodes.holds(node, item.key, item.hash, item.content)
            && !deleted.include(item.key, item.hash, item.content)
        {
            return "node \(nodes[node].id) has lost an acknowledged write of \(item.key)"
        }
        for item in kept[node].table.items where !nodes.holds(node, item.key, item.hash, item.content) {
            let replicas = nodes[node].ring.replicas(of: PreferenceRing.partition(of: item.hash))
            let mayBeHeld = nodes.indices.contains {
                replicas & 1 << UInt64($0) != 0
                    && (!nodes.isUp($0) || nodes.holds($0, item.key, item.hash, item.content))
            }
            guard mayBeHeld || deleted.include(item.key, item.hash, item.content) else {
                return "node \(nodes[node].id) has lost an acknowledged write of \(item.key) that it kept for a replica"
            }
        }
        return nil
    }
}
