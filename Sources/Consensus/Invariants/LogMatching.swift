import ProtocolKit

/// Two logs that hold an entry of the same index and term are identical up to there (figure 3 of the Raft paper).
///
/// By induction it is enough that entries of the same index and term have the same content and the same term before
/// them, over all logs of the run; so each entry is looked at once when it enters a log.
public struct LogMatching<Machine: StateMachine>: Invariant {
    /// The nodes it looks at.
    public typealias Node = Raft<Machine>

    private struct Seen {
        let term: UInt64
        let previousTerm: UInt64
        let record: LogRecord
    }

    /// What was seen at each index, from 1; mostly one entry.
    private var seen: [[Seen]] = []
    private var watched: [LogWatch] = []

    /// Before the first step.
    public init() {}

    /// The property's name.
    public var name: String { "log-matching" }

    /// Looks at the entries that are new in the log of the node that took a step.
    public mutating func check(_ nodes: NodeStates<Node>, changed: Int) -> String? {
        while watched.count < nodes.count { watched.append(LogWatch()) }
        guard let range = watched[changed].newEntries(nodes, of: changed) else { return nil }
        var index = range.lowerBound
        while index <= range.upperBound {
            if let wrong = look(nodes, changed, at: index) { return wrong }
            index = index.next
        }
        return nil
    }

    private mutating func look(_ nodes: NodeStates<Node>, _ node: Int, at index: LogIndex) -> String? {
        let record = nodes[node].log[index]
        guard let previousTerm = nodes[node].log.term(at: index.previous)?.rawValue else { return nil }
        while seen.count <= Int(index.rawValue) { seen.append([]) }
        for other in seen[Int(index.rawValue)] where other.term == record.tag {
            if other.record != record { return "entry \(index) of term \(record.tag) has two contents" }
            if other.previousTerm != previousTerm {
                return
                    "before entry \(index) of term \(record.tag) stand terms \(other.previousTerm) and \(previousTerm)"
            }
            return nil
        }
        seen[Int(index.rawValue)].append(Seen(term: record.tag, previousTerm: previousTerm, record: record))
        return nil
    }
}

/// Which entries of a node's log are new since the last look.
struct LogWatch {
    private var last = LogIndex.zero
    private var truncations = UInt64(0)
    private var incarnation = UInt64(0)

    /// The new entries, or nil; all of the log after a truncation or a restart.
    mutating func newEntries<Machine>(_ nodes: NodeStates<Raft<Machine>>, of node: Int) -> ClosedRange<LogIndex>? {
        let (lastIndex, base) = (nodes[node].log.lastIndex, nodes[node].log.baseIndex)
        let count = nodes[node].log.truncations
        let isChanged = incarnation != nodes.incarnation(node) || truncations != count
        guard isChanged || lastIndex > last else { return nil }
        let first = isChanged ? base.next : max(last, base).next
        last = lastIndex
        truncations = count
        incarnation = nodes.incarnation(node)
        return first <= lastIndex ? first...lastIndex : nil
    }
}
