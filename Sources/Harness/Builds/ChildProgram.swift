import Dispatch
import Foundation
import Glibc

/// A program that is run to its end.
enum ChildProgram {
    struct Ended {
        var status: Int32
        var output: String
    }

    /// Runs a program with its standard output in memory (at most a megabyte is kept), its standard error there too or in
    /// a file.
    ///
    /// - Parameters:
    ///   - log: the file for both outputs; memory is then empty.
    ///   - seconds: after which it is ended; nil to wait for ever.
    /// - Throws: ``BuildError/toolMissing(_:reason:)`` where it can't be started.
    static func run(
        _ words: [String], log: String? = nil, seconds: Int? = nil, interruption: Interruption? = nil
    ) throws(BuildError) -> Ended {
        let process = Process()
        process.executableURL = URL(fileURLWithPath: words[0].contains("/") ? words[0] : "/usr/bin/env")
        process.arguments = words[0].contains("/") ? Array(words.dropFirst()) : words
        process.standardInput = FileHandle.nullDevice
        let pipe = Pipe()
        if let log {
            guard FileManager.default.createFile(atPath: log, contents: nil),
                let file = FileHandle(forWritingAtPath: log)
            else { throw .cannotKeep(path: log, reason: String(cString: strerror(errno))) }
            process.standardOutput = file
            process.standardError = file
        } else {
            process.standardOutput = pipe
            process.standardError = pipe
        }
        do {
            try process.run()
        } catch {
            throw .toolMissing(words[0], reason: "\(error.localizedDescription)")
        }
        let number = process.processIdentifier
        interruption?.onRequest { [weak process] in
            if process?.isRunning == true { kill(number, SIGTERM) }
        }
        if let seconds { endLate(process, number, seconds: seconds) }
        var text = Data()
        if log == nil {
            while let part = try? pipe.fileHandleForReading.read(upToCount: 1 << 16), !part.isEmpty {
                if text.count < 1 << 20 { text.append(part) }
            }
        }
        process.waitUntilExit()
        return Ended(status: process.terminationStatus, output: String(decoding: text, as: UTF8.self))
    }

    private static func endLate(_ process: Process, _ number: Int32, seconds: Int) {
        DispatchQueue.global().asyncAfter(deadline: .now() + .seconds(seconds)) { [weak process] in
            if process?.isRunning == true { kill(number, SIGKILL) }
        }
    }
}
