import ByteCoding
import Glibc
import ProtocolKit
import Testing
import Workload

@testable import LoopbackRuntime

@Suite("Write-ahead log")
struct WriteAheadLogTests {
    @Test("what was written is found again", arguments: [Durability.buffered, .synced])
    func roundTrip(durability: Durability) throws {
        let bench = LogBench()
        let records = (1...50).map { LogBench.record($0, bytes: Int($0) * 5, tag: $0 / 10) }
        try bench.session(durability: durability) { log in
            for record in records { log.append(record) }
            log.writeHardState("term 1")
            log.writeHardState("term 2")
        }
        let found = try bench.recovered()
        #expect(found.records == records)
        #expect(found.hardState == "term 2")
        #expect(found.discardedThrough == .zero)
        #expect(found.droppedBytes == 0)
    }

    @Test("a stored snapshot is read in parts, and one that can't be read is an error, not an end")
    func snapshotReads() async throws {
        let bench = LogBench()
        let log = try bench.open(durability: .buffered)
        defer { log.close() }
        log.beginSnapshot(SnapshotMark(index: LogIndex(7), tag: 1))
        log.writeSnapshot(Bytes("a stored snapshot"))
        log.commitSnapshot()
        #expect(log.write() == nil)
        func read(_ offset: UInt64) async -> Result<SnapshotPart?, RuntimeError> {
            await withCheckedContinuation { continuation in
                log.readSnapshot(transfer: 3, offset: offset, maximumBytes: 9) { continuation.resume(returning: $0) }
            }
        }
        let first = try #require(try await read(0).get())
        #expect(first.data == "a stored " && first.transfer == 3 && !first.isLast)
        let last = try #require(try await read(9).get())
        #expect(last.data == "snapshot" && last.isLast)
        #expect(try await read(100).get() == nil)
        try #require(truncate("\(bench.folder.path)/snapshot", 10) == 0)
        await #expect(throws: RuntimeError.self) { try await read(0).get() }
    }

    @Test("each opening is a new incarnation", arguments: [Durability.buffered, .synced])
    func incarnations(durability: Durability) throws {
        let bench = LogBench()
        for expected in UInt64(1)...5 {
            let log = try bench.open(durability: durability)
            #expect(log.currentIncarnation == expected)
            #expect(log.recovered.incarnation == expected - 1)
            log.close()
        }
    }

    @Test("agrees with a model through appends, truncations, discards and reopenings", arguments: UInt64(1)...8)
    func model(seed: UInt64) throws {
        var generator = SeededGenerator(seed: seed)
        let bench = LogBench()
        var records: [LogRecord] = []
        var discarded: UInt64 = 0
        var state: Bytes?
        for round in 1...12 {
            let log = try bench.open()
            #expect(log.currentIncarnation == UInt64(round))
            #expect(log.recovered.records == records)
            #expect(log.recovered.discardedThrough == LogIndex(discarded))
            #expect(log.recovered.hardState == state)
            for _ in 0..<generator.below(60) {
                let last = records.last?.index.rawValue ?? discarded
                switch generator.below(12) {
                case 0:
                    state = Bytes("state \(generator.below(1000))")
                    log.writeHardState(state!)
                case 1 where !records.isEmpty:
                    let from = LogIndex(discarded + 1 + UInt64(generator.below(records.count)))
                    log.truncateSuffix(from: from)
                    records.removeAll { $0.index >= from }
                case 2 where !records.isEmpty:
                    discarded += UInt64(generator.below(records.count / 2 + 1))
                    log.discardPrefix(through: LogIndex(discarded))
                    records.removeAll { $0.index.rawValue <= discarded }
                case 3: #expect(log.write() == nil)
                default:
                    let record = LogBench.record(last + 1, bytes: generator.below(900), tag: UInt64(round))
                    log.append(record)
                    records.append(record)
                }
            }
            #expect(log.write() == nil)
            log.close()
        }
    }

    @Test("a long log rolls over into segments, and discarding its prefix removes the old ones")
    func segments() throws {
        let bench = LogBench()
        let records = (1...100).map { LogBench.record($0, bytes: 1000) }
        try bench.session { log in
            log.writeHardState("state")
            for record in records { log.append(record) }
        }
        let before = try bench.segments
        #expect(before.count >= 6)
        #expect(try bench.recovered().records == records)

        try bench.session { log in log.discardPrefix(through: LogIndex(90)) }
        let after = try bench.segments
        #expect(after.count < before.count - 2)
        #expect(after.contains { !before.contains($0) })
        let found = try bench.recovered()
        #expect(found.records == Array(records[90...]))
        #expect(found.hardState == "state", "the hard state outlives the segment it was written in")
        #expect(found.discardedThrough == LogIndex(90))
        #expect(found.incarnation == 3)
    }

    @Test("a record longer than a segment is kept whole")
    func longRecord() throws {
        let bench = LogBench()
        let records = [LogBench.record(1, bytes: 100_000), LogBench.record(2), LogBench.record(3, bytes: 20_000)]
        try bench.session { log in for record in records { log.append(record) } }
        #expect(try bench.recovered().records == records)
    }

    @Test("batches given to the log's queue are written in order")
    func submitted() async throws {
        let bench = LogBench()
        let log = try bench.open()
        for round in UInt64(0)..<20 {
            for offset in UInt64(1)...10 { log.append(LogBench.record(round * 10 + offset, bytes: 200)) }
            let error = await withCheckedContinuation { continuation in
                log.submit { continuation.resume(returning: $0) }
                // Gathered while the batch is under way.
                #expect(!log.hasStaged)
            }
            log.reclaim()
            #expect(error == nil)
        }
        log.close()
        #expect(try bench.recovered().records.map(\.index.rawValue) == Array(1...200))
    }

    @Test("the published mark is the end of what was synced, and only that")
    func mark() throws {
        let bench = LogBench()
        let log = try bench.open(durability: .synced)
        let opened = try SyncedMark.read(folder: bench.folder.path)
        #expect(opened.epoch == 1)
        #expect(opened.offset == LogBench.firstEntry)
        log.append(LogBench.record(1, bytes: 100))
        #expect(try SyncedMark.read(folder: bench.folder.path).offset == opened.offset)
        #expect(log.write() == nil)
        let written = try SyncedMark.read(folder: bench.folder.path)
        #expect(written.offset == opened.offset + LogBench.size(payload: 100))
        #expect(log.counters.syncs == 2)
        log.close()
    }

    @Test("a log that skips its syncs publishes nothing")
    func skippedSync() throws {
        let bench = LogBench()
        let log = try WriteAheadLog(
            folder: bench.folder.path, identity: LogBench.identity, durability: .synced, segmentBytes: 4096,
            faults: LogFaults(skipsSync: true))
        log.append(LogBench.record(1))
        #expect(log.write() == nil)
        #expect(try SyncedMark.read(folder: bench.folder.path) == (0, 0))
        #expect(log.counters.syncs == 0)
        log.close()
    }

    @Test("a power cut takes what wasn't synced and leaves what was")
    func powerCut() throws {
        let bench = LogBench()
        try bench.session(durability: .synced) { $0.append(LogBench.record(1, bytes: 700)) }
        let log = try bench.open(durability: .synced)
        log.append(LogBench.record(2, bytes: 700))
        #expect(log.write() == nil)
        log.close()
        let kept = try bench.contents(bench.path(2))
        #expect(try PowerCut.strike(folder: bench.folder.path) == 0)
        #expect(try bench.contents(bench.path(2)) == kept)
        #expect(try bench.recovered().records.count == 2)
    }
}
