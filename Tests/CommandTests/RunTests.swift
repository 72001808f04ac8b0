import Foundation
import Testing

@Suite("Running", .serialized)
struct RunTests {
    private static let quick = ["COORDBENCH_QUICK": "1"]

    @Test("prints the asked format alone on standard output, and writes the reports")
    func formats() async throws {
        try await TemporaryFolder.with { folder in
            let result = try await Command.run(
                ["run", "mcs", "jump", "--clients", "2", "--format", "csv"], in: folder, environment: Self.quick)
            #expect(result.status == 5, "a debug build is never valid: \(result.testDescription)")
            let rows = result.output.split(whereSeparator: \.isNewline)
            let header = rows.first?.split(separator: ",").map(String.init) ?? []
            for column in ["system", "family", "clients", "throughput_per_s", "latency_p99_ns", "verdict", "valid"] {
                #expect(header.contains(column), "\(column)")
            }
            #expect(rows.count >= 3)
            #expect(rows.dropFirst().allSatisfy { $0.contains("correct") }, "\(result.output)")
            for file in ["report.md", "results.csv", "results.json", "run.json"] {
                let path = folder.appendingPathComponent("results/latest/\(file)").path
                #expect(FileManager.default.fileExists(atPath: path), "\(file)")
            }
            let again = try await Command.run(["report", "results/latest", "--format", "csv"], in: folder)
            #expect(again.status == 0)
            #expect(again.output == result.output, "a report is a function of the records")
            let file = folder.appendingPathComponent("results/latest/results.csv")
            #expect(Data(again.output.utf8) == (try Data(contentsOf: file)))
        }
    }

    @Test("ends with 3 where a condition of --fail-if holds")
    func failIf() async throws {
        try await TemporaryFolder.with { folder in
            let result = try await Command.run(
                ["run", "pthread", "--clients", "2", "--fail-if", "throughput > 1/s"], in: folder,
                environment: Self.quick)
            #expect(result.status == 3, "\(result.testDescription)")
            #expect(result.errors.contains("failed: "))
        }
    }

    @Test("ends with 5 where nothing was judged")
    func noJudge() async throws {
        try await TemporaryFolder.with { folder in
            let result = try await Command.run(
                ["run", "pthread", "--clients", "2", "--no-judge"], in: folder, environment: Self.quick)
            #expect(result.status == 5)
            #expect(result.output.contains("unknown"))
        }
    }

    @Test("shows no progress where standard error is not a terminal, and no colours anywhere")
    func quiet() async throws {
        try await TemporaryFolder.with { folder in
            let result = try await Command.run(["run", "jump"], in: folder, environment: Self.quick)
            #expect(!result.errors.contains("\r"))
            #expect(!(result.output + result.errors).contains("\u{1B}"))
        }
    }

    /// Sends a signal once the first trial is saved: the run is in the middle of its work then.
    private static func signalling(
        _ signal: Int32, trials: URL
    ) -> @Sendable (Process) -> Void {
        { process in
            let watch = DispatchSource.makeTimerSource(queue: DispatchQueue(label: "watch"))
            watch.schedule(deadline: .now(), repeating: .milliseconds(20))
            watch.setEventHandler {
                let files = (try? FileManager.default.contentsOfDirectory(atPath: trials.path)) ?? []
                guard !files.isEmpty || !process.isRunning else { return }
                kill(process.processIdentifier, signal)
                watch.cancel()
            }
            watch.activate()
        }
    }

    @Test("that nohup started goes on when its terminal is closed", .timeLimit(.minutes(2)))
    func withoutTerminal() async throws {
        try await TemporaryFolder.with { folder in
            let trials = folder.appendingPathComponent("results/latest/trials")
            let result = try await Command.run(
                [
                    "run", "pthread", "--allow-debug", "--clients", "2", "--duration", "300ms", "--warm-up", "0",
                    "--repetitions", "5",
                ], in: folder, shell: #"trap "" HUP; exec "$0" "$@""#,
                whileRunning: Self.signalling(SIGHUP, trials: trials))
            #expect(result.status == 5, "a debug build is never valid: \(result.testDescription)")
            #expect(try FileManager.default.contentsOfDirectory(atPath: trials.path).count == 5)
        }
    }

