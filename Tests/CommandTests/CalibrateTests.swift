import Foundation
import Testing

@Suite("coordbench calibrate", .serialized)
struct CalibrateTests {
    private static let load = [
        "calibrate", "unreplicated", "--durability", "memory", "--clients", "1", "--key-count", "10", "--duration",
        "50ms",
        "--warm-up", "10ms", "--metric", "throughput", "--allow-debug", "--output", "rates", "--runs", "50",
    ]
    private static let quick = ["COORDBENCH_QUICK": "1"]

    @Test("records a pool and real gates, goes on with what is there, and reports", .timeLimit(.minutes(10)))
    func records() async throws {
        try await TemporaryFolder.with { folder in
            let first = try await Command.run(
                Self.load + ["--record", "6s", "--gate-time", "5s"], in: folder, environment: Self.quick)
            #expect(first.status == 0, "\(first.testDescription)")
            #expect(first.output.contains("# How often a paired gate is wrong on this machine"))
            func text(_ name: String) throws -> String {
                try String(contentsOf: folder.appendingPathComponent("rates/\(name)"), encoding: .utf8)
            }
            let rows = try text("pool.tsv").split(separator: "\n")
            #expect(rows.count > 6 && rows.count % 6 == 1, "whole blocks of six trials, and the titles")
            #expect(try text("README.md") == first.output)

            let second = try await Command.run(
                Self.load + ["--gates", "1", "--gate-time", "3s"], in: folder, environment: Self.quick)
            #expect(second.status == 0, "\(second.testDescription)")
            let gates = try text("gates.tsv").split(separator: "\n").dropFirst()
            #expect(
                Set(gates.compactMap { $0.split(separator: "\t").first }) == [
                    "same-1", "slower-5", "slower-10", "tail",
                ])
            #expect(try text("pool.tsv").split(separator: "\n").count == rows.count)
            #expect(!FileManager.default.fileExists(atPath: folder.appendingPathComponent("rates/data").path))
            #expect(!FileManager.default.fileExists(atPath: folder.appendingPathComponent("rates/gate").path))

            let again = try await Command.run(
                ["calibrate", "--report", "rates", "--runs", "50", "--gate-time", "3s"], in: folder)
            #expect(again.status == 0 && again.output == second.output, "\(again.testDescription)")
            var other = Self.load
            other[other.firstIndex(of: "--key-count")! + 1] = "20"
            let refused = try await Command.run(other + ["--record", "1s"], in: folder, environment: Self.quick)
            #expect(refused.status == 64, "\(refused.testDescription)")
            #expect(refused.errors.contains("was begun with another load"))
        }
    }

    @Test("says what it needs")
    func usage() async throws {
        try await TemporaryFolder.with { folder in
            for (arguments, status, words) in [
                (["raft"], Int32(64), "say --record 1h"), (["mcs", "--record", "1s"], 64, "has no nodes"),
                (["--report", "nowhere"], 5, "holds no trials yet"),
                (["raft", "--record", "soon"], 64, "is not a time"),
            ] {
                let result = try await Command.run(
                    ["calibrate"] + arguments + ["--allow-debug"], in: folder)
                #expect(result.status == status, "\(result.testDescription)")
                #expect(result.errors.contains(words), "\(result.testDescription)")
            }
        }
    }
}
