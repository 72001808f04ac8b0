import ByteCoding
import ProtocolKit

/// With version vectors no write is lost to another that happened at the same time (sections 4.4 and 6.3 of the Dynamo
/// paper): a node that takes a write for overwritten has it from a client that had seen the write.
///
/// With this, and with acknowledged writes being held, the siblings that the replicas agree upon in the end are the
/// acknowledged writes that nobody has overwritten, and some that weren't acknowledged.
struct NoLostUpdate: Invariant {
    typealias Node = Dynamo

    private struct Writes: Sendable {
        /// Everything that the clients of all writes had seen.
        var seen = VersionVector()
        /// The writes that nobody has seen and overwritten.
        var current: [Version] = []
    }

    private var writes = KeyTable<Writes>()

    var name: String { "no-lost-update" }

    mutating func check(_ nodes: NodeStates<Node>, changed: Int) -> String? {
        guard !nodes[changed].journal.isEmpty, nodes[changed].options.conflicts == .versionVectors else { return nil }
        for index in nodes[changed].journal.issued.indices { note(nodes[changed].journal.issued[index]) }
        return nodes.forEachChange(changed) { key, hash, cell in
            guard case .siblings(let set) = cell, let place = writes.find(key, hash: hash) else { return nil }
            let lost = writes.items[place].content.current.first {
                set.clock.covers($0.dot) && !set.contains($0.dot)
            }
            return lost.map {
                "node \(nodes[changed].id) takes \($0) of \(key) for overwritten, which no client had seen"
            }
        }
    }

    private mutating func note(_ issue: StepJournal.Issue) {
        let hash = KeyHash.hash(issue.key)
        let place = writes.find(issue.key, hash: hash) ?? writes.insert(issue.key, hash: hash, Writes())
        writes.update(at: place) { writes in
            writes.seen.join(issue.context)
            if let version = issue.version { writes.current.append(version) }
            writes.current.removeAll { writes.seen.covers($0.dot) }
        }
    }
}
