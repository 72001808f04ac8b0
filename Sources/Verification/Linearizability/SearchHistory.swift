/// One key's operations, laid out for ``LinearizationSearch``: sorted, with calls and returns as events.
struct SearchHistory {
    struct Event {
        var time: UInt64
        var operation: Int32
        var isReturn: Bool
    }

    /// The operations in order of invocation, as they were recorded.
    let recorded: ContiguousArray<KeyValueOperation>
    /// The same, with every value that nobody can tell from another replaced by one and the same.
    private(set) var operations: ContiguousArray<KeyValueOperation>
    /// Calls and returns in order of time, calls first at equal times; what never returned has a call only.
    private(set) var events: ContiguousArray<Event> = []
    /// For each operation the position of its bit among the operations that are pending at the same time.
    private(set) var slot: ContiguousArray<Int32> = []
    private(set) var slotCount = 0
    /// For each operation that never returned, the one before it that is its exact equal, or −1: taking the later of two
    /// equals before the earlier leads nowhere new.
    private(set) var earlierTwin: ContiguousArray<Int32> = []
    /// The states that some operation needs, numbered, and for each operation its number, or −1.
    private(set) var states: ValueTable
    private(set) var needed: ContiguousArray<Int32> = []
    /// For each operation the number of the state that it leaves, if some operation needs it, or −1.
    private(set) var produced: ContiguousArray<Int32> = []
    /// Whether an integer may come about without an operation that is known to make it.
    private(set) var integersComeAbout = false
    /// Whether an integer state that was left may come back although no operation is known to make it.
    private(set) var integersComeBack = false
    /// Whether the same list may come about twice.
    private(set) var listsComeBack = false
    let hasAppends: Bool
    /// Whether a text may come about by joining others, and whether it may do so after it was left.
    let textsComeAbout: Bool
    let textsComeBack: Bool
    /// Whether nothing but appends changes the value, and there are few enough that lengths are told exactly.
    private(set) var isGrowingList: Bool
    /// When each operation returns.
    private(set) var deadlines: ContiguousArray<UInt64>

    init(_ group: KeyGroup, kinds: OperationKinds) {
        let all = (0..<group.count).map { group[$0] }
        hasAppends = kinds.appends > 0
        textsComeAbout = kinds.concatenations > 0
        textsComeBack = kinds.concatenations > 0 && kinds.concatenations < kinds.writes
        isGrowingList = kinds.appends > 0 && kinds.appends == kinds.writes && kinds.appends < 1 << 22
        recorded = ContiguousArray(
            Self.relevant(all, kinds).sorted {
                ($0.invokedNanoseconds, $0.returnedNanoseconds) < ($1.invokedNanoseconds, $1.returnedNanoseconds)
            })
        operations = kinds.increments + kinds.appends + kinds.concatenations == 0 ? Self.merged(recorded) : recorded
        deadlines = ContiguousArray(operations.map(\.returnedNanoseconds))
        states = ValueTable(capacity: operations.count)
        layOutEvents()
        assignSlots()
        findTwins()
        numberStates()
        integersComeAbout = kinds.increments > 0 && kinds.unreported > 0
        let isCounter =
            kinds.increments == kinds.writes
            && !all.contains { $0.kind == .increment && Int64(bitPattern: $0.argument) <= 0 }
        integersComeBack = integersComeAbout && !isCounter
        let pieces = all.lazy.filter { $0.kind == .append }.map(\.argument)
        listsComeBack = Set(pieces).count < pieces.count || pieces.contains(ValueIdentity.absent)
    }

    /// Drops writes of unknown effect that nobody saw, where leaving them out can't hurt: where every operation that
    /// depends on the state at all needs one exact state.
    static func relevant(_ all: [KeyValueOperation], _ kinds: OperationKinds) -> [KeyValueOperation] {
        let needExactState =
            kinds.mismatches + kinds.increments + kinds.appends + kinds.concatenations == 0
            && !all.contains { $0.kind == .delete && $0.hasReturned && $0.result == 1 }
        guard needExactState else { return all }
        let needed = Set(
            all.compactMap { operation in
                operation.hasReturned
                    ? KeyValueModel.neededState(operation)
                    : operation.kind == .compareAndSet ? operation.result : nil
            })
        return all.filter { $0.hasReturned || KeyValueModel.producedState($0).map(needed.contains) ?? true }
    }

    /// Values that no operation reads or expects make no difference to anything but whether there is one: as one value
    /// they make equal states equal, which saves the search from going through them one by one.
    private static func merged(_ operations: ContiguousArray<KeyValueOperation>) -> ContiguousArray<KeyValueOperation> {
        let told = Set(
            operations.lazy.filter { $0.kind == .get || $0.kind == .compareAndSet }.map(\.result))
        let untold = ValueIdentity.foreign(digest: .max)
        if told.contains(untold) { return operations }
        var operations = operations
        for index in operations.indices where operations[index].kind == .put || operations[index].kind == .compareAndSet
        {
            let argument = operations[index].argument
            if argument != ValueIdentity.absent, !told.contains(argument) { operations[index].argument = untold }
        }
        return operations
    }

    private mutating func layOutEvents() {
        events.reserveCapacity(2 * operations.count)
        for (index, operation) in operations.enumerated() {
            let number = Int32(truncatingIfNeeded: index)
            events.append(Event(time: operation.invokedNanoseconds, operation: number, isReturn: false))
            if operation.hasReturned {
                events.append(Event(time: operation.returnedNanoseconds, operation: number, isReturn: true))
            }
        }
        events.sort { ($0.time, $0.isReturn ? 1 : 0, $0.operation) < ($1.time, $1.isReturn ? 1 : 0, $1.operation) }
    }

    private mutating func assignSlots() {
        slot = ContiguousArray(repeating: 0, count: operations.count)
        var free: [Int32] = []
        for event in events {
            if event.isReturn {
                free.append(slot[Int(event.operation)])
            } else if let reused = free.popLast() {
                slot[Int(event.operation)] = reused
            } else {
                slot[Int(event.operation)] = Int32(truncatingIfNeeded: slotCount)
                slotCount += 1
            }
        }
    }

    private struct Twin: Hashable {
        var kind: KeyValueOperation.Kind
        var argument: UInt64
        var result: UInt64
    }

    private mutating func findTwins() {
        var last: [Twin: Int32] = [:]
        earlierTwin = ContiguousArray(repeating: -1, count: operations.count)
        for (index, operation) in operations.enumerated() where !operation.hasReturned {
            let twin = Twin(
                kind: operation.kind, argument: operation.argument,
                result: operation.kind == .compareAndSet ? operation.result : 0)
            earlierTwin[index] = last[twin] ?? -1
            last[twin] = Int32(truncatingIfNeeded: index)
        }
    }

    private mutating func numberStates() {
        for operation in operations {
            let state = KeyValueModel.neededState(operation)
            needed.append(state.map { Int32(truncatingIfNeeded: states.insert($0).number) } ?? -1)
        }
        for operation in operations {
            let number = KeyValueModel.producedState(operation).flatMap { states.number(of: $0) }
            produced.append(number.map { Int32(truncatingIfNeeded: $0) } ?? -1)
        }
    }
}
