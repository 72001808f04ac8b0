import Foundation
import Testing

@Suite("Results folders")
struct ResultsTests {
    @Test("a report of a folder without a run ends with 65")
    func noResults() async throws {
        try await TemporaryFolder.with { folder in
            let result = try await Command.run(["report", folder.path])
            #expect(result.status == 65)
            #expect(result.errors.contains("holds no results (no run.json)"))
            #expect(result.output.isEmpty)
        }
    }

    @Test(
        "a report of a damaged run ends with 65",
        arguments: ["{\"schema\": \"coordbench.run/1\", \"tri", "", "[]", "{}"])
    func damaged(text: String) async throws {
        try await TemporaryFolder.with { folder in
            try text.write(to: folder.appendingPathComponent("run.json"), atomically: true, encoding: .utf8)
            let result = try await Command.run(["report", folder.path])
            #expect(result.status == 65, "\(result.testDescription)")
            #expect(result.errors.contains("run.json"))
        }
    }

    @Test("a folder that can't be made ends a run with 73, before anything is measured")
    func unwritable() async throws {
        try await TemporaryFolder.with { folder in
            // A file in the way stops root, too.
            try "".write(to: folder.appendingPathComponent("file"), atomically: true, encoding: .utf8)
            let result = try await Command.run(
                ["run", "raft", "--allow-debug", "--output", "\(folder.path)/file/results"])
            #expect(result.status == 73, "\(result.testDescription)")
            #expect(result.errors.contains("choose another folder"))
            #expect(result.output.isEmpty)
        }
    }

    @Test("standard output that is full ends with 74")
    func fullOutput() async throws {
        let process = Process()
        process.executableURL = Command.executable
        process.arguments = ["list"]
        process.standardOutput = FileHandle(forWritingAtPath: "/dev/full")
        process.standardError = FileHandle.nullDevice
        let status: Int32 = try await withCheckedThrowingContinuation { continuation in
            process.terminationHandler = { continuation.resume(returning: $0.terminationStatus) }
            do { try process.run() } catch { continuation.resume(throwing: error) }
        }
        #expect(status == 74)
    }

    @Test("the floor is measured and printed for programs")
    func floor() async throws {
        let result = try await Command.run(["floor", "--format", "json"])
        #expect(result.status == 0, "\(result.testDescription)")
        let object = try #require(try JSONSerialization.jsonObject(with: Data(result.output.utf8)) as? [String: Any])
        let floor = try #require(object["floor"] as? [String: Any])
        let sync = try #require(floor["sync"] as? [String: Any])
        #expect(try #require(sync["samples"] as? Int) > 0)
    }

    @Test("the floor of a folder that isn't there ends with 69")
    func noFolder() async throws {
        #expect(try await Command.run(["floor", "--folder", "/nowhere"]).status == 69)
    }
}
