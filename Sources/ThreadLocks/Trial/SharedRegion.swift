import Glibc

/// What the threads of a trial share under the lock, in plain memory: nothing here is atomic, so only the lock keeps
/// it whole.
///
/// Access goes through raw memory at masked or bounded places: if the lock under test is broken, what is read may be
/// wrong, and that is the finding, but nothing is written outside.
struct SharedRegion: @unchecked Sendable {
    // @unchecked: the pointers are constant; what they lead to is guarded by the lock under test.

    /// An audited acquisition: when its thread entered and left the doorway, in draws of the shared stamp.
    struct AuditEntry {
        var entered: UInt64
        var left: UInt64
        var waited: Bool
    }

    private enum Slot { static let counter = 0, acquisitionCount = 1, auditCount = 2, count = 16 }
    private static var wordsPerLine: Int { IsolatedAtomic<Bool>.isolationBytes / 8 }

    private let counters: UnsafeMutablePointer<UInt64>
    private let lines: UnsafeMutablePointer<UInt64>
    private let lineCount: Int
    // Where each of the four words of the invariant stands: on as many lines as there are, up to four.
    private let places: (Int, Int, Int, Int)
    private let order: UnsafeMutablePointer<UInt16>
    private let audit: UnsafeMutablePointer<AuditEntry>
    private let auditLimit: Int

    init(lineCount: Int, auditLimit: Int) {
        self.lineCount = lineCount
        self.auditLimit = auditLimit
        counters = Self.lines(1)
        lines = Self.lines(lineCount)
        let words = Self.wordsPerLine
        func place(_ word: Int) -> Int { word % lineCount * words + word }
        places = (place(0), place(1), place(2), place(3))
        order = .allocate(capacity: ThreadLockResult.acquisitionOrderLimit)
        order.initialize(repeating: 0, count: ThreadLockResult.acquisitionOrderLimit)
        audit = .allocate(capacity: max(1, auditLimit))
        audit.initialize(repeating: AuditEntry(entered: 0, left: 0, waited: false), count: max(1, auditLimit))
    }

    func deallocate() {
        UnsafeMutableRawPointer(counters).deallocate()
        UnsafeMutableRawPointer(lines).deallocate()
        order.deallocate()
        audit.deallocate()
    }

    private static func lines(_ count: Int) -> UnsafeMutablePointer<UInt64> {
        let bytes = IsolatedAtomic<Bool>.isolationBytes
        let raw = UnsafeMutableRawPointer.allocate(byteCount: count * bytes, alignment: bytes)
        let words = raw.bindMemory(to: UInt64.self, capacity: count * wordsPerLine)
        words.initialize(repeating: 0, count: count * wordsPerLine)
        return words
    }

    /// The critical section: counts, and breaks the invariant for as long as the work takes. Returns the new count and
    /// whether the invariant was found broken. With `naps`, the holder leaves its processor in the middle.
    @inline(__always)
    func visit(work: inout SpinWork, rounds: UInt64, naps: Bool) -> (count: UInt64, isTorn: Bool) {
        let count = counters[Slot.counter]
        let word = lines[places.0]
        let isTorn = lines[places.1] != word || lines[places.2] != word || lines[places.3] != word
        lines[places.0] = word &+ 1
        lines[places.1] = word &+ 1
        if lineCount > 4 { touchFurtherLines() }
        if rounds > 0 { work.run(rounds) }
        if naps { usleep(ThreadLockLoad.holderNapMicroseconds) }
        lines[places.2] = word &+ 1
        lines[places.3] = word &+ 1
        counters[Slot.counter] = count &+ 1
        return (count &+ 1, isTorn)
    }

    private func touchFurtherLines() {
        for line in 4..<lineCount { lines[line * Self.wordsPerLine] &+= 1 }
    }

    /// Notes, in the critical section, who acquired; returns how many have been noted.
    @inline(__always)
    func logAcquisition(by thread: UInt16) -> UInt64 {
        let count = counters[Slot.acquisitionCount]
        order[Int(truncatingIfNeeded: count) & (ThreadLockResult.acquisitionOrderLimit - 1)] = thread
        counters[Slot.acquisitionCount] = count &+ 1
        return count &+ 1
    }

    /// Notes, in the critical section, an audited acquisition. False: the audit is complete.
    func logAudit(_ entry: AuditEntry) -> Bool {
        let count = Int(truncatingIfNeeded: counters[Slot.auditCount])
        guard count >= 0, count < auditLimit else { return false }
        audit[count] = entry
        counters[Slot.auditCount] = UInt64(count + 1)
        return count + 1 < auditLimit
    }

    var counter: UInt64 { counters[Slot.counter] }

    /// The threads of the last acquisitions of the window, oldest first.
    var acquisitionOrder: [UInt16] {
        let limit = ThreadLockResult.acquisitionOrderLimit
        let count = counters[Slot.acquisitionCount]
        let kept = Int(min(count, UInt64(limit)))
        let first = Int(truncatingIfNeeded: count) - kept
        return (0..<kept).map { order[(first + $0) & (limit - 1)] }
    }

    /// The audited acquisitions in the order of service.
    var auditEntries: [AuditEntry] {
        let kept = min(auditLimit, Int(truncatingIfNeeded: counters[Slot.auditCount]))
        return (0..<max(0, kept)).map { audit[$0] }
    }
}
