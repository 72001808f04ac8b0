import Foundation
import Testing

@Suite("The README")
struct ReadmeTests {
    private struct Example {
        var command: String
        var status: Int32
    }

    /// The commands of the fenced blocks that stand under a `<!-- tested -->` mark, or one that names the exit code, in
    /// order.
    private static func examples(in page: String) throws -> [Example] {
        let text = try String(contentsOf: Command.package.appendingPathComponent(page), encoding: .utf8)
        var examples: [Example] = []
        var status: Int32?
        var isInside = false
        for line in text.split(separator: "\n", omittingEmptySubsequences: false) {
            if line == "<!-- tested -->" {
                status = 0
            } else if line.hasPrefix("<!-- tested: exits with "), line.hasSuffix(" -->") {
                status = Int32(line.dropFirst(24).dropLast(4))
            } else if line == "```sh", status != nil {
                isInside = true
            } else if line == "```" {
                (isInside, status) = (false, nil)
            } else if isInside, !line.isEmpty, let status {
                examples.append(Example(command: String(line), status: status))
            }
        }
        return examples
    }

    /// Splits a command as a shell does, as far as the README needs it: spaces, and single quotes.
    private static func words(_ command: String) -> [String] {
        command.split(separator: "'", omittingEmptySubsequences: false).enumerated().flatMap { index, part in
            index.isMultiple(of: 2) ? part.split(separator: " ").map(String.init) : [String(part)]
        }
    }

    @Test("has commands that all run, in order, in a quick form", .timeLimit(.minutes(10)))
    func commandsRun() async throws {
        let examples = try Self.examples(in: "README.md")
        #expect(examples.count >= 8)
        try await TemporaryFolder.with { folder in
            try await run(examples, in: folder)
            #expect(
                FileManager.default.fileExists(atPath: folder.appendingPathComponent("results/latest/report.md").path))
        }
    }

    @Test(
        "so have the pages on simulation and on checking",
        .timeLimit(.minutes(10)), arguments: ["Documentation/simulation.md", "Documentation/checking.md"])
    func pages(page: String) async throws {
        let examples = try Self.examples(in: page)
        #expect(examples.count >= 3)
        #expect(examples.contains { $0.status == 4 })
        try await TemporaryFolder.with { folder in try await run(examples, in: folder) }
    }

    @Test("so have the pages on gates and histories", .timeLimit(.minutes(10)))
    func gates() async throws {
        let examples =
            try Self.examples(in: "Documentation/gating.md") + Self.examples(in: "Documentation/history.md")
        #expect(examples.map(\.status) == [0, 5, 5, 5, 5])
        try await TemporaryFolder.with { folder in try await run(examples, in: folder) }
    }

    @Test("so has the page on comparing", .timeLimit(.minutes(10)))
    func comparing() async throws {
        let examples = try Self.examples(in: "Documentation/comparing.md")
        #expect(examples.count >= 4)
        try await TemporaryFolder.with { folder in try await run(examples, in: folder) }
    }

    @Test("so has the page on load", .timeLimit(.minutes(10)))
    func load() async throws {
        let examples = try Self.examples(in: "Documentation/load.md")
        #expect(examples.count >= 4)
        try await TemporaryFolder.with { folder in try await run(examples, in: folder) }
    }

    private func run(_ examples: [Example], in folder: URL) async throws {
        for name in ["Benchmarks", "Documentation"] {
            try FileManager.default.createSymbolicLink(
                at: folder.appendingPathComponent(name),
                withDestinationURL: Command.package.appendingPathComponent(name))
        }
        for example in examples {
            let words = Self.words(example.command)
            #expect(words.first == "coordbench")
            let result = try await Command.run(
                Array(words.dropFirst()), in: folder, environment: ["COORDBENCH_QUICK": "1"])
            // 5: so short a trial of a debug build is never valid.
            let allowed = ["run", "compare"].contains(words[1]) ? [example.status, 5] : [example.status]
            #expect(allowed.contains(result.status), "\(example.command): \(result.testDescription)")
            #expect(!result.output.isEmpty, "\(example.command)")
        }
    }

    @Test("lists every exit code that there is")
    func exitCodes() throws {
        let text = try String(contentsOf: Command.package.appendingPathComponent("README.md"), encoding: .utf8)
        for code in [
            "| 0 |", "| 3 |", "| 4 |", "| 5 |", "| 64 |", "| 65 |", "| 69 |", "| 70 |", "| 73, 74 |", "| 130 |",
        ] {
            #expect(text.contains(code), "\(code)")
        }
    }
}
