import Glibc

/// Reads the small text files of /proc and /sys.
enum ProcFile {
    /// The whole file, at most a megabyte.
    static func text(_ path: String) throws(MeasurementError) -> String {
        let descriptor = open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { throw .last("open", path: path) }
        defer { close(descriptor) }
        var bytes: [UInt8] = []
        var chunk = [UInt8](repeating: 0, count: 16_384)
        while bytes.count < 1 << 20 {
            let count = read(descriptor, &chunk, chunk.count)
            if count < 0, errno == EINTR { continue }
            guard count >= 0 else { throw .last("read", path: path) }
            if count == 0 { break }
            bytes.append(contentsOf: chunk[..<count])
        }
        return String(decoding: bytes, as: UTF8.self)
    }

    /// The value of a `name: value` or `name=value` line, trimmed and unquoted.
    static func field(_ name: String, separator: Character, in text: String) -> String? {
        for line in text.split(separator: "\n") {
            guard let mark = line.firstIndex(of: separator) else { continue }
            guard trimmed(line[..<mark]) == name else { continue }
            return trimmed(line[line.index(after: mark)...].drop { $0 == "\"" })
        }
        return nil
    }

    static func trimmed(_ text: Substring) -> String {
        let junk: (Character) -> Bool = { $0.isWhitespace || $0 == "\"" }
        guard let first = text.firstIndex(where: { !junk($0) }), let last = text.lastIndex(where: { !junk($0) }) else {
            return ""
        }
        return String(text[first...last])
    }

    /// The number at the start of a field, as in `12 kB`.
    static func number(_ name: String, in text: String) -> UInt64? {
        field(name, separator: ":", in: text).flatMap { UInt64($0.prefix { $0.isNumber }) }
    }

    /// The names in a folder, sorted.
    static func names(in path: String) throws(MeasurementError) -> [String] {
        guard let folder = opendir(path) else { throw .last("opendir", path: path) }
        defer { closedir(folder) }
        var names: [String] = []
        while let entry = readdir(folder) {
            let name = withUnsafePointer(to: &entry.pointee.d_name) {
                $0.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
            }
            if name != ".", name != ".." { names.append(name) }
        }
        return names.sorted()
    }
}
