/// The sequential key-value store of one key: its state is the identity of its value.
enum KeyValueModel {
    /// The state after `operation` in `state`, or `nil` if the operation can't have answered as it did there.
    ///
    /// An indeterminate operation may answer anything; `nil` then means that it would have no effect.
    @inline(__always)
    static func step(_ state: UInt64, _ operation: KeyValueOperation) -> UInt64? {
        let isDefinite = operation.hasReturned
        switch operation.kind {
        case .get:
            return state == operation.result ? state : nil
        case .put:
            return operation.argument
        case .delete:
            let told = isDefinite && operation.result != KeyValueOperation.unreported
            return told && (operation.result != 0) != (state != ValueIdentity.absent) ? nil : ValueIdentity.absent
        case .compareAndSet:
            if operation.outcome == .mismatch { return state != operation.result ? state : nil }
            return state == operation.result ? operation.argument : nil
        case .increment:
            guard let after = increment(state, by: operation.argument) else { return nil }
            let told = isDefinite && operation.result != KeyValueOperation.unreported
            return told && after != operation.result ? nil : after
        case .append:
            let after = ValueIdentity.appending(operation.argument, to: state)
            let told = isDefinite && operation.result != KeyValueOperation.unreported
            return told && ValueIdentity.pieceCount(after) != operation.result & (1 << 22 - 1) ? nil : after
        case .concatenate:
            return TextIdentity.joined(state, operation.argument, factor: operation.result)
        }
    }

    private static func increment(_ state: UInt64, by argument: UInt64) -> UInt64? {
        guard let before = ValueIdentity.integerValue(state) else { return nil }
        let (after, overflow) = before.addingReportingOverflow(Int64(bitPattern: argument))
        return overflow || after < -(1 << 61) || after >= 1 << 61 ? nil : ValueIdentity.integer(after)
    }

    /// Whether `operation` leaves every state that it fits as it was.
    @inline(__always)
    static func isReadOnly(_ operation: KeyValueOperation) -> Bool {
        switch operation.kind {
        case .get: true
        case .compareAndSet: operation.outcome == .mismatch
        case .delete: operation.hasReturned && operation.result == 0
        case .put, .increment, .append, .concatenate: false
        }
    }

    /// The one state that `operation` fits, if its answer tells.
    static func neededState(_ operation: KeyValueOperation) -> UInt64? {
        guard operation.hasReturned else { return nil }
        switch operation.kind {
        case .get: return operation.result
        case .compareAndSet: return operation.outcome == .ok ? operation.result : nil
        case .delete: return operation.result == 0 ? ValueIdentity.absent : nil
        case .increment:
            guard let after = ValueIdentity.integerValue(operation.result), operation.result != 0 else { return nil }
            let (before, overflow) = after.subtractingReportingOverflow(Int64(bitPattern: operation.argument))
            // Zero may be an absent key as well as a written zero.
            guard !overflow, before != 0, before >= -(1 << 61), before < 1 << 61 else { return nil }
            return ValueIdentity.integer(before)
        case .put, .append, .concatenate: return nil
        }
    }

    /// The state that `operation` leaves, if that does not depend on the state before; for what is appended, the one
    /// that it leaves of an absent key.
    static func producedState(_ operation: KeyValueOperation) -> UInt64? {
        switch operation.kind {
        case .get: nil
        case .put, .append, .concatenate: operation.argument
        case .delete: ValueIdentity.absent
        case .compareAndSet: operation.outcome == .mismatch ? nil : operation.argument
        case .increment:
            operation.hasReturned && operation.result != KeyValueOperation.unreported ? operation.result : nil
        }
    }
}
