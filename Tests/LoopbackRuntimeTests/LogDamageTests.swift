import ByteCoding
import Glibc
import ProtocolKit
import Testing
import Workload

@testable import LoopbackRuntime

@Suite("Damaged logs")
struct LogDamageTests {
    /// A closed log of one segment with three entries of these sizes; the offsets of the entries and of the end.
    private func written(_ sizes: [Int]) throws -> (bench: LogBench, contents: [UInt8], offsets: [Int]) {
        let bench = LogBench()
        var offsets = [LogBench.firstEntry]
        try bench.session { log in
            for (place, size) in sizes.enumerated() {
                log.append(LogBench.record(UInt64(place + 1), bytes: size))
                offsets.append(offsets[place] + LogBench.size(payload: size))
            }
        }
        return (bench, try bench.contents(bench.path(1)), offsets)
    }

    private func reason(_ bench: LogBench) -> RuntimeError? {
        do throws(RuntimeError) {
            _ = try bench.recovered()
            return nil
        } catch {
            return error
        }
    }

    private func expectCorrupt(_ bench: LogBench, at offset: Int, _ what: Comment) {
        guard case .corrupt(let path, let place, _)? = reason(bench) else {
            Issue.record("accepted: \(what)")
            return
        }
        #expect(path == bench.path(1))
        #expect(place == offset, what)
    }

    @Test(
        "a last record cut at any sector boundary is dropped, and the log goes on from there",
        arguments: [500, 501, 502, 503, 504, 505, 506, 507, 508, 509, 510, 511, 512, 700])
    func torn(startInSector: Int) throws {
        // The second entry's size is chosen so that the third's header falls on a sector boundary in every way.
        let fixed = LogBench.firstEntry + LogBench.size(payload: 20) + LogBench.size(payload: 0)
        let (bench, contents, offsets) = try written([20, startInSector + 512 - fixed, 2500])
        let start = offsets[2]
        #expect(start == startInSector + 512)
        for boundary in stride(from: (start / 512 + 1) * 512, to: offsets[3], by: 512) {
            var cut = contents
            for place in boundary..<cut.count { cut[place] = 0 }
            for name in try bench.segments { unlink("\(bench.folder.path)/\(name)") }
            try bench.overwrite(bench.path(1), cut)
            let log = try bench.open()
            #expect(log.recovered.records.map(\.index.rawValue) == [1, 2], "cut at \(boundary)")
            #expect(log.recovered.droppedBytes > 0)
            log.append(LogBench.record(3))
            #expect(log.write() == nil)
            log.close()
            #expect(try bench.recovered().records.map(\.index.rawValue) == [1, 2, 3], "after a cut at \(boundary)")
        }
    }

    @Test("a last record with any one sector missing is dropped", arguments: 1...4)
    func missingSector(number: Int) throws {
        let (bench, contents, offsets) = try written([20, 20, 2500])
        let sector = (offsets[2] / 512 + number) * 512
        var damaged = contents
        for place in sector..<min(sector + 512, offsets[3]) { damaged[place] = 0 }
        try bench.overwrite(bench.path(1), damaged)
        #expect(try bench.recovered().records.count == 2)
    }

    @Test("a flipped bit in a record in the middle is refused with path and place")
    func middle() throws {
        let (bench, contents, offsets) = try written([20, 30, 40])
        for place in offsets[0]..<offsets[1] {
            for bit in [0, 3, 7] {
                var flipped = contents
                flipped[place] ^= 1 << bit
                try bench.overwrite(bench.path(1), flipped)
                expectCorrupt(bench, at: offsets[0], "bit \(bit) of byte \(place - offsets[0])")
            }
        }
    }

    @Test("a flipped bit in a last record whose sectors are all there is refused", arguments: [40, 1500])
    func tail(size: Int) throws {
        let (bench, contents, offsets) = try written([20, 30, size])
        for place in stride(from: offsets[2], to: offsets[3], by: size < 100 ? 1 : 13) {
            var flipped = contents
            flipped[place] ^= 1 << (place % 8)
            try bench.overwrite(bench.path(1), flipped)
            expectCorrupt(bench, at: offsets[2], "byte \(place - offsets[2])")
        }
    }

    @Test("bytes after the last record that no record explains are refused")
    func stray() throws {
        let (bench, contents, offsets) = try written([20, 30, 40])
        var stray = contents
        stray[offsets[3] + 600] = 1
        try bench.overwrite(bench.path(1), stray)
        expectCorrupt(bench, at: offsets[3] + 600, "a stray byte")
    }

    @Test("a record in a segment that others follow can't be torn")
    func closedSegment() throws {
        let (bench, contents, offsets) = try written([20, 30, 1500])
        try bench.session { $0.append(LogBench.record(4)) }
        var cut = contents
        for place in (offsets[2] + 600)..<cut.count { cut[place] = 0 }
        try bench.overwrite(bench.path(1), cut)
        expectCorrupt(bench, at: offsets[2], "a torn record in a closed segment")
    }

