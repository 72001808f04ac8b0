import ByteCoding
import ProtocolKit

extension NodeStates where Node == Dynamo {
    /// Whether a node that is up knows all that a cell knows, as a replica or in a replica's place.
    func holds(_ position: Int, _ key: Bytes, _ hash: UInt64, _ cell: Cell) -> Bool {
        if let mine = self[position].store.cell(key, hash: hash), mine.includes(cell) { return true }
        guard let place = self[position].hints.find(key, hash: hash) else { return false }
        return self[position].hints.items[place].content.cell?.includes(cell) ?? false
    }

    /// The cells that the last step of a node changed, in its store or among its hints.
    func forEachChange(_ position: Int, _ body: (_ key: Bytes, _ hash: UInt64, _ cell: Cell) -> String?) -> String? {
        for index in self[position].journal.stored.indices {
            let key = self[position].journal.stored[index]
            let hash = KeyHash.hash(key)
            if let cell = self[position].store.cell(key, hash: hash), let wrong = body(key, hash, cell) { return wrong }
        }
        for index in self[position].journal.hinted.indices {
            let key = self[position].journal.hinted[index]
            let hash = KeyHash.hash(key)
            guard let place = self[position].hints.find(key, hash: hash),
                let cell = self[position].hints.items[place].content.cell
            else { continue }
            if let wrong = body(key, hash, cell) { return wrong }
        }
        return nil
    }
}

/// For some keys, all that is known from several cells together.
struct KnownCells: Sendable {
    private(set) var table = KeyTable<Cell>()

    /// Adds what a cell knows.
    mutating func add(_ key: Bytes, _ hash: UInt64, _ cell: Cell) {
        if let place = table.find(key, hash: hash) {
            table.update(at: place) { _ = $0.merge(cell) }
        } else {
            table.insert(key, hash: hash, cell)
        }
    }

    subscript(key: Bytes, hash: UInt64) -> Cell? {
        table.find(key, hash: hash).map { table.items[$0].content }
    }

    /// Whether everything that a cell knows is known.
    func include(_ key: Bytes, _ hash: UInt64, _ cell: Cell) -> Bool {
        self[key, hash]?.includes(cell) ?? false
    }

    mutating func removeAll() { table = KeyTable() }
}
