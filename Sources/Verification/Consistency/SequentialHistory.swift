/// Operations of one or many keys laid out for ``SequentialSearch``: session by session, with the states that they need.
struct SequentialHistory {
    /// A session's operations: a range of ``operations`` in order of invocation, and those that returned in order of return.
    struct Session {
        var range: Range<Int>
        var byReturn: ContiguousArray<Int32>
    }

    /// What is known of one key.
    struct Key {
        /// Whether an integer state that was left may come back although no operation is known to make it.
        var integersComeBack = false
        /// Whether the same list may come about twice.
        var listsComeBack = false
        /// Whether a text that was left may come about again by joining others.
        var textsComeBack = false
        /// The nodes of the key's versions, the initial one first; empty where they are not known.
        var versions: ContiguousArray<Int32> = []
    }

    private(set) var operations: ContiguousArray<KeyValueOperation> = []
    private(set) var sessions: ContiguousArray<Session> = []
    private(set) var sessionOf: ContiguousArray<Int32> = []
    /// For each operation how many of its session ended before it was sent: these must come first.
    private(set) var predecessors: ContiguousArray<Int32> = []
    private(set) var keys: ContiguousArray<Key> = []
    private(set) var keyOf: ContiguousArray<Int32> = []
    /// For each operation the number of the state of its key that it needs, or −1, and of the one that it leaves, if some
    /// operation needs that, or −1.
    private(set) var needed: ContiguousArray<Int32> = []
    private(set) var produced: ContiguousArray<Int32> = []
    private(set) var stateCount = 0
    private var numberOfState: [State: Int32] = [:]
    /// When an operation's effect was first noticed: its own return or that of the first to see what it wrote.
    private(set) var noticed: ContiguousArray<UInt64> = []
    /// For each operation the node of the version that it writes, or −1; for each node the ones that must come later.
    private(set) var node: ContiguousArray<Int32> = []
    private(set) var isVersion: ContiguousArray<Bool> = []
    private(set) var order: VersionGraph

    private struct State: Hashable {
        var key: Int32
        var value: UInt64
    }

    /// - Parameter groups: the operations of each key; nothing that failed, no read that never returned.
    init(_ groups: [KeyGroup]) {
        order = VersionGraph(nodeCount: 0, edges: [])
        var all: [(operation: KeyValueOperation, key: Int32)] = []
        for (key, group) in groups.enumerated() {
            let kinds = OperationKinds(group)
            let own = (0..<group.count).map { group[$0] }
            keys.append(Self.key(own, kinds))
            for operation in SearchHistory.relevant(own, kinds) {
                all.append((operation, Int32(truncatingIfNeeded: key)))
            }
        }
        all.sort {
            ($0.operation.client, $0.operation.invokedNanoseconds, $0.operation.returnedNanoseconds)
                < ($1.operation.client, $1.operation.invokedNanoseconds, $1.operation.returnedNanoseconds)
        }
        operations = ContiguousArray(all.map(\.operation))
        keyOf = ContiguousArray(all.map(\.key))
        layOutSessions()
        numberStates()
        orderVersions()
    }

    private static func key(_ operations: [KeyValueOperation], _ kinds: OperationKinds) -> Key {
        let isCounter =
            kinds.increments == kinds.writes
            && !operations.contains { $0.kind == .increment && Int64(bitPattern: $0.argument) <= 0 }
        let pieces = operations.lazy.filter { $0.kind == .append }.map(\.argument)
        return Key(
            integersComeBack: kinds.increments > 0 && kinds.unreported > 0 && !isCounter,
            listsComeBack: Set(pieces).count < pieces.count || pieces.contains(ValueIdentity.absent),
            textsComeBack: kinds.concatenations > 0 && kinds.concatenations < kinds.writes)
    }

    // MARK: Sessions

    private mutating func layOutSessions() {
        sessionOf = ContiguousArray(repeating: 0, count: operations.count)
        predecessors = sessionOf
        var start = 0
        while start < operations.count {
            var end = start + 1
            while end < operations.count, operations[end].client == operations[start].client { end += 1 }
            let byReturn = (start..<end).filter { operations[$0].hasReturned }
                .sorted { operations[$0].returnedNanoseconds < operations[$1].returnedNanoseconds }
            var ended = 0
            for index in start..<end {
                while ended < byReturn.count, operations[byReturn[ended]].precedes(operations[index]) { ended += 1 }
                predecessors[index] = Int32(truncatingIfNeeded: ended)
                sessionOf[index] = Int32(truncatingIfNeeded: sessions.count)
            }
            sessions.append(
                Session(
                    range: start..<end, byReturn: ContiguousArray(byReturn.map { Int32(truncatingIfNeeded: $0) })))
            start = end
        }
    }

