import ProtocolKit

/// Two histories that have a transaction of the same identifier agree on everything up to it.
///
/// By induction it is enough that transactions of the same identifier have the same content, index and predecessor, over
/// all histories of the run; so each is looked at once when it enters a history. Synchronisation relies on it when it
/// looks for the point where two histories part.
public struct ZabHistoryPrefix: Invariant {
    /// The nodes it looks at.
    public typealias Node = Zab<KeyValueStore>

    private struct Seen {
        let record: LogRecord
        let previous: Zxid
    }

    private var seen = TransactionTable<Seen>()
    private var watches: [HistoryWatch] = []

    /// Before the first step.
    public init() {}

    /// The property's name.
    public var name: String { "history prefix" }

    /// Looks at the transactions that are new in the history of the process that took a step.
    public mutating func check(_ nodes: NodeStates<Node>, changed: Int) -> String? {
        while watches.count < nodes.count { watches.append(HistoryWatch()) }
        guard let range = watches[changed].newTransactions(nodes, changed: changed),
            var previous = nodes[changed].history.zxid(at: range.lowerBound.previous)
        else { return nil }
        var index = range.lowerBound
        while index <= range.upperBound {
            let record = nodes[changed].history[index]
            let zxid = Zxid(record.tag)
            if zxid <= previous { return "\(zxid) stands after \(previous) in process \(nodes[changed].id)'s history" }
            if let other = seen[zxid] {
                guard other.record == record else { return "\(zxid) has two contents or places" }
                guard other.previous == previous else {
                    return "\(other.previous) and \(previous) both stand before \(zxid)"
                }
            } else {
                seen[zxid] = Seen(record: record, previous: previous)
            }
            previous = zxid
            index = index.next
        }
        return nil
    }
}
