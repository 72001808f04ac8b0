extension UnsafeBufferPointer<KeyValueOperation> {
    /// Why a history can't be judged by any model, or `nil`: it is empty, malformed, or could not have shown a fault.
    var reasonNotToJudge: String? {
        if isEmpty { return "the history is empty" }
        if count >= Int(Int32.max) { return "more than 2^31 operations in one history" }
        var hasObserved = false
        var hasWritten = false
        for operation in self where operation.outcome != .failed {
            if operation.hasReturned, operation.returnedNanoseconds < operation.invokedNanoseconds {
                return "\(operation) of client \(operation.client) returned before it was invoked"
            }
            hasObserved = hasObserved || operation.observes
            // What was seen without having been written is no reason to look away.
            hasWritten =
                hasWritten || operation.writes || operation.valueSeen.map { $0 != ValueIdentity.absent } ?? false
        }
        if !hasObserved { return "nothing was observed: no read and no other telling result" }
        if !hasWritten { return "nothing was written" }
        return nil
    }
}

extension KeyValueOperation {
    /// Whether the answer tells something about the state.
    var observes: Bool {
        guard hasReturned else { return false }
        return switch kind {
        case .get, .compareAndSet: true
        case .put, .concatenate: false
        case .delete, .increment, .append: result != Self.unreported
        }
    }

    /// Whether it may change the state.
    var writes: Bool { kind != .get && outcome != .mismatch && outcome != .failed }

    /// Whether it was answered, and the answer was recorded.
    var isTold: Bool { hasReturned && (result != Self.unreported || kind == .put || kind == .concatenate) }
}