    // MARK: States

    private mutating func numberStates() {
        for index in operations.indices {
            guard let value = KeyValueModel.neededState(operations[index]) else {
                needed.append(-1)
                continue
            }
            let state = State(key: keyOf[index], value: value)
            if let number = numberOfState[state] {
                needed.append(number)
            } else {
                needed.append(Int32(truncatingIfNeeded: stateCount))
                numberOfState[state] = Int32(truncatingIfNeeded: stateCount)
                stateCount += 1
            }
        }
        var firstSeen = ContiguousArray<UInt64>(repeating: .max, count: stateCount)
        for index in operations.indices where needed[index] >= 0 {
            let number = Int(needed[index])
            firstSeen[number] = min(firstSeen[number], operations[index].returnedNanoseconds)
        }
        for index in operations.indices {
            let number = KeyValueModel.producedState(operations[index]).flatMap {
                self.number(of: $0, key: keyOf[index])
            }
            produced.append(number ?? -1)
            let seen = number.map { firstSeen[Int($0)] } ?? .max
            noticed.append(min(seen, operations[index].hasReturned ? operations[index].returnedNanoseconds : .max))
        }
    }

    private func number(of value: UInt64, key: Int32) -> Int32? { numberOfState[State(key: key, value: value)] }

    /// The number of the state that a key begins with, if some operation needs it, else −1.
    func initialState(ofKey key: Int) -> Int32 {
        number(of: ValueIdentity.absent, key: Int32(truncatingIfNeeded: key)) ?? -1
    }

    /// The number of the state `value` that an operation left, if some operation needs it, else −1.
    @inline(__always)
    func state(leftBy operation: Int, _ value: UInt64) -> Int32 {
        if KeyValueModel.producedState(operations[operation]) == value { return produced[operation] }
        return number(of: value, key: keyOf[operation]) ?? -1
    }

    // MARK: Versions

    /// Where the values of a key tell its versions, and all of them must come to be, the sessions' edges bind the search.
    private mutating func orderVersions() {
        node = ContiguousArray(repeating: -1, count: operations.count)
        var edges: ContiguousArray<VersionGraph.Edge> = []
        var members = [[UInt32]](repeating: [], count: keys.count)
        for index in operations.indices { members[Int(keyOf[index])].append(UInt32(index)) }
        operations.withUnsafeBufferPointer { operations in
            for (key, indices) in members.enumerated() {
                indices.withUnsafeBufferPointer { indices in
                    let group = KeyGroup(operations: operations, indices: indices)
                    let versions = KeyVersions(group)
                    guard versions.isComplete, versions.isCertain else { return }
                    let own = OrderedVersions(group, versions)
                    let offset = Int32(truncatingIfNeeded: isVersion.count)
                    for (from, to) in own.edges { edges.append(.init(from: from + offset, to: to + offset)) }
                    for (position, version) in versions.written.enumerated() where version >= 0 {
                        node[Int(indices[position])] = own.nodes[Int(version)] + offset
                    }
                    keys[key].versions = ContiguousArray(own.nodes.map { $0 + offset })
                    isVersion.append(contentsOf: repeatElement(false, count: own.nodeCount))
                    for node in keys[key].versions { isVersion[Int(node)] = true }
                }
            }
        }
        order = VersionGraph(nodeCount: isVersion.count, edges: edges)
    }
}

/// The versions of a key whose sessions don't contradict each other, as a graph without circles.
private struct OrderedVersions {
    let nodeCount: Int
    /// For each version its node.
    let nodes: ContiguousArray<Int32>
    private(set) var edges: [(from: Int32, to: Int32)] = []

    init(_ group: KeyGroup, _ versions: KeyVersions) {
        let own = SessionEdges(group, versions, order: SessionEdges.order(group), guarantees: .all)
        // What stands for several versions may be no later than one of them: then the two are one node.
        let components = VersionGraph(nodeCount: own.nodeCount, edges: own.edges).components()
        nodeCount = components.reduce(0) { max($0, Int($1) + 1) }
        nodes = ContiguousArray(components.prefix(versions.writer.count))
        for edge in own.edges {
            let (from, to) = (components[Int(edge.from)], components[Int(edge.to)])
            if from != to { edges.append((from, to)) }
        }
    }
}
