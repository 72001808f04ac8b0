import Foundation
import Testing

/// `coordbench check`, from file to exit code.
@Suite("coordbench check")
struct CheckTests {
    static let good = """
        {:process 0, :type :invoke, :f :write, :value 1}
        {:process 1, :type :invoke, :f :read, :value nil}
        {:process 0, :type :ok, :f :write, :value 1}
        {:process 1, :type :ok, :f :read, :value 1}
        """

    /// The classic stale read: linearizable no, sequential yes.
    static let stale = """
        {"client":0,"op":"put","key":"x","value":1,"invoked":0,"returned":10}
        {"client":0,"op":"put","key":"x","value":2,"invoked":20,"returned":30}
        {"client":1,"op":"get","key":"x","value":1,"invoked":40,"returned":50}
        """

    private func check(
        _ text: String, _ arguments: [String], _ body: (Command.Result, URL) throws -> Void
    ) async throws {
        try await TemporaryFolder.with { folder in
            let file = folder.appendingPathComponent("history")
            try Data(text.utf8).write(to: file)
            try body(try await Command.run(["check", file.path] + arguments, in: folder), folder)
        }
    }

    @Test("a correct history ends with 0")
    func correct() async throws {
        try await check(Self.good, ["--model", "register"]) { result, _ in
            #expect(result.status == 0, "\(result.testDescription)")
            #expect(result.output.hasPrefix("correct: linearizable, model register\n2 operations of 2 processes"))
            #expect(result.errors.isEmpty)
        }
    }

    @Test("a violation ends with 4, is shown, and is drawn")
    func violated() async throws {
        try await check(Self.stale, ["--model", "kv", "--svg", "violation.svg"]) { result, folder in
            #expect(result.status == 4, "\(result.testDescription)")
            #expect(result.output.hasPrefix("violated: not linearizable: key x: "), "\(result.testDescription)")
            #expect(result.output.contains("! process 1 get x → 1"), "\(result.testDescription)")
            let drawing = try String(contentsOf: folder.appendingPathComponent("violation.svg"), encoding: .utf8)
            #expect(drawing.contains("get x → 1"))
            #expect(try XMLDocumentCheck.isWellFormed(drawing))
        }
    }

    @Test("the same history is judged by what was promised")
    func weaker() async throws {
        for (consistency, status) in [("sequential", 0), ("session", 0), ("eventual", 0), ("regular", 4)] {
            try await check(Self.stale, ["--model", "kv", "--consistency", consistency]) { result, _ in
                #expect(result.status == Int32(status), "\(consistency) \(result.testDescription)")
            }
        }
    }

    @Test("what can't be proved ends with 5")
    func unknown() async throws {
        let noReads = "{:process 0, :type :invoke, :f :write, :value 1}\n{:process 0, :type :ok, :f :write, :value 1}"
        try await check(noReads, ["--model", "register"]) { result, _ in
            #expect(result.status == 5, "\(result.testDescription)")
            #expect(result.output.hasPrefix("unknown: nothing was observed"))
        }
        try await check(Self.good, ["--model", "register", "--most-operations", "1"]) { result, _ in
            #expect(result.status == 5)
            #expect(result.output.contains("more than 1 operations"), "\(result.testDescription)")
        }
    }

    @Test("JSON for programs says the same")
    func json() async throws {
        try await check(Self.stale, ["--model", "kv", "--format", "json"]) { result, _ in
            #expect(result.status == 4)
            let object = try #require(
                try JSONSerialization.jsonObject(with: Data(result.output.utf8)) as? [String: Any])
            #expect((object["verdict"] as? [String: Any])?["verdict"] as? String == "violated")
            #expect(object["operations"] as? Int == 3)
            #expect(object["keys"] as? Int == 1)
        }
    }

    @Test("a file that is no history ends with 65, the line and what to do")
    func unreadable() async throws {
        try await check(Self.good + "\n{:process 1, :type :ok, :f :read, :value 1}", ["--model", "register"]) {
            result, _ in
            #expect(result.status == 65, "\(result.testDescription)")
            #expect(result.errors.contains("history:5: an :ok of process 1"), "\(result.testDescription)")
            #expect(result.errors.contains("needs an :invoke"))
            #expect(result.output.isEmpty)
        }
        let result = try await Command.run(["check", "/nowhere/history.edn", "--model", "kv"])
        #expect(result.status == 65, "\(result.testDescription)")
        #expect(result.errors.contains("/nowhere/history.edn"))
    }

    @Test(
        "wrong usage ends with 64",
        arguments: [
            (["check", "x"], "--model"), (["check", "x", "--model", "queue"], "cas-register"),
            (["check", "x", "--model", "kv", "--budget", "soon"], "--budget: budget can't be 'soon'"),
            (["check", "x", "--model", "kv", "--most-operations", "0"], "--most-operations: 0 operations"),
            (["check", "x", "--model", "kv", "--consistency", "strong"], "linearizable"),
        ])
    func usage(arguments: [String], message: String) async throws {
        let result = try await Command.run(arguments)
        #expect(result.status == 64, "\(result.testDescription)")
        #expect(result.errors.contains(message), "\(result.testDescription)")
    }
}

/// Whether a text is XML whose elements are closed in order: enough to catch a label that isn't escaped.
enum XMLDocumentCheck {
    static func isWellFormed(_ text: String) throws -> Bool {
        var open: [Substring] = []
        for part in text.split(separator: "<").dropFirst(text.hasPrefix("<") ? 0 : 1) {
            guard let end = part.firstIndex(of: ">") else { return false }
            let tag = part[..<end]
            if tag.hasPrefix("/") {
                guard open.popLast() == tag.dropFirst() else { return false }
            } else if !tag.hasSuffix("/") {
                open.append(tag.prefix { $0 != " " })
            }
        }
        return open.isEmpty
    }
}
