/// What a session may rely on (Terry, Demers, Petersen, Spreitzer, Theimer & Welch, PDIS 1994, "Session guarantees for
/// weakly consistent replicated data").
public struct SessionGuarantee: OptionSet, Sendable, Hashable {
    /// The bits.
    public let rawValue: UInt8
    /// Guarantees from their bits.
    public init(rawValue: UInt8) { self.rawValue = rawValue }

    /// A read sees the session's own earlier writes, or something newer.
    public static let readYourWrites = SessionGuarantee(rawValue: 1)
    /// A read sees what the session's earlier reads saw, or something newer.
    public static let monotonicReads = SessionGuarantee(rawValue: 2)
    /// A session's writes take effect in its order.
    public static let monotonicWrites = SessionGuarantee(rawValue: 4)
    /// A write takes effect after the writes that the session had seen.
    public static let writesFollowReads = SessionGuarantee(rawValue: 8)
    /// All four.
    public static let all: SessionGuarantee = [.readYourWrites, .monotonicReads, .monotonicWrites, .writesFollowReads]
}

/// Derives from the sessions of one key which version must not lie behind which.
///
/// Within a session, what an operation wrote or saw must not be older than what was written or seen by the operations
/// that had ended before it was sent. Only the nearest of these get edges; where several had been under way at once, a
/// node of its own stands for "not older than any of these".
struct SessionEdges {
    /// Versions first, then the nodes that stand for several.
    private(set) var nodeCount: Int
    private(set) var edges: ContiguousArray<VersionGraph.Edge> = []

    private let group: KeyGroup
    private let versions: KeyVersions
    private let guarantees: SessionGuarantee

    /// The newest version that the ended operations of a session wrote, or saw.
    private struct Mark {
        var node: Int32 = -1
        var operation: Int32 = -1
    }

    private struct Open {
        var position: Int
        /// The session's marks when the operation was sent.
        var wrote: Int32
        var saw: Int32
    }

    /// - Parameter order: the group's positions, session by session and there in order of invocation.
    init(_ group: KeyGroup, _ versions: KeyVersions, order: [Int32], guarantees: SessionGuarantee) {
        self.group = group
        self.versions = versions
        self.guarantees = guarantees
        nodeCount = versions.writer.count
        edges.reserveCapacity(2 * order.count)
        var start = 0
        while start < order.count {
            let client = group[Int(order[start])].client
            var end = start + 1
            while end < order.count, group[Int(order[end])].client == client { end += 1 }
            follow(order[start..<end])
            start = end
        }
        guard versions.isInitialSeen else { return }
        for version in versions.writer.indices.dropFirst() {
            let number = Int32(truncatingIfNeeded: version)
            edges.append(.init(from: 0, to: number, earlier: -1, later: versions.writer[version]))
        }
    }

    /// The positions of a group, session by session and there in order of invocation.
    static func order(_ group: KeyGroup) -> [Int32] {
        (0..<Int32(truncatingIfNeeded: group.count)).sorted {
            let (first, second) = (group[Int($0)], group[Int($1)])
            return (first.client, first.invokedNanoseconds, first.returnedNanoseconds, $0)
                < (second.client, second.invokedNanoseconds, second.returnedNanoseconds, $1)
        }
    }

    private mutating func follow(_ session: ArraySlice<Int32>) {
        var wrote = Mark()
        var saw = Mark()
        /// What is under way, in order of return.
        var open: [Open] = []
        for number in session {
            let position = Int(number)
            let operation = group[position]
            while let first = open.first, group[first.position].returnedNanoseconds < operation.invokedNanoseconds {
                open.removeFirst()
                end(first, &wrote, &saw)
            }
            begin(position, wrote, saw)
            guard operation.hasReturned else { continue }
            let place = open.partitioningIndex {
                group[$0.position].returnedNanoseconds > operation.returnedNanoseconds
            }
            open.insert(Open(position: position, wrote: wrote.node, saw: saw.node), at: place)
        }
    }

    private mutating func begin(_ position: Int, _ wrote: Mark, _ saw: Mark) {
        let (written, seen) = (versions.written[position], versions.seen[position])
        if written >= 0 {
            if guarantees.contains(.monotonicWrites) { add(from: wrote, to: written, position) }
            if guarantees.contains(.writesFollowReads) {
                add(from: saw, to: written, position)
                if seen >= 0 {
                    add(from: Mark(node: seen, operation: Int32(truncatingIfNeeded: position)), to: written, position)
                }
            }
        }
        if seen >= 0 {
            if guarantees.contains(.readYourWrites) { add(from: wrote, to: seen, position) }
            if guarantees.contains(.monotonicReads) { add(from: saw, to: seen, position) }
        }
    }

    private mutating func end(_ ended: Open, _ wrote: inout Mark, _ saw: inout Mark) {
        let (written, seen) = (versions.written[ended.position], versions.seen[ended.position])
        if written >= 0 {
            let isKnown = guarantees.contains(.monotonicWrites) && ended.wrote == wrote.node
            advance(&wrote, to: written, ended.position, isKnown)
        }
        if seen >= 0 {
            let isKnown = guarantees.contains(.monotonicReads) && ended.saw == saw.node
            advance(&saw, to: seen, ended.position, isKnown)
        }
    }

    /// Moves a mark to a version, or to a new node behind both; `isKnown` says that an edge leads from the one to the other.
    private mutating func advance(_ mark: inout Mark, to version: Int32, _ position: Int, _ isKnown: Bool) {
        let operation = Int32(truncatingIfNeeded: position)
        if mark.node < 0 || mark.node == version || isKnown {
            mark = Mark(node: version, operation: operation)
            return
        }
        let joint = Int32(truncatingIfNeeded: nodeCount)
        nodeCount += 1
        edges.append(.init(from: mark.node, to: joint, earlier: mark.operation, later: -1))
        edges.append(.init(from: version, to: joint, earlier: operation, later: -1))
        mark = Mark(node: joint, operation: -1)
    }

    @inline(__always)
    private mutating func add(from mark: Mark, to version: Int32, _ position: Int) {
        guard mark.node >= 0, mark.node != version else { return }
        edges.append(
            .init(from: mark.node, to: version, earlier: mark.operation, later: Int32(truncatingIfNeeded: position)))
    }
}
