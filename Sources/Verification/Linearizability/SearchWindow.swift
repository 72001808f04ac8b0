/// Cuts a history that has no linearization down to what a person can look at.
///
/// No configuration gets past the event where the search was stuck furthest, so the history up to that event has no
/// linearization either. From that prefix, operations that only read are taken out as long as it stays so: leaving out
/// an operation that changes nothing can't make a good history bad. What is shown is the end of what is left.
struct SearchWindow {
    /// The operations to show.
    private(set) var operations: [KeyValueOperation]

    private static let shown = 16
    private static let trials = 48

    init(_ history: SearchHistory, upTo event: Int) {
        let end = history.events[event].time
        operations = history.recorded.compactMap { operation in
            guard operation.invokedNanoseconds <= end else { return nil }
            if operation.hasReturned, operation.returnedNanoseconds > end {
                // Not yet answered at that time: a read tells nothing, a write may have happened.
                if KeyValueModel.isReadOnly(operation) { return nil }
                var open = operation
                open.outcome = .indeterminate
                return open
            }
            return operation
        }
        shrink()
        // The latest answers are what the reader wants to see first; open operations sort as the latest of all.
        let answered = operations.filter(\.hasReturned).sorted { $0.returnedNanoseconds < $1.returnedNanoseconds }
        let open = operations.filter { !$0.hasReturned }
        operations = Array(answered.suffix(max(Self.shown / 2, Self.shown - open.count)) + open.suffix(Self.shown / 2))
    }

    private mutating func shrink() {
        guard operations.count <= 4096 else { return }
        var size = operations.count / 2
        var trialsLeft = Self.trials
        while size >= 1, trialsLeft > 0 {
            var start = 0
            while start < operations.count, trialsLeft > 0 {
                let range = start..<min(start + size, operations.count)
                let rest = operations.enumerated()
                    .filter { !range.contains($0.offset) || !KeyValueModel.isReadOnly($0.element) }.map(\.element)
                start += size
                if rest.count == operations.count { continue }
                trialsLeft -= 1
                if Self.isViolated(rest) {
                    operations = rest
                    start -= size
                }
            }
            size /= 2
        }
    }

    private static func isViolated(_ operations: [KeyValueOperation]) -> Bool {
        let indices = (0..<UInt32(operations.count)).map { $0 }
        return operations.withUnsafeBufferPointer { operations in
            indices.withUnsafeBufferPointer { indices in
                let group = KeyGroup(operations: operations, indices: indices)
                var search = LinearizationSearch(
                    SearchHistory(group, kinds: OperationKinds(group)),
                    deadline: ContinuousClock.now + .milliseconds(20), memoBytes: 16 << 20)
                if case .violated = search.run() { return true }
                return false
            }
        }
    }
}
