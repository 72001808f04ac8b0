import Glibc
import Synchronization
import Testing

@testable import ThreadLocks

/// Test-and-set in two steps: another thread can come between the look and the store.
final class NonAtomicLock: ThreadLock {
    struct Context { var wait: SpinWait }
    static var isFirstComeFirstServed: Bool { false }
    private let held = IsolatedAtomic(false)

    func makeContext(seed: UInt64, patience: Patience) -> Context {
        Context(wait: SpinWait(spinLimit: 64, patience: patience))
    }
    func destroyContext(_ context: Context) {}
    func enterDoorway(_ context: inout Context) {}
    func awaitTurn(_ context: inout Context) -> Acquisition {
        context.wait.begin()
        while held.atomic.pointee.load(ordering: .acquiring) {
            guard context.wait.pass(pauses: 4) else { return .abandoned }
        }
        // The window between look and store, held open so that one core, or two busy ones, show the fault too.
        usleep(200)
        held.atomic.pointee.store(true, ordering: .sequentiallyConsistent)
        return .immediate
    }
    func unlock(_ context: inout Context) {
        held.atomic.pointee.store(false, ordering: .releasing)
    }
}

/// A ticket lock with tickets of `bits` bits and a comparison that doesn't survive their wrapping: the ticket just
/// below the wrap is larger than the number served after it, and its holder's successors walk straight in.
final class WrappingTicketLock: ThreadLock {
    struct Context {
        var wait: SpinWait
        var ticket: UInt32 = 0
    }
    static var isFirstComeFirstServed: Bool { true }
    private let next = IsolatedAtomic<UInt32>(0)
    private let serving = IsolatedAtomic<UInt32>(0)
    private let mask: UInt32

    init(bits: UInt32) {
        mask = (1 << bits) - 1
    }

    func makeContext(seed: UInt64, patience: Patience) -> Context {
        Context(wait: SpinWait(spinLimit: 64, patience: patience))
    }
    func destroyContext(_ context: Context) {}
    func enterDoorway(_ context: inout Context) {
        context.ticket = next.atomic.pointee.wrappingAdd(1, ordering: .relaxed).oldValue & mask
    }
    func awaitTurn(_ context: inout Context) -> Acquisition {
        context.wait.begin()
        // Should be `!=`: a ticket that has wrapped to 0 is below any number being served.
        while serving.atomic.pointee.load(ordering: .acquiring) & mask < context.ticket {
            guard context.wait.pass(pauses: 4) else { return .abandoned }
        }
        return .immediate
    }
    func unlock(_ context: inout Context) {
        serving.atomic.pointee.wrappingAdd(1, ordering: .releasing)
    }
}

/// A queue lock in one of two ways wrong.
final class BrokenQueueLock: ThreadLock {
    enum Fault { case forgetsToLink, forgetsToWait }

    struct Context {
        var wait: SpinWait
        let node: UnsafeMutablePointer<QueueNode>
        var hasPredecessor = false
    }
    static var isFirstComeFirstServed: Bool { true }
    private let tail = IsolatedAtomic<UnsafeMutableRawPointer?>(nil)
    private let fault: Fault

    init(_ fault: Fault) {
        self.fault = fault
    }

    func makeContext(seed: UInt64, patience: Patience) -> Context {
        Context(wait: SpinWait(spinLimit: 64, patience: patience), node: QueueNode.allocate())
    }
    func destroyContext(_ context: Context) {
        QueueNode.deallocate(context.node)
    }
    func enterDoorway(_ context: inout Context) {
        let node = UnsafeMutableRawPointer(context.node)
        context.node.pointee.next.store(nil, ordering: .relaxed)
        context.node.pointee.isBlocked.store(true, ordering: .relaxed)
        let last = tail.atomic.pointee.exchange(node, ordering: .acquiringAndReleasing)
        context.hasPredecessor = last != nil
        if fault == .forgetsToLink { return }
        last?.assumingMemoryBound(to: QueueNode.self).pointee.next.store(node, ordering: .releasing)
    }
    func awaitTurn(_ context: inout Context) -> Acquisition {
        guard context.hasPredecessor else { return .immediate }
        if fault == .forgetsToWait { return .waited }
        context.wait.begin()
        while context.node.pointee.isBlocked.load(ordering: .acquiring) {
            guard context.wait.pass(pauses: 4) else { return .abandoned }
        }
        return .waited
    }
    func unlock(_ context: inout Context) {
        let freed = tail.atomic.pointee.compareExchange(
            expected: UnsafeMutableRawPointer(context.node), desired: nil, ordering: .releasing
        ).exchanged
        if freed { return }
        context.wait.begin()
        while true {
            if let next = context.node.pointee.next.load(ordering: .acquiring) {
                next.assumingMemoryBound(to: QueueNode.self).pointee.isBlocked.store(false, ordering: .releasing)
                return
            }
            guard context.wait.pass(pauses: 1) else { return }
        }
    }
}

