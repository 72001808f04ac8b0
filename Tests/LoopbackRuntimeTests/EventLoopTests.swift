import Dispatch
import Glibc
import Measurement
import ProtocolKit
import Synchronization
import Testing

@testable import LoopbackRuntime

/// What a test's closures gather on a loop.
private final class Gathered: @unchecked Sendable {  // confined to the loop's queue
    var numbers: [Int] = []
    var timers = TimerTable()
    var turns = 0
    var wereAllOnQueue = true
}

@Suite("Event loop", .timeLimit(.minutes(1)))
struct EventLoopTests {
    @Test("runs what many threads ask for, all of it, each thread's in order")
    func perform() async throws {
        let loop = try EventLoop(label: "test.perform")
        let gathered = Gathered()
        let threads = 6
        let each = 500
        await withCheckedContinuation { (continuation: CheckedContinuation<Void, Never>) in
            for thread in 0..<threads {
                Task {
                    try await onThread {
                        for number in 0..<each {
                            loop.perform {
                                dispatchPrecondition(condition: .onQueue(loop.queue))
                                gathered.numbers.append(thread * each + number)
                                if gathered.numbers.count == threads * each { continuation.resume() }
                            }
                        }
                    }
                }
            }
        }
        let numbers = try await onThread { loop.queue.sync { gathered.numbers } }
        for thread in 0..<threads {
            #expect(numbers.filter { $0 / each == thread } == Array((thread * each)..<((thread + 1) * each)))
        }
        try await onThread { loop.queue.sync { loop.stop() } }
    }

    @Test("timers fire in the order of their deadlines, and none too early")
    func timers() async throws {
        let loop = try EventLoop(label: "test.timers")
        let gathered = Gathered()
        await withCheckedContinuation { (continuation: CheckedContinuation<Void, Never>) in
            loop.perform {
                let start = MonotonicClock.now()
                for (timer, delay) in [(1, 9), (2, 1), (3, 5), (4, 3), (5, 7)] {
                    gathered.timers.set(TimerID(UInt32(timer)), at: start + .milliseconds(UInt64(delay)))
                }
                loop.onTimer(next: { gathered.timers.next }) { now in
                    while let timer = gathered.timers.popDue(now) { gathered.numbers.append(Int(timer.rawValue)) }
                    if gathered.timers.next < .max, gathered.timers.next <= start { gathered.wereAllOnQueue = false }
                    if gathered.numbers.count == 5 { continuation.resume() }
                }
            }
        }
        let numbers = try await onThread { loop.queue.sync { gathered.numbers } }
        #expect(numbers == [2, 4, 3, 5, 1])
        try await onThread { loop.queue.sync { loop.stop() } }
    }

    @Test("a turn ends after what was ready has run")
    func turns() async throws {
        let loop = try EventLoop(label: "test.turns")
        let gathered = Gathered()
        await withCheckedContinuation { (continuation: CheckedContinuation<Void, Never>) in
            loop.perform {
                loop.onTurnEnd {
                    gathered.turns += 1
                    if gathered.turns == 1 { continuation.resume() }
                }
                gathered.numbers.append(gathered.turns)
            }
        }
        #expect(try await onThread { loop.queue.sync { gathered.numbers } } == [0])
        try await onThread { loop.queue.sync { loop.stop() } }
    }

