/// The least that this machine takes for the steps that every coordination algorithm is made of, so that a latency can be
/// given as a multiple of what the algorithm's own delays must cost here.
public struct MachineFloor: Sendable, Codable, Equatable {
    /// One step's cost.
    public struct Cost: Sendable, Codable, Equatable {
        /// The median, nanoseconds.
        public let medianNanoseconds: Double
        /// The 99th percentile, nanoseconds.
        public let p99Nanoseconds: Double
        /// How many times it was measured.
        public let samples: Int

        /// A known cost, for tests and stored records.
        public init(medianNanoseconds: Double, p99Nanoseconds: Double, samples: Int) {
            self.medianNanoseconds = medianNanoseconds
            self.p99Nanoseconds = p99Nanoseconds
            self.samples = samples
        }

        /// Of nanoseconds taken one by one; at least one.
        init(of nanoseconds: [Double]) {
            precondition(!nanoseconds.isEmpty, "a cost needs a sample")
            let sorted = nanoseconds.sorted()
            self.init(
                medianNanoseconds: (sorted[(sorted.count - 1) / 2] + sorted[sorted.count / 2]) / 2,
                p99Nanoseconds: sorted[min(sorted.count - 1, sorted.count * 99 / 100)], samples: sorted.count)
        }
    }

    /// 64 bytes there and back between two blocking threads over loopback TCP without Nagle's delay.
    public var loopbackRoundTrip: Cost
    /// 512 bytes appended to a zero-filled file and synced with `fdatasync`.
    public var sync: Cost
    /// The same while three files are synced at once.
    public var syncAmongThree: Cost
    /// One reading of the monotonic clock.
    public var clockRead: Cost
    /// How late a sleep until a given moment ends, at a timer slack of 1 ns.
    public var timerLateness: Cost
    /// Waking another thread through a condition variable: half of a hand-over there and back.
    public var threadHandOver: Cost

    /// Costs measured elsewhere.
    public init(
        loopbackRoundTrip: Cost, sync: Cost, syncAmongThree: Cost, clockRead: Cost, timerLateness: Cost,
        threadHandOver: Cost
    ) {
        self.loopbackRoundTrip = loopbackRoundTrip
        self.sync = sync
        self.syncAmongThree = syncAmongThree
        self.clockRead = clockRead
        self.timerLateness = timerLateness
        self.threadHandOver = threadHandOver
    }

    /// Measures all of it in about `budgetNanoseconds` plus the time to make the files, on threads of its own; blocks
    /// the caller. The files go into `folder`, which must exist, and are removed again. It is done in three rounds, of
    /// which each step's lowest median counts: a floor is what the machine can do when nothing disturbs it.
    ///
    /// Throws what the first failing system call said.
    public static func measure(
        folder: String, budgetNanoseconds: UInt64 = 1_200_000_000
    ) throws(MeasurementError) -> MachineFloor {
        var best = try round(folder: folder, budgetNanoseconds: budgetNanoseconds / 3)
        for _ in 1..<3 {
            let next = try round(folder: folder, budgetNanoseconds: budgetNanoseconds / 3)
            for step in steps where next[keyPath: step].medianNanoseconds < best[keyPath: step].medianNanoseconds {
                best[keyPath: step] = next[keyPath: step]
            }
        }
        return best
    }

    private static var steps: [WritableKeyPath<MachineFloor, Cost>] {
        [\.loopbackRoundTrip, \.sync, \.syncAmongThree, \.clockRead, \.timerLateness, \.threadHandOver]
    }

    private static func round(folder: String, budgetNanoseconds: UInt64) throws(MeasurementError) -> MachineFloor {
        let part = budgetNanoseconds / 6
        return MachineFloor(
            loopbackRoundTrip: try LoopbackProbe.measure(forNanoseconds: part),
            sync: try SyncProbe.measure(folder: folder, files: 1, forNanoseconds: part),
            syncAmongThree: try SyncProbe.measure(folder: folder, files: 3, forNanoseconds: part),
            clockRead: TimeProbe.clockRead(forNanoseconds: part),
            timerLateness: try TimeProbe.timerLateness(forNanoseconds: part),
            threadHandOver: try HandOverProbe.measure(forNanoseconds: part))
    }

    /// What an operation costs at the very least: its message delays at half a round trip each, and its sync delays at
    /// one sync each with `disksBusy` nodes syncing at the same time. Medians; syncs among another number of files
    /// than one or three lie on the line through those two.
    public func floorNanoseconds(messageDelays: Double, syncDelays: Double, disksBusy: Int) -> Double {
        precondition(messageDelays >= 0 && syncDelays >= 0, "delays are not negative")
        let perFurtherDisk = max(0, syncAmongThree.medianNanoseconds - sync.medianNanoseconds) / 2
        let oneSync = sync.medianNanoseconds + perFurtherDisk * Double(max(0, disksBusy - 1))
        return messageDelays * loopbackRoundTrip.medianNanoseconds / 2 + syncDelays * oneSync
    }
}