/// Excludes, and claims to queue, but serves whoever is quickest.
final class QueueJumpingLock: ThreadLock {
    final class Context {
        var inner: TestAndTestAndSetLock.Context
        var acquisitions = 0
        let isPolite: Bool
        init(_ inner: TestAndTestAndSetLock.Context, isPolite: Bool) {
            self.inner = inner
            self.isPolite = isPolite
        }
    }
    static var isFirstComeFirstServed: Bool { true }
    private let inner = TestAndTestAndSetLock()
    private let contexts = IsolatedAtomic<UInt32>(0)
    private let served = IsolatedAtomic<UInt32>(0)

    func makeContext(seed: UInt64, patience: Patience) -> Context {
        let index = contexts.atomic.pointee.wrappingAdd(1, ordering: .relaxed).oldValue
        return Context(inner.makeContext(seed: seed, patience: patience), isPolite: index == 0)
    }
    func destroyContext(_ context: Context) {}
    func enterDoorway(_ context: inout Context) {}
    func awaitTurn(_ context: inout Context) -> Acquisition {
        context.acquisitions += 1
        if context.isPolite, context.acquisitions % 8 == 1 { letOthersPass() }
        return inner.awaitTurn(&context.inner)
    }
    func unlock(_ context: inout Context) {
        served.atomic.pointee.wrappingAdd(1, ordering: .relaxed)
        inner.unlock(&context.inner)
    }

    /// Waits until one of the others must have come later and been served first: each of them had at most one
    /// acquisition begun. Gives up after a time, for they may have ended.
    private func letOthersPass() {
        let others = contexts.atomic.pointee.load(ordering: .relaxed) - 1
        let before = served.atomic.pointee.load(ordering: .relaxed)
        for _ in 0..<2000 {
            if served.atomic.pointee.load(ordering: .relaxed) &- before > others { return }
            usleep(500)
        }
    }
}

@Suite("Planted faults in locks", .serialized)
struct PlantedFaultTests {
    static let load: ThreadLockLoad = {
        var load = ThreadLockLoad.contended
        // Every holder naps between reading and writing what is shared, so 500 acquisitions show what a wrong lock does.
        load.holderNapInterval = 1
        load.window = .acquisitions(500)
        load.auditedAcquisitions = 200
        return load
    }()

    private func run(_ lock: some ThreadLock, load: ThreadLockLoad = load) throws -> ThreadLockResult {
        try ThreadLockTrial.run(lock, named: "planted", load: load) { _ in SampleList() }.result
    }

    @Test("a test-and-set that isn't atomic is caught by the exclusion check")
    func nonAtomic() throws {
        #expect(try !run(NonAtomicLock()).exclusion.isUpheld)
    }

    @Test("a ticket that isn't waited for after wrapping is caught by the exclusion check")
    func wrappingTicket() throws {
        // Who walks in between two holders hurts nobody but leaves one waiting forever: such a trial stalls instead.
        var load = Self.load
        load.stallNanoseconds = 1_000_000_000
        let isCaught = try (0..<10).contains { _ in
            try !run(WrappingTicketLock(bits: 6), load: load).exclusion.isUpheld
        }
        #expect(isCaught)
    }

    @Test("a queue whose waiters don't wait is caught by the exclusion check")
    func queueWithoutWaiting() throws {
        #expect(try !run(BrokenQueueLock(.forgetsToWait)).exclusion.isUpheld)
    }

    @Test("a queue that forgets to link its waiters ends as a stall, not as a hang")
    func queueWithoutLink() throws {
        // Elsewhere threads that a busy machine keeps waiting are no stall; here they never run again.
        var load = Self.load
        load.stallNanoseconds = 1_000_000_000
        #expect(try run(BrokenQueueLock(.forgetsToLink), load: load).isStalled)
    }

    @Test("a lock that only claims to queue is caught by the order audit")
    func queueJumper() throws {
        var load = Self.load
        load.auditedAcquisitions = 4096
        let result = try run(QueueJumpingLock(), load: load)
        #expect(result.exclusion.isUpheld)
        #expect(try #require(result.order).overtakes > 0)
    }
}
