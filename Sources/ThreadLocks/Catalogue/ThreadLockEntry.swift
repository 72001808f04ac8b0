/// An option of a lock: a whole number.
public struct ThreadLockOption: Sendable, Equatable {
    /// As written in `name[option=value]`.
    public let name: String
    /// The value when it isn't given.
    public let defaultValue: UInt32
    /// The values that are accepted.
    public let allowed: ClosedRange<UInt32>
    /// What it does, with its unit.
    public let meaning: String
}

/// A lock in the catalogue.
public struct ThreadLockEntry: Sendable {
    /// As written in a scenario.
    public let name: String
    /// What it is, in a line.
    public let summary: String
    /// Where it was published.
    public let source: String
    /// What can be set.
    public let options: [ThreadLockOption]
    /// Whether it claims to serve in the order of arrival.
    public let isFirstComeFirstServed: Bool
    /// Runs a trial: values by option, the variant's text, a valid load, a drain for each thread. The closure is formed
    /// where the lock's type is known, so the loop behind it is compiled for that lock.
    let trial: @Sendable ([UInt32], String, ThreadLockLoad, [LatencyDrain]) throws(ThreadLockError) -> ThreadLockResult

    init<Lock: ThreadLock>(
        name: String, summary: String, source: String, options: [ThreadLockOption],
        make: @escaping @Sendable ([UInt32]) -> Lock
    ) {
        self.name = name
        self.summary = summary
        self.source = source
        self.options = options
        isFirstComeFirstServed = Lock.isFirstComeFirstServed
        trial = { (values, name, load, drains) throws(ThreadLockError) -> ThreadLockResult in
            try ThreadLockTrial.execute(make(values), name: name, load: load, drains: drains)
        }
    }
}
