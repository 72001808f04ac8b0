/// How old what reads returned was: in versions, and in time.
///
/// After "Probabilistically bounded staleness" (Bailis, Venkataraman, Franklin, Hellerstein & Stoica, VLDB 2012): of a
/// read, how many versions newer than the returned one had been acknowledged before it began (k), and for how long the
/// first of these had been acknowledged by then (t). Both are told from the history alone, so they are *bounds from below*:
///
/// - a version counts as newer than the returned one only when its write began after the returned version's write had
///   been acknowledged (for the initial value: always), so of two concurrent writes neither is newer;
/// - a version counts only once its write had been acknowledged before the read began.
///
/// A fresh read has 0 versions and 0 nanoseconds. A linearizable history has none but fresh reads; a stale one proves a
/// history neither linearizable nor regular.
public struct StalenessReport: Sendable, Hashable, Codable {
    /// A distribution over reads.
    public struct Distribution: Sendable, Hashable, Codable {
        /// The middle one.
        public var p50: UInt64
        /// Of a hundred reads ninety-nine are no staler.
        public var p99: UInt64
        /// The stalest.
        public var max: UInt64

        /// A distribution of its parts.
        public init(p50: UInt64, p99: UInt64, max: UInt64) {
            self.p50 = p50
            self.p99 = p99
            self.max = max
        }
    }

    /// Reads whose version is known: their value was written once on their key, or nothing was ever deleted there.
    public var reads = 0
    /// Those of them that missed a newer version.
    public var staleReads = 0
    /// Reads that can't be judged: more than one write may have made what they saw.
    public var ambiguousReads = 0
    /// Newer versions missed, over all judged reads.
    public var versions = Distribution(p50: 0, p99: 0, max: 0)
    /// Nanoseconds since the first newer version was acknowledged, over all judged reads.
    public var nanoseconds = Distribution(p50: 0, p99: 0, max: 0)

    /// A report on no reads.
    public init() {}

    /// The share of stale reads among the judged, from 0 to 1; 0 without reads.
    public var staleShare: Double { reads == 0 ? 0 : Double(staleReads) / Double(reads) }
}

/// Measures ``StalenessReport``.
public enum Staleness {
    /// Measures the reads (and what successful compare-and-sets expected) of `history`, which may be in any order.
    ///
    /// - Complexity: O(n log n).
    public static func measure(_ history: [KeyValueOperation]) -> StalenessReport {
        var report = StalenessReport()
        var versions: [UInt64] = []
        var nanoseconds: [UInt64] = []
        history.withUnsafeBufferPointer { operations in
            let partition = KeyPartition(operations)
            partition.order.withUnsafeBufferPointer { order in
                for range in partition.ranges {
                    var key = KeyStaleness(
                        KeyGroup(operations: operations, indices: UnsafeBufferPointer(rebasing: order[range])))
                    key.measure()
                    report.ambiguousReads += key.ambiguous
                    versions += key.versions
                    nanoseconds += key.nanoseconds
                }
            }
        }
        report.reads = versions.count
        report.staleReads = versions.reduce(0) { $0 + ($1 > 0 ? 1 : 0) }
        report.versions = distribution(&versions)
        report.nanoseconds = distribution(&nanoseconds)
        return report
    }

    private static func distribution(_ values: inout [UInt64]) -> StalenessReport.Distribution {
        values.sort()
        guard let largest = values.last else { return .init(p50: 0, p99: 0, max: 0) }
        func quantile(_ percent: Int) -> UInt64 { values[max(0, (values.count * percent + 99) / 100 - 1)] }
        return .init(p50: quantile(50), p99: quantile(99), max: largest)
    }
}

/// The staleness of one key's reads.
private struct KeyStaleness {
    private let group: KeyGroup
    /// Acknowledged writes in order of their beginning.
    private var begun: [(invoked: UInt64, returned: UInt64)] = []
    private(set) var versions: [UInt64] = []
    private(set) var nanoseconds: [UInt64] = []
    private(set) var ambiguous = 0

    init(_ group: KeyGroup) {
        self.group = group
        for position in 0..<group.count where group[position].writes && group[position].hasReturned {
            begun.append((group[position].invokedNanoseconds, group[position].returnedNanoseconds))
        }
        begun.sort { $0.invoked < $1.invoked }
    }

    mutating func measure() {
        let seen = KeyVersions(group)
        // Asked: of the writes that began after `after`, how many had ended by `by`, and when did the first end?
        var questions: [Question] = []
        for position in 0..<group.count {
            let operation = group[position]
            guard operation.valueSeen != nil, operation.kind != .delete else { continue }
            guard seen.seen[position] >= 0 else {
                ambiguous += 1
                continue
            }
            let writer = seen.writer[Int(seen.seen[position])]
            let write = writer < 0 ? nil : group[Int(writer)]
            // A write that was never acknowledged ended at an unknown time: nothing is surely newer.
            if let write, !write.hasReturned {
                versions.append(0)
                nanoseconds.append(0)
                continue
            }
            let first = write.map { write in begun.partitioningIndex { $0.invoked > write.returnedNanoseconds } } ?? 0
            questions.append(Question(first: first, by: operation.invokedNanoseconds))
        }
        answer(&questions)
    }

    private struct Question {
        /// The first write, in order of beginning, that is newer.
        var first: Int
        /// When the read began: what had ended before counts.
        var by: UInt64
    }

    /// Answers in order of time: a write counts from its end on.
    private mutating func answer(_ questions: inout [Question]) {
        questions.sort { $0.by < $1.by }
        let ends = begun.indices.sorted { begun[$0].returned < begun[$1].returned }
        var ended = EndedWrites(count: begun.count)
        var next = 0
        for question in questions {
            while next < ends.count, begun[ends[next]].returned < question.by {
                ended.add(ends[next], at: begun[ends[next]].returned)
                next += 1
            }
            let (count, earliest) = ended.from(question.first)
            versions.append(UInt64(count))
            nanoseconds.append(count == 0 ? 0 : question.by - earliest)
        }
    }
}

/// Counts the writes from a place on that have ended, and tells when the first of them did: a Fenwick tree from the end.
private struct EndedWrites {
    private var counts: ContiguousArray<Int32>
    private var earliest: ContiguousArray<UInt64>

    init(count: Int) {
        counts = ContiguousArray(repeating: 0, count: count + 1)
        earliest = ContiguousArray(repeating: .max, count: count + 1)
    }

    mutating func add(_ place: Int, at time: UInt64) {
        var index = counts.count - 1 - place
        while index < counts.count {
            counts[index] += 1
            earliest[index] = min(earliest[index], time)
            index += index & -index
        }
    }

    func from(_ place: Int) -> (count: Int, earliest: UInt64) {
        var (count, time) = (0, UInt64.max)
        var index = counts.count - 1 - place
        while index > 0 {
            count += Int(counts[index])
            time = min(time, earliest[index])
            index -= index & -index
        }
        return (count, time)
    }
}
