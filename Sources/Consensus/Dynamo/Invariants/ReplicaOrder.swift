import ByteCoding
import ProtocolKit

/// What a replica holds of a key never goes back (sections 4.4 and 4.7 of the Dynamo paper): a version is replaced by a
/// greater one only, and a version that was overwritten or deleted doesn't come back, even after the deletion is
/// forgotten.
struct ReplicaOrder: Invariant {
    typealias Node = Dynamo

    /// For each node all that it has known in its present incarnation.
    private var known: [KnownCells] = []
    private var incarnations: [UInt64] = []

    var name: String { "replica-order" }

    mutating func check(_ nodes: NodeStates<Node>, changed: Int) -> String? {
        guard !nodes[changed].journal.stored.isEmpty else { return nil }
        while known.count < nodes.count {
            known.append(KnownCells())
            incarnations.append(0)
        }
        if incarnations[changed] != nodes.incarnation(changed) {
            // What the crash took it may be given again.
            incarnations[changed] = nodes.incarnation(changed)
            known[changed].removeAll()
        }
        for index in nodes[changed].journal.stored.indices {
            let key = nodes[changed].journal.stored[index]
            let hash = KeyHash.hash(key)
            guard let cell = nodes[changed].store.cell(key, hash: hash) else { continue }
            if let before = known[changed][key, hash], let wrong = Self.regress(from: before, to: cell) {
                return "node \(nodes[changed].id) went back in \(key): \(wrong)"
            }
            known[changed].add(key, hash, cell)
        }
        return nil
    }

    private static func regress(from before: Cell, to cell: Cell) -> String? {
        switch (before, cell) {
        case (.register(let old, _), .register(let new, _)):
            return new < old ? "from \(old) to \(new)" : nil
        case (.siblings(let old), .siblings(let new)):
            let back = new.siblings.first { old.clock.covers($0.version.dot) && !old.contains($0.version.dot) }
            return back.map { "\($0.version) was overwritten and is there again" }
        default: return "from one kind of versions to another"
        }
    }
}
