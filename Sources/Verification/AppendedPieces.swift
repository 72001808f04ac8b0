/// Judges a key that was only appended to, with distinct pieces, by the pieces that are there in the end.
struct AppendedPieces {
    private let operations: ArraySlice<KeyValueOperation>
    private let byPiece: [UInt64: KeyValueOperation]

    init(_ operations: ArraySlice<KeyValueOperation>) {
        self.operations = operations
        byPiece = Dictionary(operations.map { ($0.argument, $0) }) { first, _ in first }
    }

    /// Every acknowledged piece is there once, one without an answer at most once, no other at all, and no piece stands
    /// behind one whose append began after its own had ended (which includes each client's own order).
    func judge(_ pieces: [UInt64]) -> Verdict {
        var seen: Set<UInt64> = []
        var latest: KeyValueOperation?
        for piece in pieces {
            guard let operation = byPiece[piece] else { return violation("holds #\(piece), which nobody appended", []) }
            if operation.outcome == .failed { return violation("holds a piece whose append had failed", [operation]) }
            if !seen.insert(piece).inserted { return violation("holds a piece twice", [operation]) }
            if let latest, operation.precedes(latest) {
                return violation("holds a piece behind one that was begun after it had ended", [operation, latest])
            }
            if operation.invokedNanoseconds >= latest?.invokedNanoseconds ?? 0 { latest = operation }
        }
        let lost = operations.filter { $0.outcome == .ok && !seen.contains($0.argument) }
        guard lost.isEmpty else {
            return violation("has lost \(lost.count) acknowledged appends", Array(lost.prefix(8)))
        }
        let present = operations.filter { seen.contains($0.argument) }
        return wrongCount(pieces, present) ?? .correct
    }

    /// The number of pieces that an append answered is its place in the list.
    private func wrongCount(_ pieces: [UInt64], _ present: [KeyValueOperation]) -> Verdict? {
        let places = Dictionary(uniqueKeysWithValues: pieces.enumerated().map { ($0.element, UInt64($0.offset + 1)) })
        let wrong = present.first {
            $0.outcome == .ok && $0.result != KeyValueOperation.unreported && $0.result != places[$0.argument]
        }
        return wrong.map { violation("holds a piece at another place than its append answered", [$0]) }
    }

    private func violation(_ what: String, _ operations: [KeyValueOperation]) -> Verdict {
        let key = self.operations.first.map { "key \($0.key)" } ?? "a key"
        return .violated(
            Counterexample(summary: "durability: \(key) \(what)", events: operations.map(\.event)))
    }
}
