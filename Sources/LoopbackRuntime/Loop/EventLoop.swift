import CLinux
import Dispatch
import Glibc
import Measurement
import Synchronization

/// One serial queue and the descriptors it watches: a Dispatch read source over an epoll set wakes it, and it then takes
/// everything that is ready, without waiting, until nothing is.
///
/// Once awake, the loop lingers for up to a millisecond in the epoll set itself before it leaves the waiting to the
/// source again: while there is traffic, a message costs one thread's wake-up, not the source's and then the queue's.
///
/// One source over an epoll set carries half as many requests again as a source for each connection, since a wake-up of
/// the source costs more than the read it announces.
///
/// A pass over the ready descriptors is a turn: after each, the turn handlers run, which step the protocols' `turnEnded`,
/// hand batches to the log and flush the sockets.
public final class EventLoop: @unchecked Sendable {  // everything mutable is confined to `queue`
    /// The queue that everything on this loop runs on.
    public let queue: DispatchQueue
    private let epoll: Int32
    private let timer: Int32
    /// Wakes the loop for what ``perform(_:)`` has put into its mailbox.
    let event: Int32
    private let mailbox = Mutex(Mailbox())
    private var source: (any DispatchSourceRead)?
    private var handlers: ContiguousArray<Handler?> = []
    private var generations: ContiguousArray<UInt32> = []
    private var freeSlots: [Int] = []
    private var turnHandlers: [() -> Void] = []
    private var deadlineSources: [() -> UInt64] = []
    private var timerHandlers: [(UInt64) -> Void] = []
    private var armedDeadline = UInt64.max
    private var tokens = [UInt64](repeating: 0, count: 64)
    private var readiness = [UInt32](repeating: 0, count: 64)
    private var isStopped = false
    /// Processor time of the wake-ups that have ended.
    private var usageBefore = LoopUsage()
    /// What the thread had used when the wake-up that is under way began.
    private var wakeStart: UInt64?

    private struct Mailbox {
        var letters: [@Sendable () -> Void] = []
        /// The event descriptor is about to be closed: its number may soon be another file's.
        var isClosed = false
    }

    /// What a ready descriptor calls: readable, writable, broken.
    typealias Handler = (_ isReadable: Bool, _ isWritable: Bool, _ isBroken: Bool) -> Void

    private static let timerToken = UInt64.max
    private static let eventToken = UInt64.max - 1
    private static let lingerMilliseconds: Int32 = 1
    /// How long the loop keeps its queue at least while there is traffic, in nanoseconds: to be woken by the source again
    /// costs the next message some tens of microseconds, and so rarely doesn't show at the 99th percentile.
    private static let stayNanoseconds: UInt64 = 20_000_000

    /// A loop with a queue of its own.
    ///
    /// - Parameter label: the queue's name, for debuggers.
    public init(label: String) throws(RuntimeError) {
        queue = DispatchQueue(label: label)
        epoll = clinux_epoll_create()
        guard epoll >= 0 else { throw .socket(call: "epoll_create", reason: Socket.reason()) }
        timer = clinux_timer_create()
        event = clinux_event_create()
        guard timer >= 0, clinux_epoll_add(epoll, timer, CLINUX_READABLE, Self.timerToken) == 0,
            event >= 0, clinux_epoll_add(epoll, event, CLINUX_READABLE, Self.eventToken) == 0
        else {
            let reason = Socket.reason()
            for descriptor in [epoll, timer, event] where descriptor >= 0 { close(descriptor) }
            throw .socket(call: "timerfd_create or eventfd", reason: reason)
        }
        let source = DispatchSource.makeReadSource(fileDescriptor: epoll, queue: queue)
        self.source = source
        source.setEventHandler { [unowned self] in wake() }
        let descriptors = [epoll, timer, event]
        source.setCancelHandler { for descriptor in descriptors { close(descriptor) } }
        source.activate()
    }

    deinit {
        source?.cancel()
    }

    /// Stops watching. Descriptors that were added stay their owners'.
    public func stop() {
        dispatchPrecondition(condition: .onQueue(queue))
        guard !isStopped else { return }
        isStopped = true
        mailbox.withLock { $0.isClosed = true }
        source?.cancel()
        source = nil
        handlers.removeAll()
        turnHandlers.removeAll()
        timerHandlers.removeAll()
        deadlineSources.removeAll()
    }

    /// Runs a closure on the loop, in one of its turns; after ``stop()`` it is dropped. From any thread.
    public func perform(_ body: @escaping @Sendable () -> Void) {
        mailbox.withLock { mailbox in
            guard !mailbox.isClosed else { return }
            mailbox.letters.append(body)
            guard mailbox.letters.count == 1 else { return }
            // Under the lock, so that the descriptor can't be closed, and its number used again, before it is written to.
            var one: UInt64 = 1
            write(event, &one, 8)
        }
    }

    /// Runs a closure on the loop in its next turn and waits for what it returns: while there is traffic that comes sooner
    /// than the queue's turn. From any thread but the loop's own.
    public func ask<Answer: Sendable>(_ body: @escaping @Sendable () -> Answer) -> Answer {
        let answer = LoopAnswer<Answer>()
        perform { answer.give(body()) }
        while !answer.isGiven(within: .milliseconds(100)) {
            // Of a loop that is stopped nothing comes; its queue still serves.
            if mailbox.withLock({ $0.isClosed }) { return queue.sync { body() } }
        }
        return answer.value ?? queue.sync { body() }
    }