    @Test("a file that is cut short loses at most its last record, and whole entries are never lost")
    func shortened() throws {
        let (bench, contents, offsets) = try written([20, 600, 40])
        for length in stride(from: LogFormat.headerBytes, to: offsets[3], by: 7) {
            for name in try bench.segments { unlink("\(bench.folder.path)/\(name)") }
            try bench.overwrite(bench.path(1), Array(contents[..<length]))
            let whole = offsets.dropFirst().count { $0 <= length }
            #expect(try bench.recovered().records.count == whole, "cut to \(length) bytes")
        }
    }

    @Test("a missing segment is noticed")
    func missing() throws {
        let bench = LogBench()
        try bench.session { log in for index in UInt64(1)...100 { log.append(LogBench.record(index, bytes: 1000)) } }
        unlink(bench.path(3))
        guard case .corrupt(let path, _, let why)? = reason(bench) else {
            Issue.record("the gap was accepted")
            return
        }
        #expect(path == bench.folder.path)
        #expect(why.contains("segment 3"))
    }

    @Test("a missing first segment is noticed")
    func missingFirst() throws {
        let bench = LogBench()
        try bench.session { log in for index in UInt64(1)...100 { log.append(LogBench.record(index, bytes: 1000)) } }
        unlink(bench.path(1))
        guard case .corrupt? = reason(bench) else {
            Issue.record("the gap was accepted")
            return
        }
    }

    @Test("a segment whose header never reached the disk is made anew")
    func emptySegment() throws {
        let (bench, _, _) = try written([20, 30, 40])
        try bench.overwrite(bench.path(2), [UInt8](repeating: 0, count: 4096))
        for expected in 3...5 {
            try bench.session { $0.append(LogBench.record(UInt64(expected + 1))) }
            #expect(try bench.recovered().records.count == expected + 1)
        }
    }

    @Test(
        "another node's, cluster's or version's log is refused",
        arguments: [
            LogFormat.Identity(cluster: 8, node: 1), LogFormat.Identity(cluster: 7, node: 2),
        ])
    func foreign(identity: LogFormat.Identity) throws {
        let (bench, contents, _) = try written([20, 30, 40])
        do throws(RuntimeError) {
            _ = try bench.open(identity)
            Issue.record("accepted")
        } catch {
            guard case .foreignData(bench.path(1), _) = error else {
                Issue.record("\(error)")
                return
            }
        }
        var versioned = contents
        versioned[8] = 99
        try bench.overwrite(bench.path(1), versioned)
        guard case .foreignData? = reason(bench) else {
            Issue.record("another version was accepted")
            return
        }
    }

    @Test("files of garbage are refused and never trap", arguments: UInt64(1)...10)
    func garbage(seed: UInt64) throws {
        var generator = SeededGenerator(seed: seed)
        let bench = LogBench()
        for _ in 0..<20 {
            let bytes = (0..<(1 + generator.below(2000))).map { _ in UInt8(generator.below(256)) | 1 }
            try bench.overwrite(bench.path(1), bytes)
            guard case .corrupt(bench.path(1), 0, _)? = reason(bench) else {
                Issue.record("garbage was accepted")
                return
            }
        }
    }

    @Test("garbage after a good header is refused or dropped, and never traps", arguments: UInt64(1)...10)
    func garbageTail(seed: UInt64) throws {
        var generator = SeededGenerator(seed: seed)
        let (bench, contents, offsets) = try written([20, 30, 40])
        for _ in 0..<20 {
            var damaged = contents
            for _ in 0..<(1 + generator.below(40)) {
                damaged[offsets[3] + generator.below(1000)] = UInt8(1 + generator.below(255))
            }
            try bench.overwrite(bench.path(1), damaged)
            if let error = reason(bench) {
                guard case .corrupt = error else {
                    Issue.record("\(error)")
                    return
                }
            } else {
                for name in try bench.segments.dropFirst() { unlink("\(bench.folder.path)/\(name)") }
            }
        }
    }

    @Test("names that aren't segments' are left alone, and one that can't be is refused")
    func names() throws {
        let (bench, _, _) = try written([20, 30, 40])
        try bench.overwrite("\(bench.folder.path)/wal-notes", [1])
        try bench.overwrite("\(bench.folder.path)/notes", [1])
        #expect(try bench.recovered().records.count == 3)
        let empty = LogBench()
        try empty.overwrite("\(empty.folder.path)/wal-ffffffffffffffff", [])
        guard case .corrupt? = reason(empty) else {
            Issue.record("a segment number without successor was accepted")
            return
        }
    }

