/// What one thread did in the measured window.
public struct ThreadLockThreadResult: Sendable, Equatable {
    /// Times it acquired the lock.
    public var acquisitions: UInt64 = 0
    /// Acquisitions that found the lock held or others queued.
    public var contendedAcquisitions: UInt64 = 0
    /// From having the lock to having released it, summed, in nanoseconds.
    public var holdNanoseconds: UInt64 = 0
    /// From asking for the lock to having it, summed, in nanoseconds.
    public var waitNanoseconds: UInt64 = 0
    /// The longest time from asking to having, in nanoseconds.
    public var longestWaitNanoseconds: UInt64 = 0
    /// Processor time in user mode, in nanoseconds.
    public var userCPUNanoseconds: UInt64 = 0
    /// Processor time in the kernel, in nanoseconds.
    public var systemCPUNanoseconds: UInt64 = 0
    /// Times it gave the processor away.
    public var voluntarySwitches: UInt64 = 0
    /// Times the processor was taken from it.
    public var involuntarySwitches: UInt64 = 0
    /// The processor it was bound to, if it was.
    public var pinnedProcessor: Int?
}

/// The evidence for mutual exclusion, over warm-up, window and audit together.
public struct ExclusionEvidence: Sendable, Equatable {
    /// All critical sections, as each thread counted its own.
    public var acquisitions: UInt64
    /// The plain shared counter that every critical section read and wrote back plus one.
    public var sharedCounter: UInt64
    /// Critical sections that found the four shared words unequal: somebody else was between writing them.
    public var tornInvariants: UInt64

    /// Whether nothing shows two threads inside at once: no update lost, no invariant torn.
    public var isUpheld: Bool { sharedCounter == acquisitions && tornInvariants == 0 }
}

/// The order of service, from the acquisitions audited after the window.
public struct OrderAudit: Sendable, Equatable {
    /// How many acquisitions were audited.
    public var audited: Int
    /// Pairs in which a request that entered its doorway after another had left its own was served before it.
    ///
    /// For a lock that queues this is exact: first come, first served means 0. A lock without a queue has an empty
    /// doorway, and then it counts whoever asked later and was served earlier.
    public var overtakes: UInt64
    /// The most times that one request was overtaken.
    public var worstOvertaken: Int
    /// Audited acquisitions that had to wait: with none, no order was tested.
    public var waited: Int
}

/// What a trial of an in-process lock measured.
public struct ThreadLockResult: Sendable, Equatable {
    /// The lock with its options, as the catalogue writes them.
    public var lock: String
    /// Whether the lock claims to serve in the order of arrival.
    public var claimsFirstComeFirstServed: Bool
    /// The measured window, in nanoseconds.
    public var windowNanoseconds: UInt64
    /// One a thread.
    public var threads: [ThreadLockThreadResult]
    /// The evidence for mutual exclusion.
    public var exclusion: ExclusionEvidence
    /// The evidence for the order of service, if an audit was asked for and reached.
    public var order: OrderAudit?
    /// Which thread acquired, in order: the window's last acquisitions, at most `acquisitionOrderLimit`.
    public var acquisitionOrder: [UInt16]
    /// No thread acquired for the stall limit: the lock lost somebody, and the trial was given up.
    public var isStalled: Bool

    /// How many acquisitions the order remembers.
    public static var acquisitionOrderLimit: Int { 65_536 }

    /// Acquisitions of all threads in the window.
    public var acquisitions: UInt64 { threads.reduce(0) { $0 + $1.acquisitions } }
    /// Contended acquisitions of all threads in the window; with none, exclusion was never put to the test.
    public var contendedAcquisitions: UInt64 { threads.reduce(0) { $0 + $1.contendedAcquisitions } }
    /// Time in the window in which no thread held the lock, in nanoseconds; 0 if hold times overlap it.
    public var idleNanoseconds: UInt64 {
        let held = threads.reduce(0) { $0 + $1.holdNanoseconds }
        return windowNanoseconds > held ? windowNanoseconds - held : 0
    }
}
