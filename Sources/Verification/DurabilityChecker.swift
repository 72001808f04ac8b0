/// Judges a crash test by what is there in the end: every acknowledged write, and none twice.
///
/// Meant for histories of writes only, read once after recovery. A key that was only appended to, with distinct pieces,
/// is judged piece by piece, so that the verdict names what is missing or doubled; a key that was only incremented by its
/// sum; any other by whether its final value can be the last in a linearization.
public enum DurabilityChecker {
    /// What a key holds after recovery.
    public enum FinalValue: Sendable, Hashable {
        /// The pieces of its value, in order; empty: the key is absent.
        case pieces([UInt64])
        /// An integer.
        case integer(Int64)

        /// The identity of the value.
        public var identity: UInt64 {
            switch self {
            case .pieces(let pieces): ValueIdentity.list(pieces)
            case .integer(let value): ValueIdentity.integer(value)
            }
        }
    }

    /// Judges `history` against the value of each key after recovery; a key that is missing from `final` was not read.
    ///
    /// Unknown when nothing was acknowledged, no key that was written was read, or a key's question is past `budget`.
    public static func check(
        history: [KeyValueOperation], final: [UInt32: FinalValue],
        budget: LinearizabilityChecker.Budget = .init()
    ) -> Verdict {
        let written = history.filter { $0.kind != .get && $0.outcome != .mismatch }.sorted { $0.key < $1.key }
        guard written.contains(where: { $0.outcome == .ok }) else {
            return .unknown(reason: "no write was acknowledged")
        }
        let verdicts = written.split(onChange: \.key).compactMap { operations in
            operations.first.flatMap { first in final[first.key].map { judge(operations, $0, budget) } }
        }
        if verdicts.isEmpty { return .unknown(reason: "no key that was written was read after recovery") }
        let keys = Set(written.map(\.key))
        let stray = final.keys.sorted().first { final[$0] != .pieces([]) && !keys.contains($0) }
        if let stray {
            return .violated(Counterexample(summary: "durability: key \(stray) holds a value that nobody wrote"))
        }
        return Verdict.combined(verdicts)
    }

    private static func judge(
        _ operations: ArraySlice<KeyValueOperation>, _ final: FinalValue, _ budget: LinearizabilityChecker.Budget
    ) -> Verdict {
        let kinds = Set(operations.map(\.kind))
        if kinds == [.append], case .pieces(let pieces) = final,
            Set(operations.map(\.argument)).count == operations.count
        {
            return AppendedPieces(operations).judge(pieces)
        }
        let deltas = operations.map { Int64(bitPattern: $0.argument) }
        if kinds == [.increment], deltas.allSatisfy({ $0 > 0 && $0 < 1 << 31 }) {
            return sum(operations, final)
        }
        let end = operations.reduce(0) { max($0, $1.hasReturned ? $1.returnedNanoseconds : $1.invokedNanoseconds) }
        let read = KeyValueOperation.get(
            operations[operations.startIndex].key, returning: final.identity, by: .max, (end + 1, end + 2))
        return LinearizabilityChecker.check(history: operations + [read], budget: budget)
    }

    /// The final count is the sum of what was acknowledged and of some of what had no answer.
    private static func sum(_ operations: ArraySlice<KeyValueOperation>, _ final: FinalValue) -> Verdict {
        let key = operations[operations.startIndex].key
        let value: Int64
        switch final {
        case .integer(let integer): value = integer
        case .pieces(let pieces):
            if !pieces.isEmpty {
                return .violated(Counterexample(summary: "durability: key \(key) was counted up and holds no integer"))
            }
            value = 0
        }
        let acknowledged = operations.filter { $0.outcome == .ok }.reduce(0) { $0 + Int64(bitPattern: $1.argument) }
        let open = operations.filter { $0.outcome == .indeterminate }.map { Int64(bitPattern: $0.argument) }
        let detail = "\(value), with \(acknowledged) acknowledged and up to \(open.reduce(0, +)) more without an answer"
        if value < acknowledged {
            return .violated(
                Counterexample(summary: "durability: acknowledged increments of key \(key) lost: \(detail)"))
        }
        if value > acknowledged + open.reduce(0, +) {
            return .violated(Counterexample(summary: "durability: increments of key \(key) applied twice: \(detail)"))
        }
        switch SubsetSum(open).contains(value - acknowledged) {
        case true?: return .correct
        case false?:
            return .violated(Counterexample(summary: "durability: no set of increments of key \(key) makes \(detail)"))
        case nil: return .unknown(reason: "too many different increments of key \(key) without an answer")
        }
    }
}

/// Which totals some of a few positive numbers make.
private struct SubsetSum {
    /// Distinct numbers with how many there are of each.
    private var counts: [(value: Int64, count: Int64)] = []
    private static let largestSet = 1 << 20

    init(_ values: [Int64]) {
        counts = values.sorted().split(onChange: \.self).map { ($0[$0.startIndex], Int64($0.count)) }
    }

    /// Whether some of them make `total`; `nil` when that is too much to try.
    func contains(_ total: Int64) -> Bool? {
        if counts.count <= 1 {
            guard let (value, count) = counts.first else { return total == 0 }
            return total % value == 0 && total / value <= count
        }
        var reachable: Set<Int64> = [0]
        for (value, count) in counts {
            let before = reachable
            for start in before {
                var sum = start
                for _ in 0..<count {
                    sum += value
                    if sum > total { break }
                    reachable.insert(sum)
                }
                if reachable.count > Self.largestSet { return nil }
            }
        }
        return reachable.contains(total)
    }
}
