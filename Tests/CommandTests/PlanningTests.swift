import Foundation
import Testing

@Suite("Listing and planning")
struct PlanningTests {
    private struct Listing: Decodable {
        struct System: Decodable {
            var name: String
            var family: String
            var source: String
            var kinds: [String]
            var options: [Option]
        }
        struct Option: Decodable {
            var name: String
            var values: String
        }
        var systems: [System]
    }

    private struct Plan: Decodable {
        struct Trial: Decodable {
            var variant: String
            var clients: Int
            var nodes: Int
        }
        var trials: [Trial]
    }

    @Test("list prints the catalogue for programs")
    func listing() async throws {
        let result = try await Command.run(["list", "--format", "json"])
        #expect(result.status == 0)
        let systems = try JSONDecoder().decode(Listing.self, from: Data(result.output.utf8)).systems
        let raft = try #require(systems.first { $0.name == "raft" })
        #expect(raft.family == "consensus")
        #expect(raft.source.contains("Ongaro"))
        #expect(raft.kinds.contains("put"))
        #expect(raft.options.contains { $0.name == "reads" && $0.values.contains("lease") })
        #expect(systems.contains { $0.name == "unreplicated" })
    }

    @Test("list tells people everything about one system")
    func details() async throws {
        let result = try await Command.run(["list", "raft"])
        #expect(result.status == 0)
        for part in ["raft: ", "source", "option      reads=", "cost        put: 4 message delays", "fault"] {
            #expect(result.output.contains(part), "\(part) in \(result.output)")
        }
    }

    @Test("a dry run prints the plan with its duration and leaves nothing behind")
    func dryRun() async throws {
        try await TemporaryFolder.with { folder in
            let result = try await Command.run(
                ["run", "raft", "unreplicated", "--clients", "1,16", "--duration", "2s", "--dry-run"], in: folder)
            #expect(result.status == 0)
            #expect(result.output.contains("4 trials, about 18 s"), "\(result.output)")
            #expect(try FileManager.default.contentsOfDirectory(atPath: folder.path).isEmpty)
        }
    }

    @Test("a dry run prints the plan for programs")
    func dryRunJSON() async throws {
        let result = try await Command.run(
            ["run", "raft", "--nodes", "1,3", "--clients", "2", "--dry-run", "--format", "json"])
        #expect(result.status == 0)
        let trials = try JSONDecoder().decode(Plan.self, from: Data(result.output.utf8)).trials
        #expect(trials.map(\.nodes) == [1, 3])
        #expect(trials.map(\.clients) == [2, 2])
    }

    @Test("a scenario with a misspelt key is refused at its line, with the nearest key")
    func misspeltKey() async throws {
        try await TemporaryFolder.with { folder in
            let file = folder.appendingPathComponent("s.yaml")
            try "trials:\n  - systems: raft\n    cleints: 4\n".write(to: file, atomically: true, encoding: .utf8)
            let result = try await Command.run(["run", "s.yaml", "--dry-run"], in: folder)
            #expect(result.status == 64)
            #expect(result.errors.contains("s.yaml:3:5: no key 'cleints' here; did you mean 'clients'?"))
        }
    }

    @Test("every scenario of the repository can be planned, and the default one takes less than five minutes")
    func scenarios() async throws {
        let folder = Command.package.appendingPathComponent("Benchmarks/Scenarios")
        let files = try FileManager.default.contentsOfDirectory(atPath: folder.path).filter { $0.hasSuffix(".yaml") }
        #expect(files.count >= 6)
        for file in files.sorted() {
            let result = try await Command.run(["run", "Benchmarks/Scenarios/\(file)", "--dry-run"])
            #expect(result.status == 0, "\(file): \(result.testDescription)")
            guard file == "default.yaml" else { continue }
            let duration = result.output.split(separator: "about ").last.map(String.init) ?? ""
            let minutes = Int(duration.prefix { $0.isNumber }) ?? 99
            #expect(duration.contains("min") && minutes < 5, "\(duration)")
        }
    }
}
