/// What a key's operations are made of, counted in one pass: it decides which method applies.
struct OperationKinds {
    var writes = 0
    var deletes = 0
    var increments = 0
    var appends = 0
    var concatenations = 0
    var mismatches = 0
    /// Increments and appends whose result is not known.
    var unreported = 0

    init(_ group: KeyGroup) {
        for position in 0..<group.count { count(group[position]) }
    }

    @inline(__always)
    private mutating func count(_ operation: KeyValueOperation) {
        switch operation.kind {
        case .get: return
        case .put: break
        case .delete: deletes += 1
        case .compareAndSet:
            if operation.outcome == .mismatch {
                mismatches += 1
                return
            }
        case .increment:
            increments += 1
            if !operation.hasReturned || operation.result == KeyValueOperation.unreported { unreported += 1 }
        case .concatenate: concatenations += 1
        case .append:
            appends += 1
            if !operation.hasReturned || operation.result == KeyValueOperation.unreported { unreported += 1 }
        }
        writes += 1
    }
}
