import Analysis
import Foundation
import Harness
import Testing

@Suite("Comparing", .serialized)
struct CompareTests {
    private static let quick = ["COORDBENCH_QUICK": "1"]
    /// Trials as short as they can be: in one process, in memory, a tenth of a second.
    private static let short = [
        "--isolation", "shared", "--duration", "100ms", "--warm-up", "20ms", "--clients", "4",
    ]

    private func outcome(_ folder: URL, _ name: String = "results/compare") throws -> ComparisonOutcome {
        try ComparisonOutcome.load(from: folder.appendingPathComponent("\(name)/comparison.json").path)
    }

    @Test("tells two systems apart that differ hugely, by its exit code, and analyses the folder again alike")
    func planted() async throws {
        try await TemporaryFolder.with { folder in
            // Three nodes that agree send several times the bytes of one that need not; counted, so no noise hides it.
            let judgement = ["--metric", "bytes_per_op", "--level", "20%", "--margin", "20%", "--allow-debug"]
            let result = try await Command.run(
                ["compare", "unreplicated", "raft", "--mix", "put", "--blocks", "3"] + judgement + Self.short,
                in: folder)
            let found = try outcome(folder)
            let shift = try #require(found.cells.first?.shifts.first)
            #expect((shift.shift ?? 0) > 0.5, "\(result.testDescription)")
            // A machine that disturbs more than a tenth of the trials is no ground to judge on.
            let isSound = found.cells.allSatisfy { $0.problems.isEmpty }
            #expect(result.status == (isSound ? 3 : 5), "\(result.testDescription)")
            #expect(shift.verdict == (isSound ? .regressed : .inconclusive))
            #expect(result.output.contains("bytes_per_op"))
            #expect(result.errors.contains("report: results/compare/comparison.md"))

            let records = try ResultsFolder.load(from: folder.appendingPathComponent("results/compare").path)
            #expect(records.problems.isEmpty && records.records.count == 12)
            #expect(records.records.count { $0.plan.pairing?.isWarmUp == true } == 3)
            let again = try await Command.run(
                ["compare", "results/compare"] + judgement, in: folder)
            #expect(again.status == result.status)
            #expect(again.output == result.output, "a comparison is a function of the records")
        }
    }

    @Test("in a quick look goes all the way, and has too few blocks for anything but inconclusive")
    func quickLook() async throws {
        try await TemporaryFolder.with { folder in
            let result = try await Command.run(
                ["compare", "mcs", "pthread", "--clients", "2", "--output", "here"], in: folder, environment: Self.quick
            )
            #expect(result.status == 5, "\(result.testDescription)")
            for file in ["comparison.md", "comparison.json", "comparison.svg", "run.json"] {
                #expect(FileManager.default.fileExists(atPath: folder.appendingPathComponent("here/\(file)").path))
            }
            #expect(try outcome(folder, "here").verdict == .inconclusive)
            #expect(!result.errors.contains("\r"), "no progress where standard error is no terminal")
            #expect(!FileManager.default.fileExists(atPath: folder.appendingPathComponent("here/data").path))
        }
    }

    @Test("of two builds starts each arm's nodes from a copy of its own program")
    func builds() async throws {
        try await TemporaryFolder.with { folder in
            // A build that takes down that it was started, and then is the same program.
            let script = folder.appendingPathComponent("old-build")
            let log = folder.appendingPathComponent("log")
            try """
            #!/bin/sh
            echo "$0 $1 $2" >> '\(log.path)'
            exec '\(Command.executable.path)' "$@"
            """.write(to: script, atomically: true, encoding: .utf8)
            try FileManager.default.setAttributes([.posixPermissions: 0o755], ofItemAtPath: script.path)
            let result = try await Command.run(
                ["compare", "unreplicated", "--a", script.path, "--b", "current", "--blocks", "1"], in: folder,
                environment: Self.quick)
            #expect(result.status == 5, "\(result.testDescription)")
            let starts = try String(contentsOf: log, encoding: .utf8).split(separator: "\n")
            #expect(starts.count { $0.hasSuffix("/old-build node --interface") } == 1, "\(starts)")
            // Two blocks, the one that warms up among them: A from its copy, the control from one whose path is as long.
            #expect(starts.count { $0.contains("/builds/1/coordbench node --system") } == 2, "\(starts)")
            #expect(starts.count { $0.contains("/builds/3/coordbench node --system") } == 2, "\(starts)")
            #expect(!starts.contains { $0.contains("/builds/2/") }, "B is another program")
            #expect(try outcome(folder).a == script.path && outcome(folder).b == "current")
            #expect(!FileManager.default.fileExists(atPath: folder.appendingPathComponent("results/compare/data").path))
        }
    }

