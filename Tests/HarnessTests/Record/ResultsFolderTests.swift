import Glibc
import Testing

@testable import Harness

@Suite struct ResultsFolderTests {
    private func run(planned: Int) -> RunRecord {
        RunRecord(
            programVersion: "0.1.0", commandLine: ["coordbench", "run"], plannedTrials: planned,
            started: WallTime(millisecondsSince1970: 0))
    }

    @Test("trials come back in order, each file whole as soon as it is written") func order() throws {
        let scratch = ScratchFolder()
        let path = "\(scratch.path)/deep/er/results"
        var folder = try ResultsFolder.create(at: path, run: run(planned: 2), replacing: false)
        for number in [2, 1] {
            let file = try folder.append(try RecordExamples.record(number: number))
            #expect(try TrialRecord.load(from: file).plan.number == number)
        }
        try folder.finish(at: .now(), isInterrupted: false)
        let loaded = try ResultsFolder.load(from: path)
        #expect(loaded.records.map(\.plan.number) == [2, 1])
        #expect(try loaded.complete().count == 2)
        #expect(loaded.run.isComplete)
    }

    @Test("file names are plain words") func names() throws {
        let plan = try RecordExamples.plan(number: 12, variant: "raft[batch=64,reads=../é]")
        #expect(ResultsFolder.fileStem(of: plan) == "012-raft-batch-64-reads-n3-synced-c16x1-r1")
    }

    @Test("a run that never ended is read as far as it is, and is not complete") func cutOff() throws {
        let scratch = ScratchFolder()
        var folder = try ResultsFolder.create(at: scratch.path, run: run(planned: 3), replacing: false)
        try folder.append(try RecordExamples.record(number: 1))
        let loaded = try ResultsFolder.load(from: scratch.path)
        #expect(loaded.records.count == 1)
        #expect(throws: RecordError.cutOff(path: scratch.path, trials: 1, planned: 3)) { try loaded.complete() }
    }

