import Foundation
import Testing

@Suite("The README")
struct ReadmeTests {
    /// The commands of the fenced blocks that stand under a `<!-- tested -->` mark, in order.
    private static func commands() throws -> [String] {
        let text = try String(contentsOf: Command.package.appendingPathComponent("README.md"), encoding: .utf8)
        var commands: [String] = []
        var isMarked = false
        var isInside = false
        for line in text.split(separator: "\n", omittingEmptySubsequences: false) {
            switch line {
            case "<!-- tested -->": isMarked = true
            case "```sh" where isMarked: isInside = true
            case "```":
                isInside = false
                isMarked = false
            default:
                if isInside, !line.isEmpty { commands.append(String(line)) }
            }
        }
        return commands
    }

    /// Splits a command as a shell does, as far as the README needs it: spaces, and single quotes.
    private static func words(_ command: String) -> [String] {
        command.split(separator: "'", omittingEmptySubsequences: false).enumerated().flatMap { index, part in
            index.isMultiple(of: 2) ? part.split(separator: " ").map(String.init) : [String(part)]
        }
    }

    @Test("has commands that all run, in order, in a quick form", .timeLimit(.minutes(5)))
    func commandsRun() async throws {
        let commands = try Self.commands()
        #expect(commands.count >= 8)
        try await TemporaryFolder.with { folder in
            let benchmarks = Command.package.appendingPathComponent("Benchmarks")
            try FileManager.default.createSymbolicLink(
                at: folder.appendingPathComponent("Benchmarks"), withDestinationURL: benchmarks)
            for command in commands {
                let words = Self.words(command)
                #expect(words.first == "coordbench")
                let result = try await Command.run(
                    Array(words.dropFirst()), in: folder, environment: ["COORDBENCH_QUICK": "1"])
                // 5: so short a trial of a debug build is never valid.
                let allowed: [Int32] = words[1] == "run" ? [0, 5] : [0]
                #expect(allowed.contains(result.status), "\(command): \(result.testDescription)")
                #expect(!result.output.isEmpty, "\(command)")
            }
            #expect(
                FileManager.default.fileExists(atPath: folder.appendingPathComponent("results/latest/report.md").path))
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
