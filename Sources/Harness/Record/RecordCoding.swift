import Foundation

/// A record that is kept as a JSON file of a versioned schema.
public protocol RecordFile: Codable, Sendable {
    /// The schema that is written, `name/version`; the file's `schema` field.
    static var currentSchema: String { get }
}

extension TrialRecord: RecordFile {}

extension RecordFile {
    /// The record as JSON: keys sorted, indented, the same bytes for the same record.
    ///
    /// - Throws: ``RecordError/wrongField(path:field:reason:)`` where a number is not finite.
    public func encoded() throws(RecordError) -> [UInt8] {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .prettyPrinted, .withoutEscapingSlashes]
        do {
            return Array(try encoder.encode(self)) + [UInt8(ascii: "\n")]
        } catch {
            throw RecordParsing.error(error, path: "the record")
        }
    }

    /// Writes the record beside its place and then moves it there, so that the file is whole or absent.
    public func write(to path: String) throws(RecordError) {
        try AtomicFile.write(try encoded(), to: path)
    }

    /// Reads a record from a file.
    public static func load(from path: String) throws(RecordError) -> Self {
        try decode(try AtomicFile.read(path), path: path)
    }

    /// Reads a record from bytes; `path` is named in errors.
    public static func decode(_ bytes: [UInt8], path: String) throws(RecordError) -> Self {
        if RecordParsing.isCutOff(bytes) { throw .truncated(path: path) }
        let data = Data(bytes)
        let decoder = JSONDecoder()
        do {
            let found = try decoder.decode(RecordParsing.SchemaField.self, from: data).schema
            try RecordParsing.check(found: found, current: currentSchema, path: path)
            return try decoder.decode(Self.self, from: data)
        } catch {
            throw RecordParsing.error(error, path: path)
        }
    }
}

/// What reading any record has in common.
enum RecordParsing {
    struct SchemaField: Decodable {
        var schema: String?
    }

    static func check(found: String?, current: String, path: String) throws(RecordError) {
        func parts(_ schema: String) -> (name: Substring, version: Int)? {
            guard let slash = schema.lastIndex(of: "/"), let version = Int(schema[schema.index(after: slash)...]) else {
                return nil
            }
            return (schema[..<slash], version)
        }
        guard let found, let theirs = parts(found), let ours = parts(current), theirs.name == ours.name else {
            throw .otherSchema(path: path, found: found, expected: current)
        }
        if theirs.version > ours.version { throw .newerSchema(path: path, found: found, newest: current) }
        if theirs.version < 1 { throw .otherSchema(path: path, found: found, expected: current) }
    }

    static func error(_ error: any Error, path: String) -> RecordError {
        func field(_ path: [any CodingKey], _ last: (any CodingKey)? = nil) -> String {
            let keys = path + (last.map { [$0] } ?? [])
            return keys.isEmpty
                ? "the top" : keys.map { key in key.intValue.map { "\($0)" } ?? key.stringValue }.joined(separator: ".")
        }
        switch error {
        case let error as RecordError: return error
        case DecodingError.keyNotFound(let key, let context):
            return .wrongField(path: path, field: field(context.codingPath, key), reason: "it is missing")
        case DecodingError.typeMismatch(let type, let context):
            return .wrongField(path: path, field: field(context.codingPath), reason: "it is not a \(type)")
        case DecodingError.valueNotFound(let type, let context):
            return .wrongField(path: path, field: field(context.codingPath), reason: "it is null, not a \(type)")
        case DecodingError.dataCorrupted(let context):
            return context.codingPath.isEmpty
                ? .malformed(path: path, reason: context.debugDescription)
                : .wrongField(path: path, field: field(context.codingPath), reason: context.debugDescription)
        case EncodingError.invalidValue(_, let context):
            return .wrongField(path: path, field: field(context.codingPath), reason: context.debugDescription)
        default: return .malformed(path: path, reason: "\(error)")
        }
    }

    /// Whether a JSON text ends before its brackets and strings do, which no other damage but cutting off does.
    static func isCutOff(_ bytes: [UInt8]) -> Bool {
        var depth = 0
        var isString = false
        var isEscaped = false
        var isEmpty = true
        for byte in bytes {
            if isString {
                if isEscaped {
                    isEscaped = false
                } else if byte == UInt8(ascii: "\\") {
                    isEscaped = true
                } else if byte == UInt8(ascii: "\"") {
                    isString = false
                }
                continue
            }
            switch byte {
            case UInt8(ascii: "\""): isString = true
            case UInt8(ascii: "{"), UInt8(ascii: "["): depth += 1
            case UInt8(ascii: "}"), UInt8(ascii: "]"): depth -= 1
            default: break
            }
            if byte > UInt8(ascii: " ") { isEmpty = false }
        }
        return isEmpty || isString || depth > 0
    }
}
