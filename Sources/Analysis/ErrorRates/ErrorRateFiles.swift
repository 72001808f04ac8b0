import Foundation
import Harness

/// The files of a measurement of error rates.
public enum ErrorRateFiles {
    /// What the folder is of; nil where nothing is there yet.
    public static func subject(in folder: String) throws -> ErrorRateSubject? {
        let path = "\(folder)/subject.json"
        guard AtomicFile.exists(path) else { return nil }
        do {
            let subject = try JSONDecoder().decode(ErrorRateSubject.self, from: Data(try AtomicFile.read(path)))
            guard subject.schema == ErrorRateSubject.currentSchema else {
                throw ErrorRateError.damaged(path, "it is of form \(subject.schema)")
            }
            return subject
        } catch let error as DecodingError {
            throw ErrorRateError.damaged(path, "it can't be read: \(error)")
        }
    }

    static func write(_ subject: ErrorRateSubject, to folder: String) throws {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
        try AtomicFile.write(Array(try encoder.encode(subject)) + [0x0A], to: "\(folder)/subject.json")
    }

    /// The pool of a folder.
    public static func pool(in folder: String) throws -> TrialPool { try pool(at: "\(folder)/pool.tsv") }

    /// The real gate runs of a folder; none where there are none yet.
    public static func gates(in folder: String) throws -> GateLog {
        let path = "\(folder)/gates.tsv"
        guard AtomicFile.exists(path) else { return GateLog() }
        return try GateLog(parsing: String(decoding: try AtomicFile.read(path), as: UTF8.self), path: path)
    }

    static func pool(at path: String) throws -> TrialPool {
        try TrialPool(parsing: String(decoding: try AtomicFile.read(path), as: UTF8.self), path: path)
    }

    /// Appends whole lines.
    static func append(_ lines: String, to path: String) throws {
        let bytes = Array(lines.utf8)
        guard let file = FileHandle(forWritingAtPath: path) else {
            throw RecordError.cannotWrite(path: path, reason: "it can't be opened")
        }
        defer { try? file.close() }
        do {
            try file.seekToEnd()
            try file.write(contentsOf: Data(bytes))
            try file.synchronize()
        } catch {
            throw RecordError.cannotWrite(path: path, reason: error.localizedDescription)
        }
    }
}

extension TrialPool {
    /// The whole table.
    public var text: String {
        header + blocks.enumerated().map { Self.lines(of: $1, number: $0 + 1) }.joined()
    }
}