    /// Processor time of this loop's turns until now. Only on the loop.
    public var usage: LoopUsage {
        var usage = usageBefore
        if let wakeStart { usage.add(since: wakeStart) }
        return usage
    }

    private func openMailbox() {
        var count: UInt64 = 0
        read(event, &count, 8)
        let letters = mailbox.withLock { mailbox in
            defer { mailbox.letters = [] }
            return mailbox.letters
        }
        for letter in letters where !isStopped { letter() }
    }

    private func wake() {
        guard !isStopped else { return }
        let start = MonotonicClock.threadCPU()
        wakeStart = start
        let end = MonotonicClock.now() &+ Self.stayNanoseconds
        // Bounded, so that others on the queue get their turn too; the source fires again while descriptors are ready.
        var pass = 0
        while pass < 64 || MonotonicClock.now() < end {
            let patience = pass == 0 ? 0 : Self.lingerMilliseconds
            let count = Int(clinux_epoll_poll(epoll, &tokens, &readiness, patience))
            guard count > 0 else { break }
            for position in 0..<count { dispatch(tokens[position], readiness[position]) }
            endTurn()
            if isStopped { break }
            pass += 1
        }
        wakeStart = nil
        usageBefore.add(since: start)
    }

    private func dispatch(_ token: UInt64, _ ready: UInt32) {
        if token == Self.timerToken {
            var expirations: UInt64 = 0
            _ = read(timer, &expirations, 8)
            armedDeadline = .max
            let now = MonotonicClock.now()
            for handler in timerHandlers { handler(now) }
            return
        }
        if token == Self.eventToken { return openMailbox() }
        let slot = Int(truncatingIfNeeded: token & 0xFFFF_FFFF)
        guard slot < handlers.count, generations[slot] == UInt32(truncatingIfNeeded: token >> 32) else { return }
        handlers[slot]?(ready & CLINUX_READABLE != 0, ready & CLINUX_WRITABLE != 0, ready & CLINUX_BROKEN != 0)
    }

    private func endTurn() {
        for handler in turnHandlers { handler() }
        var next = UInt64.max
        for deadline in deadlineSources { next = min(next, deadline()) }
        guard next < armedDeadline else { return }
        armedDeadline = next
        clinux_timer_set(timer, max(next, 1))
    }

    /// Watches a descriptor and returns its slot. Only on the queue.
    func watch(_ fd: Int32, interest: UInt32, _ handler: @escaping Handler) throws(RuntimeError) -> Int {
        let slot: Int
        if let free = freeSlots.popLast() {
            slot = free
            handlers[slot] = handler
        } else {
            slot = handlers.count
            handlers.append(handler)
            generations.append(0)
        }
        guard clinux_epoll_add(epoll, fd, interest, token(slot)) == 0 else {
            release(slot)
            throw .socket(call: "epoll_ctl", reason: Socket.reason())
        }
        return slot
    }

    /// Changes what a watched descriptor is watched for.
    func change(_ fd: Int32, slot: Int, interest: UInt32) {
        _ = clinux_epoll_modify(epoll, fd, interest, token(slot))
    }

    /// Stops watching a descriptor.
    func unwatch(_ fd: Int32, slot: Int) {
        guard !isStopped else { return }
        _ = clinux_epoll_remove(epoll, fd)
        release(slot)
    }

    private func release(_ slot: Int) {
        handlers[slot] = nil
        generations[slot] &+= 1
        freeSlots.append(slot)
    }

    private func token(_ slot: Int) -> UInt64 {
        UInt64(generations[slot]) << 32 | UInt64(slot)
    }

    /// Adds what runs at the end of every turn.
    public func onTurnEnd(_ handler: @escaping () -> Void) {
        turnHandlers.append(handler)
    }

    /// Adds a source of deadlines and what runs when the earliest has come; a deadline of `.max` means none.
    public func onTimer(next: @escaping () -> UInt64, _ handler: @escaping (_ now: UInt64) -> Void) {
        deadlineSources.append(next)
        timerHandlers.append(handler)
    }
}

/// What a loop's turns have used.
public struct LoopUsage: Sendable {
    /// Processor time in nanoseconds.
    public private(set) var processorNanoseconds: UInt64 = 0
    /// Times the loop was woken.
    public private(set) var wakes: UInt64 = 0

    /// Adds a turn that began when the thread had used `processor` nanoseconds.
    mutating func add(since processor: UInt64) {
        processorNanoseconds &+= MonotonicClock.threadCPU() &- processor
        wakes += 1
    }
}

/// What a loop was asked, once it is known.
private final class LoopAnswer<Answer: Sendable>: Sendable {
    private let given = Mutex<Answer?>(nil)
    private let arrived = DispatchSemaphore(value: 0)

    var value: Answer? { given.withLock { $0 } }

    func give(_ answer: Answer) {
        given.withLock { $0 = answer }
        arrived.signal()
    }

    func isGiven(within time: DispatchTimeInterval) -> Bool { arrived.wait(timeout: .now() + time) == .success }
}
