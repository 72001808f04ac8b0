import Testing

@testable import ThreadLocks

/// Keeps every sample.
struct SampleList: LatencySink {
    var samples: [UInt64] = []

    mutating func record(_ nanoseconds: UInt64) {
        samples.append(nanoseconds)
    }
}

extension ThreadLockLoad {
    /// Contended on any machine, however busy: holders take naps, so that others find the lock held.
    static let contended = ThreadLockLoad(
        threads: 4, warmUp: .acquisitions(200), window: .acquisitions(8_000), auditedAcquisitions: 4_000,
        criticalSectionNanoseconds: 200, thinkNanoseconds: 100, holderNapInterval: 64,
        seed: 42)
}

@Suite("Trials of in-process locks", .serialized)
struct ThreadLockTrialTests {
    static let names = ThreadLockCatalogue.entries.map(\.name)

    @Test("every lock of the catalogue excludes under contention", arguments: names)
    func excludes(name: String) throws {
        let (result, _) = try ThreadLockTrial.run(lock: name, load: .contended) { _ in SampleList() }
        #expect(!result.isStalled)
        #expect(result.exclusion.isUpheld, "\(result.exclusion)")
        #expect(result.exclusion.acquisitions >= 8_200)
        #expect(result.contendedAcquisitions > 0)
        #expect(result.windowNanoseconds > 0)
    }

    @Test("locks that claim first come, first served are never overtaken", arguments: names)
    func order(name: String) throws {
        let (result, _) = try ThreadLockTrial.run(lock: name, load: .contended) { _ in SampleList() }
        let order = try #require(result.order)
        // The audit ends after two seconds: on a machine busy with other things it is a shorter one.
        #expect((100...4_000).contains(order.audited))
        if result.claimsFirstComeFirstServed {
            #expect(order.overtakes == 0)
            #expect(order.waited > 0)
        }
    }

    @Test("what is counted adds up, by thread and by sink", arguments: names)
    func sums(name: String) throws {
        let (result, sinks) = try ThreadLockTrial.run(lock: name, load: .contended) { _ in SampleList() }
        #expect(result.threads.count == 4 && sinks.count == 4)
        for (thread, sink) in zip(result.threads, sinks) {
            #expect(UInt64(sink.samples.count) == thread.acquisitions)
            #expect(sink.samples.reduce(0, +) == thread.waitNanoseconds)
            #expect((sink.samples.max() ?? 0) == thread.longestWaitNanoseconds)
        }
        // A thread may be on its way in when the last acquisition of the window is counted.
        #expect((8_000...8_004).contains(result.acquisitions))
        #expect(result.acquisitionOrder.count == Int(result.acquisitions))
        for (index, thread) in result.threads.enumerated() {
            #expect(result.acquisitionOrder.count(where: { $0 == UInt16(index) }) == Int(thread.acquisitions))
        }
        let held = result.threads.reduce(0) { $0 + $1.holdNanoseconds }
        #expect(held > result.acquisitions * 50)
    }

    @Test("a lone thread finds the lock free every time", arguments: names)
    func uncontended(name: String) throws {
        var load = ThreadLockLoad.contended
        load.threads = 1
        let (result, _) = try ThreadLockTrial.run(lock: name, load: load) { _ in SampleList() }
        #expect(result.contendedAcquisitions == 0)
        #expect(result.exclusion.isUpheld)
        #expect(result.order?.overtakes == 0)
    }

    @Test("a window can be a time, and critical sections can touch many lines", arguments: [1, 2, 4, 9])
    func timedWindow(lines: Int) throws {
        let load = ThreadLockLoad(
            threads: 3, warmUp: .nanoseconds(1_000_000), window: .nanoseconds(20_000_000), auditedAcquisitions: 0,
            criticalSectionNanoseconds: 0, sharedCacheLines: lines, thinkNanoseconds: 0, pinsThreads: true)
        let (result, _) = try ThreadLockTrial.run(lock: "mcs", load: load) { _ in SampleList() }
        #expect(result.exclusion.isUpheld)
        #expect(result.order == nil)
        #expect(result.windowNanoseconds >= 20_000_000)
        #expect(result.acquisitions > 0)
        #expect(result.threads.allSatisfy { $0.pinnedProcessor != nil })
        #expect(result.threads.reduce(0) { $0 + $1.userCPUNanoseconds + $1.systemCPUNanoseconds } > 0)
    }

    @Test("tickets go on past 2³²")
    func ticketsWrap() throws {
        let lock = TicketLock(firstTicket: .max - 1_000)
        let (result, _) = try ThreadLockTrial.run(lock, named: "ticket", load: .contended) { _ in SampleList() }
        #expect(result.exclusion.isUpheld)
        #expect(result.order?.overtakes == 0)
        #expect(!result.isStalled)
    }

    @Test(
        "a load out of range is refused by name",
        arguments: [
            ("threads", ThreadLockLoad(threads: 0)), ("threads", ThreadLockLoad(threads: 65_536)),
            ("sharedCacheLines", ThreadLockLoad(sharedCacheLines: 0)),
            ("window", ThreadLockLoad(window: .acquisitions(0))),
            ("warmUp", ThreadLockLoad(warmUp: .nanoseconds(.max))),
            ("auditedAcquisitions", ThreadLockLoad(auditedAcquisitions: -1)),
        ])
    func badLoad(name: String, load: ThreadLockLoad) {
        #expect {
            try ThreadLockTrial.run(lock: "mcs", load: load) { _ in SampleList() }
        } throws: { error in
            guard case .loadOutOfRange(name, _, _)? = error as? ThreadLockError else { return false }
            return true
        }
    }
}
