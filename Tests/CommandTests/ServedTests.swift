import Foundation
import Glibc
import Testing

/// A cluster that `coordbench serve` runs while a closure does.
enum ServedCluster {
    /// One of its nodes, as `serve` prints it.
    struct Node {
        var address: String
        var isLeader: Bool
    }

    static func with(_ arguments: [String], _ body: (String) async throws -> Void) async throws {
        try await withNodes(arguments) { nodes, _ in try await body(nodes[0].address) }
    }

    static func withNodes(
        _ arguments: [String], _ body: ([Node], Process) async throws -> Void
    ) async throws {
        let process = Process()
        process.executableURL = Command.executable
        process.arguments = ["serve"] + arguments
        process.standardInput = FileHandle.nullDevice
        let output = Pipe()
        process.standardOutput = output
        process.standardError = FileHandle.nullDevice
        try process.run()
        defer {
            process.interrupt()
            process.waitUntilExit()
        }
        var text = ""
        while !text.hasSuffix("\n") {
            let part = output.fileHandleForReading.availableData
            try #require(!part.isEmpty, "serve ended: \(text)")
            text += String(decoding: part, as: UTF8.self)
        }
        let nodes = text.split(separator: "\n").map { line in
            let words = line.split(separator: " ")
            return Node(address: String(words[1]), isLeader: words.last == "leader")
        }
        try await body(nodes, process)
    }
}

@Suite("Loading a server that others have used", .serialized)
struct ServedTests {
    @Test("through a node that doesn't lead goes to the one that does, and says so")
    func follower() async throws {
        try await ServedCluster.withNodes(["raft", "--durability", "memory", "--isolation", "shared"]) { nodes, _ in
            let leader = try #require(nodes.first { $0.isLeader })
            let follower = try #require(nodes.first { !$0.isLeader })
            try await TemporaryFolder.with { folder in
                let result = try await Command.run(
                    ["run", "--connect", follower.address, "--clients", "4", "--format", "csv"], in: folder,
                    environment: ["COORDBENCH_QUICK": "1"])
                #expect(result.output.contains(",correct,"), "\(result.testDescription)")
                #expect(result.errors.contains("sends writers to \(leader.address)"), "\(result.testDescription)")
            }
        }
    }

    @Test("judges what this run wrote, not what was there")
    func usedBefore() async throws {
        try await ServedCluster.with(["unreplicated", "--durability", "memory", "--isolation", "shared"]) { address in
            try await TemporaryFolder.with { folder in
                // More keys than a run reads at its end or is sure to write, of all kinds.
                for seed in ["1", "2"] {
                    let result = try await Command.run(
                        [
                            "run", "--connect", address, "--mix", "get=50,put=20,append=20,increment=10", "--key-count",
                            "3000", "--clients", "4", "--seed", seed, "--format", "csv",
                        ], in: folder, environment: ["COORDBENCH_QUICK": "1"])
                    #expect(result.output.contains(",correct,"), "\(result.testDescription)")
                }
            }
        }
    }
}
