/// A write to a store that keeps concurrent values beside each other, with what its client had seen.
public struct ContextualWrite: Sendable, Hashable {
    /// The value's identity, different from every other write's.
    public var value: UInt64
    /// The key.
    public var key: UInt32
    /// The values that the client had seen when it wrote, directly or beneath what it saw: those it means to replace.
    public var seen: Set<UInt64>
    /// What is known of the effect; a mismatch counts as failed.
    public var outcome: KeyValueOperation.Outcome
    /// Whether the write removes what its client had seen and leaves nothing.
    public var isDeletion: Bool

    /// A write with every field given.
    public init(
        _ value: UInt64, key: UInt32, seen: Set<UInt64>, outcome: KeyValueOperation.Outcome = .ok,
        isDeletion: Bool = false
    ) {
        self.value = value
        self.key = key
        self.seen = seen
        self.outcome = outcome
        self.isDeletion = isDeletion
    }

    fileprivate var mayHaveHappened: Bool { outcome == .ok || outcome == .indeterminate }
}

/// Judges whether a store that promises to keep concurrent writes has lost any.
///
/// In the end a key must hold, as siblings, every acknowledged write that no other write's client had seen, perhaps some
/// that were not acknowledged, and nothing else: no value that nobody wrote and none that an acknowledged write has
/// replaced. A store that lets the last writer win loses concurrent writes by design: ``tally(writes:final:)`` counts how
/// many.
public enum LostUpdates {
    /// What became of the writes.
    public struct Tally: Sendable, Hashable {
        /// Acknowledged writes, deletions left out.
        public var acknowledged = 0
        /// Of these, those that are in place.
        public var inPlace = 0
        /// Of these, those that a client had seen and replaced.
        public var replaced = 0
        /// Of these, those that are gone though no client had seen them.
        public var lost: [ContextualWrite] = []
        /// Values that are in place though an acknowledged write had replaced them, or nobody wrote them.
        public var unfounded: [UInt64] = []
    }

    /// Counts what became of the writes.
    ///
    /// - Parameter final: the siblings of each key after all has come to rest; a key that is missing was not read.
    /// - Complexity: O(writes and what they had seen).
    public static func tally(writes: [ContextualWrite], final: [UInt32: Set<UInt64>]) -> Tally {
        var tally = Tally()
        var seenByAny: Set<Place> = []
        var seenByAcknowledged: Set<Place> = []
        var written: Set<Place> = []
        for write in writes where write.mayHaveHappened {
            if !write.isDeletion { written.insert(Place(key: write.key, value: write.value)) }
            for value in write.seen {
                seenByAny.insert(Place(key: write.key, value: value))
                if write.outcome == .ok { seenByAcknowledged.insert(Place(key: write.key, value: value)) }
            }
        }
        for write in writes where write.outcome == .ok && !write.isDeletion {
            guard let siblings = final[write.key] else { continue }
            tally.acknowledged += 1
            if siblings.contains(write.value) {
                tally.inPlace += 1
            } else if seenByAny.contains(Place(key: write.key, value: write.value)) {
                tally.replaced += 1
            } else {
                tally.lost.append(write)
            }
        }
        for key in final.keys.sorted() {
            for value in (final[key] ?? []).sorted() {
                let place = Place(key: key, value: value)
                if !written.contains(place) || seenByAcknowledged.contains(place) { tally.unfounded.append(value) }
            }
        }
        return tally
    }

    /// Judges the writes by what is in place in the end.
    ///
    /// Unknown when no key that was written with success was read.
    public static func check(writes: [ContextualWrite], final: [UInt32: Set<UInt64>]) -> Verdict {
        let tally = tally(writes: writes, final: final)
        guard tally.acknowledged > 0 else { return .unknown(reason: "no key with an acknowledged write was read") }
        if let first = tally.lost.first {
            let values = tally.lost.prefix(8).map { ValueIdentity.text($0.value) }.joined(separator: ", ")
            return .violated(
                Counterexample(
                    summary: "lost updates: \(tally.lost.count) acknowledged writes are gone that no client had seen, "
                        + "first one of key \(first.key)",
                    notes: ["lost: \(values)"]))
        }
        if let first = tally.unfounded.first {
            return .violated(
                Counterexample(
                    summary: "lost updates: \(tally.unfounded.count) values are in place that were replaced or never "
                        + "written, first \(ValueIdentity.text(first))"))
        }
        return .correct
    }

    private struct Place: Hashable {
        var key: UInt32
        var value: UInt64
    }
}
