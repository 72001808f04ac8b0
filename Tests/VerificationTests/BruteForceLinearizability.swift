import Verification

/// The definition of linearizability, tried literally: every order that respects real time, every subset of the
/// operations without an answer, against a store that holds real lists and integers.
enum BruteForce {
    enum Value: Equatable {
        case absent
        case pieces([UInt64])
        case integer(Int64)
        case text([UInt8])

        var identity: UInt64 {
            switch self {
            case .absent: ValueIdentity.absent
            case .pieces(let pieces): ValueIdentity.list(pieces)
            case .integer(let value): ValueIdentity.integer(value)
            case .text(let text): TextIdentity.identity(of: text)
            }
        }
    }

    /// The texts that histories with texts put and append, by identity.
    static let texts = Dictionary(
        uniqueKeysWithValues: ["a", "b", "ab"].map { (TextIdentity.identity(of: $0.utf8), Array($0.utf8)) })

    static func isLinearizable(_ history: [KeyValueOperation]) -> Bool {
        let byKey = Dictionary(grouping: history.filter { $0.outcome != .failed }, by: \.key)
        return byKey.values.allSatisfy { search($0, Array(repeating: false, count: $0.count), .absent) }
    }

    private static func search(_ operations: [KeyValueOperation], _ taken: [Bool], _ value: Value) -> Bool {
        let left = operations.indices.filter { !taken[$0] }
        if left.allSatisfy({ !operations[$0].hasReturned }) { return true }
        for index in left where !left.contains(where: { operations[$0].precedes(operations[index]) }) {
            guard let after = apply(operations[index], value) else { continue }
            var more = taken
            more[index] = true
            if search(operations, more, after) { return true }
        }
        return false
    }

    static func apply(_ operation: KeyValueOperation, _ value: Value) -> Value? {
        let isTold = operation.hasReturned && operation.result != KeyValueOperation.unreported
        switch operation.kind {
        case .get:
            return !operation.hasReturned || value.identity == operation.result ? value : nil
        case .put:
            return put(operation.argument)
        case .delete:
            return isTold && (operation.result == 1) != (value != .absent) ? nil : .absent
        case .compareAndSet:
            let matches = value.identity == operation.result
            if !operation.hasReturned { return matches ? put(operation.argument) : value }
            if operation.outcome == .mismatch { return matches ? nil : value }
            return matches ? put(operation.argument) : nil
        case .increment:
            let before: Int64
            switch value {
            case .absent: before = 0
            case .integer(let integer): before = integer
            case .pieces, .text: return operation.hasReturned ? nil : value
            }
            let after = Value.integer(before + Int64(bitPattern: operation.argument))
            return isTold && after.identity != operation.result ? nil : after
        case .concatenate:
            guard let text = texts[operation.argument] else { return nil }
            switch value {
            case .absent: return .text(text)
            case .text(let before): return .text(before + text)
            case .pieces, .integer: return nil
            }
        case .append:
            let pieces: [UInt64]
            switch value {
            case .absent: pieces = []
            case .pieces(let list): pieces = list
            case .integer, .text: return operation.hasReturned ? nil : value
            }
            return isTold && operation.result != UInt64(pieces.count + 1) ? nil : .pieces(pieces + [operation.argument])
        }
    }

    private static func put(_ identity: UInt64) -> Value {
        if identity == ValueIdentity.absent { return .absent }
        return texts[identity].map(Value.text) ?? .pieces([identity])
    }
}