    @Test("answers what it is asked, in the midst of its work and when it is stopped")
    func asked() async throws {
        let loop = try EventLoop(label: "test.asked")
        let gathered = Gathered()
        loop.perform {
            let start = MonotonicClock.now()
            gathered.timers.set(TimerID(1), at: start)
            // A timer that is due again as soon as it has fired: the loop is never idle.
            loop.onTimer(next: { gathered.timers.next }) { now in
                while gathered.timers.popDue(now) != nil {}
                gathered.turns += 1
                gathered.timers.set(TimerID(1), at: now + 20_000)
            }
        }
        let (turns, later, usage) = try await onThread {
            let turns = loop.ask { gathered.turns }
            let patience = MonotonicClock.now() + 30_000_000_000
            while loop.ask({ gathered.turns }) <= turns, MonotonicClock.now() < patience { Pause.milliseconds(1) }
            return (turns, loop.ask { gathered.turns }, loop.ask { loop.usage })
        }
        #expect(later > turns, "between questions it goes on with its work")
        #expect(usage.processorNanoseconds > 0, "what the wake-up under way has used counts")
        #expect(
            try await onThread {
                loop.queue.sync { loop.stop() }
                return loop.ask { gathered.turns }
            } >= later)
    }

    @Test("what is asked of a stopped loop is dropped, and touches no file that has its descriptors' numbers")
    func stopped() async throws {
        let loop = try EventLoop(label: "test.stopped")
        let folder = TemporaryFolder()
        let sizes = try await onThread {
            loop.queue.sync { loop.stop() }
            var files: [Int32] = []
            // The descriptors are closed a little later; then their numbers are given out again, lowest first.
            while files.last != loop.event, files.count < 300 {
                files.append(Glibc.open("\(folder.path)/\(files.count)", O_RDWR | O_CREAT, 0o600))
                Pause.milliseconds(1)
            }
            loop.perform { preconditionFailure("a stopped loop ran something") }
            return files.map { fd in
                var facts = stat()
                fstat(fd, &facts)
                close(fd)
                return facts.st_size
            }
        }
        #expect(sizes.allSatisfy { $0 == 0 })
    }
}

@Suite("Channels and connections that fail")
struct FailedConnectionTests {
    /// How often a descriptor was closed behind its owner's back while `body` ran many times beside others that open.
    private func lostDescriptors(_ body: @escaping @Sendable () -> Void) async throws -> Int {
        let isDone = Flag()
        async let lost = onThread {
            var lost = 0
            while !isDone.isSet {
                let fd = Glibc.open("/dev/null", O_RDONLY)
                Pause.milliseconds(0)
                if close(fd) != 0 { lost += 1 }
            }
            return lost
        }
        try await onThread {
            for _ in 0..<2_000 { body() }
            isDone.set()
        }
        return try await lost
    }

    @Test("a control connection that is refused closes its socket once")
    func control() async throws {
        let (fd, address) = try Socket.listen(on: .anyLoopback)
        close(fd)
        #expect(try await lostDescriptors { _ = try? ControlConnection(to: address) } == 0)
    }

    @Test("a channel that can't be watched closes its descriptor once and doesn't trap")
    func channel() async throws {
        let loop = try EventLoop(label: "test.channel")
        let folder = TemporaryFolder()
        let path = "\(folder.path)/file"
        // A regular file can't be in an epoll set.
        let lost = try await lostDescriptors {
            loop.queue.sync {
                let fd = Glibc.open(path, O_RDWR | O_CREAT, 0o600)
                #expect(throws: RuntimeError.self) { _ = try Channel(fd: fd, loop: loop) }
            }
        }
        #expect(lost == 0)
        try await onThread { loop.queue.sync { loop.stop() } }
    }
}

/// Set once, by another thread.
private final class Flag: Sendable {
    private let state = Atomic(false)
    var isSet: Bool { state.load(ordering: .acquiring) }
    func set() { state.store(true, ordering: .releasing) }
}

@Suite("Addresses")
struct SocketAddressTests {
    @Test("read back as written", arguments: ["127.0.0.1:7000", "0.0.0.0:0", "10.1.2.3:65535"])
    func roundTrip(text: String) throws {
        #expect(try SocketAddress(parsing: text).description == text)
    }

    @Test("localhost is the loopback interface")
    func localhost() throws {
        #expect(try SocketAddress(parsing: "localhost:80") == SocketAddress(host: "127.0.0.1", port: 80))
    }

    @Test(
        "what isn't one is refused",
        arguments: ["", "127.0.0.1", "127.0.0.1:", ":80", "127.0.0.1:65536", "127.0.0.1:x", "nowhere:80", "1.2.3:4"])
    func invalid(text: String) {
        #expect(throws: RuntimeError.invalidAddress(text)) { try SocketAddress(parsing: text) }
    }

    @Test("the nodes of a cluster with a fixed port have the ports after it")
    func followed() throws {
        let first = SocketAddress(host: "127.0.0.1", port: 7000)
        #expect(try first.followed(by: 0) == first)
        #expect(try first.followed(by: 2).port == 7002)
        #expect(try SocketAddress.anyLoopback.followed(by: 2) == .anyLoopback)
        #expect(throws: RuntimeError.self) { try SocketAddress(host: "127.0.0.1", port: .max).followed(by: 1) }
    }
}