    @Test("of two folders compares cells of equal settings, and refuses what can't be compared")
    func folders() async throws {
        try await TemporaryFolder.with { folder in
            let load = ["run", "pthread", "--duration", "300ms", "--warm-up", "0", "--allow-debug", "--output"]
            for name in ["one", "two"] {
                let run = try await Command.run(load + ["r/\(name)", "--clients", "2"], in: folder)
                #expect(run.status == 5, "\(run.testDescription)")
            }
            let single = try await Command.run(["compare", "r/one", "r/two", "--allow-debug"], in: folder)
            #expect(
                single.status == 5 && single.output.contains("run with --repetitions 10"), "\(single.testDescription)")
            #expect(single.output.contains("throughput_per_s"))
            let same = try await Command.run(["compare", "r/one", "r/../r/one"], in: folder)
            #expect(
                same.status == 64 && same.errors.contains("can't be compared with itself"), "\(same.testDescription)")
            let unpaired = try await Command.run(["compare", "r/one"], in: folder)
            #expect(unpaired.status == 65 && unpaired.errors.contains("holds no paired comparison"))
            let nothing = try await Command.run(["compare", "r/one", "r/none"], in: folder)
            #expect(nothing.status == 65 && nothing.errors.contains("holds no results"))

            _ = try await Command.run(load + ["r/other", "--clients", "1"], in: folder)
            let other = try await Command.run(["compare", "r/one", "r/other"], in: folder)
            #expect(
                other.status == 64 && other.errors.contains("no trials of equal settings"), "\(other.testDescription)")
            let trials = folder.appendingPathComponent("r/two/trials")
            for file in try FileManager.default.contentsOfDirectory(at: trials, includingPropertiesForKeys: nil) {
                try FileManager.default.removeItem(at: file)
            }
            let cut = try await Command.run(["compare", "r/one", "r/two"], in: folder)
            #expect(cut.status == 65 && cut.errors.contains("not there"), "\(cut.testDescription)")
        }
    }

    @Test(
        "that is asked for wrongly says what would be right",
        arguments: [
            (["compare"], 64, "Name two systems"),
            (["compare", "raft"], 64, "Name a second system"),
            (["compare", "raft", "rafft"], 64, "did you mean 'raft'?"),
            (["compare", "raft", "raft", "--metric", "thruput"], 64, "did you mean throughput?"),
            (["compare", "raft", "raft", "--metric", "clients"], 64, "not a figure"),
            (["compare", "raft", "raft", "--margin", "much"], 64, "--margin: 'much' is not a share"),
            (["compare", "raft", "raft", "--level", "60%"], 64, "above 0 % and below 50 %"),
            (["compare", "raft", "raft", "--blocks", "0"], 64, "1 to 1000 are possible"),
            (["compare", "raft", "raft", "--blocks", "5", "--time", "5m"], 64, "--blocks or --time"),
            (["compare", "raft", "raft", "--time", "5"], 64, "for example 5m"),
            (["compare", "raft", "raft", "--repetitions", "5"], 64, "say --blocks"),
            (["compare", "raft", "raft", "--connect", "127.0.0.1:1"], 64, "can't take turns"),
            (["compare", "raft", "raft", "--find-max", "p99 < 5ms"], 64, "compare at a rate that both bear"),
            (["compare", "raft", "raft", "results/none"], 64, "Name two systems"),
            (["compare", "raft", "results/none"], 64, "'raft' holds no run.json"),
            (["compare", "raft", "mcs"], 64, "can't be compared"),
            (["compare", "raft", "raft"], 64, "This is a debug build"),
            (["compare", "raft", "--b", "x"], 64, "Give --a too"),
            (["compare", "raft", "--a", "git:", "--b", "current"], 64, "names no build"),
            (["compare", "mcs", "--a", "current", "--b", "current"], 64, "side by side"),
            (
                ["compare", "raft", "--a", "no/such", "--b", "current", "--allow-debug"], 69,
                "there is no file or folder"
            ),
            (
                ["compare", "raft", "--a", "/bin/false", "--b", "current", "--allow-debug"], 69,
                "can't be compared with"
            ),
        ])
    func wrong(arguments: [String], status: Int, message: String) async throws {
        let result = try await Command.run(arguments)
        #expect(result.status == Int32(status), "\(result.testDescription)")
        #expect(result.errors.contains(message), "\(result.testDescription)")
        #expect(result.output.isEmpty)
    }

    @Test("shows what it would run, and runs nothing")
    func dryRun() async throws {
        try await TemporaryFolder.with { folder in
            let result = try await Command.run(
                ["compare", "raft[batch=1]", "raft", "--blocks", "20", "--clients", "1,16", "--dry-run"], in: folder)
            #expect(result.status == 0)
            #expect(result.output.contains("20 blocks and one that warms up, 126 trials, about"), "\(result.output)")
            #expect(!result.errors.contains("can't be evidence"))
            let few = try await Command.run(
                ["compare", "raft[batch=1]", "raft", "--blocks", "2", "--dry-run"], in: folder)
            #expect(few.status == 0, "\(few.testDescription)")
            #expect(
                few.errors.contains("2 pairs can't be evidence over 3 metrics at this level; at least 9 can"),
                "\(few.testDescription)")
            let builds = try await Command.run(
                ["compare", "raft", "--a", "git:HEAD~1", "--time", "5m", "--dry-run"], in: folder)
            #expect(
                builds.status == 0 && builds.output.contains("current"), "B is this program: \(builds.testDescription)")
            #expect(try FileManager.default.contentsOfDirectory(atPath: folder.path).isEmpty)
        }
    }
}
