import Foundation
import Testing

@Suite("simulate")
struct SimulateTests {
    @Test("says what was covered and how fast, and ends with 0 when everything held")
    func passes() async throws {
        let result = try await Command.run(["simulate", "raft", "--seeds", "1..4", "--operations", "100"])
        #expect(result.status == 0, "\(result.testDescription)")
        for text in ["4 runs of raft: 4 passed", "steps checked", "on each", "messages sent", "leader elected"] {
            #expect(result.output.contains(text), "\(text): \(result.testDescription)")
        }
        // Progress belongs to terminals.
        #expect(!result.errors.contains("seeds,"))
    }

    @Test("prints a failure's smallest schedule, and its command fails in the same way, with a trace")
    func shrinks() async throws {
        let found = try await Command.run([
            "simulate", "unreplicated", "--mutation", "announce-before-sync", "--seeds", "1..40", "--keys", "2",
            "--workload", "put=50,get=50", "--operations", "200",
        ])
        #expect(found.status == 4, "\(found.testDescription)")
        #expect(found.output.contains("shrunk in"), "\(found.testDescription)")
        let line = try #require(
            found.output.split(separator: "\n").last { $0.contains("coordbench simulate") && $0.contains("--fault") })
        let replayed = try await Command.run(try Self.words(String(line)))
        #expect(replayed.status == 4, "\(line)\n\(replayed.errors)")
        #expect(replayed.output.contains("** "), "the trace shows the faults")
        let again = try await Command.run(try Self.words(String(line)))
        #expect(again.output == replayed.output)
    }

    @Test("writes JSON for programs")
    func json() async throws {
        let result = try await Command.run([
            "simulate", "raft", "--seeds", "1..2", "--operations", "50", "--format", "json",
        ])
        let object = try JSONSerialization.jsonObject(with: Data(result.output.utf8))
        let record = try #require(object as? [String: Any])
        #expect(record["runs"] as? Int == 2)
        #expect(record["passed"] as? Int == 2)
        #expect((record["coverage"] as? [String: Any])?["messages sent"] != nil)
    }

    @Test("runs the same seeds to the same counts in another process")
    func deterministic() async throws {
        let arguments = ["simulate", "raft", "--seeds", "5..7", "--operations", "60", "--format", "json"]
        func counts() async throws -> [String: NSObject] {
            let output = try await Command.run(arguments).output
            var record = try #require(
                try JSONSerialization.jsonObject(with: Data(output.utf8)) as? [String: NSObject])
            for name in ["elapsedNanoseconds", "stepsPerSecond"] { record[name] = nil }
            return record
        }
        #expect(try await counts() == counts())
    }

    @Test("takes a script, a region matrix from a file and every durability")
    func options() async throws {
        try await TemporaryFolder.with { folder in
            let file = folder.appendingPathComponent("matrix.yaml")
            try "a b: 3ms\nb c: 4ms\na c: 5ms\n".write(to: file, atomically: true, encoding: .utf8)
            for durability in ["memory", "buffered", "synced"] {
                let result = try await Command.run([
                    "simulate", "raft", "--seeds", "1..2", "--operations", "50", "--durability", durability,
                    "--region-matrix", file.path, "--delay", "constant 100us", "--fault",
                    "@50ms partition 0|rest; @500ms heal",
                ])
                #expect(result.status == 0, "\(durability): \(result.testDescription)")
                #expect(result.output.contains("partitions"))
            }
        }
    }

    @Test("stopped early, prints what was done and the seeds that are left", .timeLimit(.minutes(3)))
    func interrupted() async throws {
        let result = try await Command.run(["simulate", "unreplicated", "--seeds", "1..1000000"]) { process in
            let watch = DispatchSource.makeTimerSource(queue: DispatchQueue(label: "watch"))
            watch.schedule(deadline: .now(), repeating: .milliseconds(20))
            watch.setEventHandler {
                guard Self.catchesInterrupts(process.processIdentifier) || !process.isRunning else { return }
                kill(process.processIdentifier, SIGINT)
                watch.cancel()
            }
            watch.activate()
        }
        #expect(result.status == 130, "\(result.testDescription)")
        #expect(result.output.contains("the rest: coordbench simulate 'unreplicated' --seeds "))
        #expect(result.output.contains("..1000000"))
    }

    @Test(
        "lists what is possible where it isn't understood",
        arguments: [
            (["--mutation", "nonsense"], "announce-before-sync, ignore-checksum"),
            (["--region-matrix", "mars"], "lan, three-regions, five-regions"),
            (["--fault", "crsh"], "did you mean 'crash'"), (["--fault", "@1s explode 0"], "'kill 0'"),
            (["--fault", "@1s kill 7"], "names node 7"), (["--fault", "@kill 0"], "write '@1s kill 0"),
            (["--seeds", "9..1"], "a number or a range"), (["--workload", "fetch"], "no operation 'fetch' here"),
            (["--delay", "soon"], "'constant 300us'"), (["--nodes", "99"], "raft can't run on 99 nodes"),
            (["--operations", "0"], "1 to 100000 are possible"), (["--keys", "0"], "--keys: 0 keys"),
        ])
    func wrong(arguments: [String], message: String) async throws {
        let result = try await Command.run(["simulate", "raft"] + arguments)
        #expect(result.status == 64, "\(result.testDescription)")
        #expect(result.errors.contains(message), "\(result.testDescription)")
        #expect(result.output.isEmpty)
    }

    @Test("audits costs with the numbers of nodes that the options take, and refuses those that go with none")
    func audit() async throws {
        let weak = "voting[weights=2/1/1/0,r=2,write-back=on]"
        let fitting = try await Command.run(["simulate", "--audit", weak])
        #expect(fitting.status == 0, "\(fitting.testDescription)")
        #expect(fitting.output.contains("2 costs audited: all as the papers say, exactly"))
        #expect(fitting.output.contains("\(weak)      4  get"))
        let apart = try await Command.run(["simulate", "--audit", "voting[weights=1/1/1,r=1,w=2]"])
        #expect(apart.status == 64, "\(apart.testDescription)")
        #expect(apart.output.isEmpty)
    }

    /// Whether a process has a handler for SIGINT: before that, it would just end.
    private static func catchesInterrupts(_ process: Int32) -> Bool {
        let status = (try? String(contentsOfFile: "/proc/\(process)/status", encoding: .utf8)) ?? ""
        let line = status.split(separator: "\n").first { $0.hasPrefix("SigCgt:") }
        let caught = line.flatMap { UInt64($0.dropFirst(7).trimmingCharacters(in: .whitespaces), radix: 16) } ?? 0
        return caught & (1 << UInt64(SIGINT - 1)) != 0
    }

    /// The words of a printed command as a shell takes them, the program's name left out.
    private static func words(_ line: String) throws -> [String] {
        var words: [String] = []
        var word = ""
        var isQuoted = false
        for character in line + " " {
            if character == "'" {
                isQuoted.toggle()
            } else if character == " ", !isQuoted {
                if !word.isEmpty { words.append(word) }
                word = ""
            } else {
                word.append(character)
            }
        }
        #expect(words.first == "coordbench")
        return Array(words.dropFirst())
    }
}
