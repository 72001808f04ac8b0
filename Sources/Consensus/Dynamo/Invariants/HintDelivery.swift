import ByteCoding
import ProtocolKit

/// A hint is kept until its replica has what it stands for (section 4.6 of the Dynamo paper).
struct HintDelivery: Invariant {
    typealias Node = Dynamo

    private struct Kept: Sendable {
        var targets: UInt64
        /// What was to be delivered.
        var cell: Cell
    }

    /// The hints of each node in its present incarnation.
    private var kept: [KeyTable<Kept>] = []
    /// What nodes that were down had been given by then.
    private var delivered: [KnownCells] = []
    private var deleted = KnownCells()
    private var incarnations: [UInt64] = []

    var name: String { "hint-delivery" }

    mutating func check(_ nodes: NodeStates<Node>, changed: Int) -> String? {
        while incarnations.count < nodes.count {
            kept.append(KeyTable())
            delivered.append(KnownCells())
            incarnations.append(0)
        }
        if incarnations[changed] != nodes.incarnation(changed) {
            incarnations[changed] = nodes.incarnation(changed)
            if let wrong = restarted(nodes, changed) { return wrong }
        }
        guard !nodes[changed].journal.isEmpty else { return nil }
        _ = nodes.forEachChange(changed) { key, hash, cell in
            if cell.isTombstone { deleted.add(key, hash, cell) }
            return nil
        }
        for index in nodes[changed].journal.hinted.indices {
            if let wrong = look(nodes, changed, nodes[changed].journal.hinted[index]) { return wrong }
        }
        return nil
    }

    private mutating func restarted(_ nodes: NodeStates<Node>, _ node: Int) -> String? {
        kept[node] = KeyTable()
        for index in nodes[node].hints.items.indices { note(nodes, node, nodes[node].hints.items[index].key) }
        defer { delivered[node].removeAll() }
        guard !nodes[node].isReplacement else { return nil }
        for item in delivered[node].table.items
        where !nodes.holds(node, item.key, item.hash, item.content)
            && !deleted.include(item.key, item.hash, item.content)
        {
            return "node \(nodes[node].id) hasn't got the write of \(item.key) that was kept for it"
        }
        return nil
    }

    private mutating func look(_ nodes: NodeStates<Node>, _ node: Int, _ key: Bytes) -> String? {
        let hash = KeyHash.hash(key)
        defer { note(nodes, node, key) }
        guard let place = kept[node].find(key, hash: hash) else { return nil }
        let before = kept[node].items[place].content
        var ended = before.targets
        if let now = nodes[node].hints.find(key, hash: hash) { ended &= ~nodes[node].hints.items[now].content.targets }
        for target in nodes.indices where ended & 1 << UInt64(target) != 0 {
            guard nodes.isUp(target) else {
                delivered[target].add(key, hash, before.cell)
                continue
            }
            if nodes[target].isReplacement || nodes.holds(target, key, hash, before.cell)
                || deleted.include(key, hash, before.cell)
            {
                continue
            }
            return "node \(nodes[node].id) gave up its hint of \(key) before node \(nodes[target].id) had it"
        }
        return nil
    }

    /// Takes down a node's hint as it is.
    private mutating func note(_ nodes: NodeStates<Node>, _ node: Int, _ key: Bytes) {
        let hash = KeyHash.hash(key)
        let before = kept[node].find(key, hash: hash)
        guard let place = nodes[node].hints.find(key, hash: hash),
            var cell = nodes[node].hints.items[place].content.cell ?? nodes[node].store.cell(key, hash: hash)
        else {
            if let before { kept[node].remove(at: before) }
            return
        }
        let targets = nodes[node].hints.items[place].content.targets
        if let before, nodes[node].hints.items[place].content.cell == nil {
            // What a replica owes is what it held when it last came to owe something, not what it has stored since.
            let old = kept[node].items[before].content
            if targets & ~old.targets == 0 { cell = old.cell }
        }
        let now = Kept(targets: targets, cell: cell)
        if let before {
            kept[node].update(at: before) { $0 = now }
        } else {
            kept[node].insert(key, hash: hash, now)
        }
    }
}