    @Test(
        "interrupted, saves what was measured and ends with 130", .timeLimit(.minutes(2)),
        arguments: [SIGINT, SIGTERM, SIGHUP])
    func interrupted(signal: Int32) async throws {
        try await TemporaryFolder.with { folder in
            let first = folder.appendingPathComponent("results/latest/trials")
            let result = try await Command.run(
                [
                    "run", "pthread", "--allow-debug", "--clients", "2", "--duration", "300ms", "--warm-up", "0",
                    "--repetitions", "200",
                ], in: folder,
                whileRunning: Self.signalling(signal, trials: first))
            #expect(result.status == 130, "\(result.testDescription)")
            #expect(result.errors.contains("what was measured is saved"))
            let saved = try FileManager.default.contentsOfDirectory(atPath: first.path)
            #expect(!saved.isEmpty && saved.count < 200)
            let report = folder.appendingPathComponent("results/latest/report.md").path
            #expect(FileManager.default.fileExists(atPath: report))
            let data = folder.appendingPathComponent("results/latest/data").path
            #expect(!FileManager.default.fileExists(atPath: data), "nothing is left behind")
        }
    }

    @Test("that searches for the highest rate keeps every step, and the report has the curve")
    func findMax() async throws {
        try await TemporaryFolder.with { folder in
            let result = try await Command.run(
                ["run", "unreplicated", "--isolation", "shared", "--find-max", "p99 < 10s", "--rate", "2000"],
                in: folder, environment: Self.quick)
            // So short a search of a debug build finds no maximum that can be relied upon.
            #expect([3, 5].contains(result.status), "\(result.testDescription)")
            #expect(result.errors.contains("'p99 < 10s'"), "\(result.testDescription)")
            let latest = folder.appendingPathComponent("results/latest")
            let report = try String(contentsOf: latest.appendingPathComponent("report.md"), encoding: .utf8)
            #expect(report.contains("## The highest rate") && report.contains("curves/saturation-1.svg"))
            let curve = latest.appendingPathComponent("curves/saturation-1.svg").path
            #expect(FileManager.default.fileExists(atPath: curve))
            let trials = try FileManager.default.contentsOfDirectory(
                atPath: latest.appendingPathComponent("trials").path)
            #expect(trials.count == 4, "a quick look takes four steps")
            let again = try await Command.run(["report", "results/latest"], in: folder)
            #expect(again.status == 0 && again.output == report)
        }
    }

    @Test("of an address that is none ends with 64, and of a port that is taken with 69: neither is a bug")
    func addresses() async throws {
        let none = try await Command.run(["run", "--connect", "nohost.invalid:1"], environment: Self.quick)
        #expect(none.status == 64, "\(none.testDescription)")
        #expect(none.errors.contains("isn't an address") && !none.errors.contains("bug"))
        try await ServedCluster.with(["unreplicated", "--durability", "memory"]) { address in
            let port = address.split(separator: ":")[1]
            let taken = try await Command.run(
                ["serve", "unreplicated", "--durability", "memory", "--client-port", String(port)])
            #expect(taken.status == 69, "\(taken.testDescription)")
            #expect(taken.errors.contains("can't listen on") && !taken.errors.contains("bug"), "\(taken.errors)")
        }
    }

    @Test("of servers that don't answer ends with 69")
    func nobodyThere() async throws {
        try await TemporaryFolder.with { folder in
            // Port 1 of the loopback is reserved, and nobody listens there.
            let result = try await Command.run(
                ["run", "--connect", "127.0.0.1:1"], in: folder, environment: Self.quick)
            #expect(result.status == 69, "\(result.testDescription)")
            #expect(result.errors.contains("no server answers at 127.0.0.1:1"))
        }
    }
}