    @Test("a damaged, a missing and an unlisted trial") func damaged() throws {
        let scratch = ScratchFolder()
        var folder = try ResultsFolder.create(at: scratch.path, run: run(planned: 3), replacing: false)
        let first = try folder.append(try RecordExamples.record(number: 1))
        let second = try folder.append(try RecordExamples.record(number: 2))
        try folder.finish(at: .now(), isInterrupted: false)
        try AtomicFile.write(Array(try AtomicFile.read(first).prefix(300)), to: first)
        unlink(second)
        try RecordExamples.record(number: 3).write(to: "\(scratch.path)/trials/003-x.json")
        let loaded = try ResultsFolder.load(from: scratch.path)
        #expect(loaded.records.map(\.plan.number) == [3])
        #expect(
            loaded.problems == [
                .truncated(path: first), .trialMissing(path: second),
                .cutOff(path: scratch.path, trials: 1, planned: 3),
            ])
        #expect(throws: RecordError.truncated(path: first)) { try loaded.complete() }
    }

    @Test("a folder without a run, and a run.json that is none") func noRun() throws {
        let scratch = ScratchFolder()
        #expect(throws: RecordError.notResults(path: scratch.path)) { try ResultsFolder.load(from: scratch.path) }
        try AtomicFile.write("{\"schema\": \"coordbench.run/9\"}", to: "\(scratch.path)/run.json")
        #expect(
            throws: RecordError.newerSchema(
                path: "\(scratch.path)/run.json", found: "coordbench.run/9", newest: "coordbench.run/1")
        ) { try ResultsFolder.load(from: scratch.path) }
    }

    @Test("an earlier run is replaced only where asked for, and strange files stay") func replacing() throws {
        let scratch = ScratchFolder()
        var folder = try ResultsFolder.create(at: scratch.path, run: run(planned: 1), replacing: false)
        try folder.append(try RecordExamples.record(number: 1))
        try AtomicFile.write("mine", to: "\(scratch.path)/notes.txt")
        #expect(throws: RecordError.alreadyThere(path: scratch.path)) {
            try ResultsFolder.create(at: scratch.path, run: run(planned: 1), replacing: false)
        }
        _ = try ResultsFolder.create(at: scratch.path, run: run(planned: 5), replacing: true)
        let loaded = try ResultsFolder.load(from: scratch.path)
        #expect(loaded.records.isEmpty && loaded.run.plannedTrials == 5)
        #expect(try AtomicFile.read("\(scratch.path)/notes.txt") == Array("mine".utf8))
    }

    @Test("a place where nothing can be written says what to do") func unwritable() throws {
        let scratch = ScratchFolder()
        try AtomicFile.write("", to: "\(scratch.path)/file")
        let error = #expect(throws: RecordError.self) {
            try ResultsFolder.create(at: "\(scratch.path)/file/results", run: run(planned: 1), replacing: false)
        }
        #expect(error?.trouble == .creating)
        #expect(error?.description.contains("choose another folder") == true)
        // /proc takes no files from anyone, root included.
        let proc = #expect(throws: RecordError.self) {
            try ResultsFolder.create(at: "/proc/coordbench", run: run(planned: 1), replacing: false)
        }
        #expect(proc?.trouble == .creating)
    }

    @Test("what isn't a plain file is written to as it is, and a link stays one") func otherFiles() throws {
        let scratch = ScratchFolder()
        let (pipe, file, link) = ("\(scratch.path)/pipe", "\(scratch.path)/file", "\(scratch.path)/link")
        #expect(mkfifo(pipe, 0o600) == 0)
        // Open for both, so that nobody waits for the other end.
        let end = open(pipe, O_RDWR | O_NONBLOCK)
        defer { close(end) }
        try AtomicFile.write("through", to: pipe)
        var seen = [UInt8](repeating: 0, count: 16)
        #expect(read(end, &seen, 16) == 7 && seen.starts(with: Array("through".utf8)))
        var facts = stat()
        #expect(lstat(pipe, &facts) == 0 && facts.st_mode & S_IFMT == S_IFIFO)
        try AtomicFile.write("old", to: file)
        #expect(symlink("file", link) == 0)
        try AtomicFile.write("new", to: link)
        #expect(lstat(link, &facts) == 0 && facts.st_mode & S_IFMT == S_IFLNK)
        #expect(try AtomicFile.read(file) == Array("new".utf8))
    }

    @Test("what trials of processes that are gone have left is removed, and nothing else") func abandoned() throws {
        let scratch = ScratchFolder()
        // No process has this number: it is above the highest that Linux gives.
        let names = ["trial-3-2147483647", "trial-4-\(getpid())", "trial-x", "notes-1-2147483647"]
        for name in names {
            try AtomicFile.makeFolder("\(scratch.path)/\(name)")
            try AtomicFile.write("log", to: "\(scratch.path)/\(name)/wal")
        }
        FileTree.removeAbandonedTrials(in: scratch.path)
        #expect(AtomicFile.names(in: scratch.path) == names.dropFirst().sorted())
    }

    @Test("a write that fails leaves the old file and no scraps") func failedWrite() throws {
        let error = #expect(throws: RecordError.self) { try AtomicFile.write("x", to: "/dev/full/x") }
        #expect(error?.trouble == .writing)
        let scratch = ScratchFolder()
        let path = "\(scratch.path)/a"
        try AtomicFile.write("old", to: path)
        // A folder in the way of the rename.
        mkdir("\(scratch.path)/b", 0o755)
        try AtomicFile.write("", to: "\(scratch.path)/b/inside")
        #expect(throws: RecordError.self) { try AtomicFile.write("new", to: "\(scratch.path)/b") }
        #expect(access("\(scratch.path)/b.tmp-\(getpid())", F_OK) != 0)
        #expect(try AtomicFile.read(path) == Array("old".utf8))
    }
}