    @Test("a folder that can't be made, and a file in the place of one, are errors")
    func unwritable() throws {
        let bench = LogBench()
        let file = "\(bench.folder.path)/file"
        try bench.overwrite(file, [1])
        for path in [file, "\(file)/below", "/proc/none"] {
            #expect(throws: RuntimeError.self) {
                _ = try WriteAheadLog(folder: path, identity: LogBench.identity, durability: .buffered)
            }
        }
    }

    @Test("a full disk is an error that names the file")
    func fullDisk() throws {
        let fd = try LogFolder.open(writing: "/dev/full", flags: 0)
        defer { close(fd) }
        let bytes: [UInt8] = [1, 2, 3]
        bytes.withUnsafeBytes { region in
            let error = #expect(throws: RuntimeError.self) {
                try LogFolder.write(fd, region, at: 0, path: "/dev/full")
            }
            guard case .cannotWrite("/dev/full", let reason)? = error else {
                Issue.record("\(String(describing: error))")
                return
            }
            #expect(reason.contains("No space"))
        }
    }
}

@Suite("Snapshot files")
struct SnapshotFileTests {
    private let folder = TemporaryFolder()
    private let mark = SnapshotMark(index: LogIndex(42), tag: 3)

    private func file(_ identity: LogFormat.Identity = LogBench.identity, isSynced: Bool = false) -> SnapshotFile {
        SnapshotFile(folder: folder.path, identity: identity, isSynced: isSynced)
    }

    private func store(_ data: Bytes, _ mark: SnapshotMark, isSynced: Bool = false) throws {
        let file = file(isSynced: isSynced)
        try file.begin(mark)
        for start in stride(from: 0, to: data.count, by: 100) {
            try file.write(data[start..<min(start + 100, data.count)])
        }
        try file.commit()
    }

    private let data = Bytes((0..<1000).map { UInt8(truncatingIfNeeded: $0 &* 11) })

    @Test("a committed snapshot is found again", arguments: [true, false])
    func roundTrip(isSynced: Bool) throws {
        #expect(try file().recover() == nil)
        try store(data, mark, isSynced: isSynced)
        let found = try #require(try file().recover())
        #expect(found.mark == mark)
        #expect(found.data == data)
    }

    @Test("a snapshot that was begun and not committed is ignored, and the former stays")
    func partial() throws {
        try store(data, mark)
        let writing = file()
        _ = try writing.recover()
        try writing.begin(SnapshotMark(index: LogIndex(50), tag: 4))
        try writing.write("half")
        #expect(try LogFolder.names(in: folder.path).contains("snapshot.part"))
        let found = try #require(try file().recover())
        #expect(found.mark == mark)
        #expect(found.data == data)
        #expect(!(try LogFolder.names(in: folder.path).contains("snapshot.part")))
    }

    @Test("beginning anew gives up what was begun")
    func anew() throws {
        let writing = file()
        try writing.begin(mark)
        try writing.write("first")
        let second = SnapshotMark(index: LogIndex(50), tag: 4)
        try writing.begin(second)
        try writing.write("2nd")
        try writing.commit()
        let found = try #require(try file().recover())
        #expect(found.mark == second)
        #expect(found.data == "2nd")
    }

    @Test("parts read back make up the whole")
    func parts() throws {
        try store(data, mark)
        let file = file()
        _ = try file.recover()
        var gathered: [UInt8] = []
        while true {
            let part = try #require(
                try file.read(transfer: 9, offset: UInt64(gathered.count), maximumBytes: 300))
            #expect(part.transfer == 9)
            #expect(part.mark == mark)
            #expect(part.offset == UInt64(gathered.count))
            gathered += part.data.array
            if part.isLast { break }
        }
        #expect(Bytes(gathered) == data)
        #expect(try file.read(transfer: 9, offset: UInt64(data.count + 1), maximumBytes: 10) == nil)
        #expect(try file.read(transfer: 9, offset: .max, maximumBytes: 10) == nil)
        #expect(try file.read(transfer: 9, offset: UInt64(data.count), maximumBytes: 10)?.isLast == true)
    }

    @Test("a snapshot with any damaged byte, or cut anywhere, is refused")
    func damaged() throws {
        try store(data, mark)
        let path = "\(folder.path)/snapshot"
        let contents = try LogFolder.read(path).array
        let bench = LogBench()
        for place in stride(from: 0, to: contents.count, by: 3) {
            var flipped = contents
            flipped[place] ^= 0x10
            try bench.overwrite(path, flipped)
            #expect(throws: RuntimeError.self, "byte \(place)") { try file().recover() }
            try bench.overwrite(path, Array(contents[..<place]))
            #expect(throws: RuntimeError.self, "cut at \(place)") { try file().recover() }
        }
        try bench.overwrite(path, contents)
        #expect(try file().recover()?.data == data)
    }

    @Test("another node's snapshot is refused")
    func foreign() throws {
        try store(data, mark)
        do throws(RuntimeError) {
            _ = try file(LogFormat.Identity(cluster: 7, node: 2)).recover()
            Issue.record("accepted")
        } catch {
            guard case .foreignData = error else {
                Issue.record("\(error)")
                return
            }
        }
    }
}
