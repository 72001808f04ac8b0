import ProtocolKit

/// Two logs that hold an entry of the same index and epoch are identical up to there.
///
/// By induction it is enough that entries of the same index and epoch have the same content and the same epoch before
/// them, over all logs of the run; so each entry is looked at once when it enters a log.
public struct PrimaryBackupLogMatching: Invariant {
    /// The nodes it looks at.
    public typealias Node = PrimaryBackup<KeyValueStore>

    private struct Seen {
        let previousEpoch: ViewEpoch
        let record: LogRecord
    }

    /// How far a node's log was looked at.
    private struct Watch {
        var last = LogIndex.zero
        var truncations = UInt64(0)
        var incarnation = UInt64(0)
    }

    /// What was seen at each index, from 1; mostly one entry.
    private var seen: [[Seen]] = []
    private var watched: [Watch] = []

    /// Before the first step.
    public init() {}

    /// The property's name.
    public var name: String { "log-matching" }

    /// Looks at the entries that are new in the log of the node that took a step.
    public mutating func check(_ nodes: NodeStates<Node>, changed: Int) -> String? {
        while watched.count < nodes.count { watched.append(Watch()) }
        let (last, base) = (nodes[changed].log.lastIndex, nodes[changed].log.baseIndex)
        let truncations = nodes[changed].log.truncations
        let watch = watched[changed]
        let isAnother = watch.incarnation != nodes.incarnation(changed) || watch.truncations != truncations
        guard isAnother || last > watch.last else { return nil }
        watched[changed] = Watch(last: last, truncations: truncations, incarnation: nodes.incarnation(changed))
        var index = (isAnother ? base : max(watch.last, base)).next
        while index <= last {
            if let wrong = look(nodes, changed, at: index) { return wrong }
            index = index.next
        }
        return nil
    }

    private mutating func look(_ nodes: NodeStates<Node>, _ node: Int, at index: LogIndex) -> String? {
        let record = nodes[node].log[index]
        guard let previous = nodes[node].log.term(at: index.previous) else { return nil }
        while seen.count <= Int(index.rawValue) { seen.append([]) }
        for other in seen[Int(index.rawValue)] where other.record.tag == record.tag {
            if other.record != record { return "entry \(index) of epoch \(record.tag) has two contents" }
            if other.previousEpoch != previous {
                return
                    "before entry \(index) of epoch \(record.tag) stand epochs \(other.previousEpoch) and \(previous)"
            }
            return nil
        }
        seen[Int(index.rawValue)].append(Seen(previousEpoch: previous, record: record))
        return nil
    }
}
