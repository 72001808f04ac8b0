import Foundation
import Glibc
import Testing

/// The built `coordbench`, run as a user runs it: a process of its own, arguments in, output and exit code out.
struct Command {
    /// What a finished process left behind.
    struct Result: CustomTestStringConvertible {
        var status: Int32
        var output: String
        var errors: String

        var testDescription: String { "exit \(status)\n--- output\n\(output)\n--- errors\n\(errors)" }
    }

    /// The executable, which the build puts beside the test bundle.
    static var executable: URL {
        URL(fileURLWithPath: "/proc/self/exe").resolvingSymlinksInPath().deletingLastPathComponent()
            .appendingPathComponent("coordbench")
    }

    /// The top folder of the sources.
    static var package: URL {
        URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .deletingLastPathComponent()
    }

    /// Runs it to its end, without blocking a thread of the test's pool; through a shell's command where one is given, in
    /// which `exec "$0" "$@"` stands for it.
    static func run(
        _ arguments: [String], in folder: URL = package, environment: [String: String] = [:], shell: String? = nil,
        whileRunning: (@Sendable (Process) -> Void)? = nil
    ) async throws -> Result {
        try await TemporaryFolder.with { scratch in
            let (output, errors) = (scratch.appendingPathComponent("out"), scratch.appendingPathComponent("err"))
            for file in [output, errors] { _ = FileManager.default.createFile(atPath: file.path, contents: nil) }
            let process = Process()
            process.executableURL = shell == nil ? executable : URL(fileURLWithPath: "/bin/sh")
            process.arguments = (shell.map { ["-c", $0, executable.path] } ?? []) + arguments
            process.currentDirectoryURL = folder
            var variables = ProcessInfo.processInfo.environment
            // A width of its own, so that help wraps the same everywhere.
            variables["COLUMNS"] = "80"
            process.environment = variables.merging(environment) { $1 }
            process.standardInput = FileHandle.nullDevice
            process.standardOutput = try FileHandle(forWritingTo: output)
            process.standardError = try FileHandle(forWritingTo: errors)
            let status: Int32 = try await withCheckedThrowingContinuation { continuation in
                process.terminationHandler = { ended in
                    let code = ended.terminationReason == .exit ? ended.terminationStatus : -ended.terminationStatus
                    continuation.resume(returning: code)
                }
                do {
                    try process.run()
                    whileRunning?(process)
                } catch {
                    process.terminationHandler = nil
                    continuation.resume(throwing: error)
                }
            }
            return Result(
                status: status, output: try String(contentsOf: output, encoding: .utf8),
                errors: try String(contentsOf: errors, encoding: .utf8))
        }
    }
}

/// A folder that is there for the length of a closure.
enum TemporaryFolder {
    static func with<Value>(_ body: (URL) async throws -> Value) async throws -> Value {
        let folder = FileManager.default.temporaryDirectory.appendingPathComponent("coordbench-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder) }
        return try await body(folder)
    }
}
