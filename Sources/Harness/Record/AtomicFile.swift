import Glibc

/// Whole files by plain system calls, with errors that name the file.
public enum AtomicFile {
    /// Writes bytes into a file beside `path`, syncs it and renames it, so that `path` is old or new and never half. A
    /// symbolic link stays one, and what isn't a plain file (a device, a pipe) is written to as it is.
    ///
    /// - Throws: ``RecordError/cannotWrite(path:reason:)``; the temporary file is gone then.
    public static func write(_ bytes: [UInt8], to path: String) throws(RecordError) {
        var facts = stat()
        if stat(path, &facts) == 0, facts.st_mode & S_IFMT != S_IFREG {
            let file = open(path, O_WRONLY | O_CLOEXEC)
            guard file >= 0 else { throw .cannotWrite(path: path, reason: lastReason()) }
            if let failure = fill(file, with: bytes, isSynced: false) {
                throw .cannotWrite(path: path, reason: failure)
            }
            return
        }
        let target = resolved(path)
        let temporary = "\(target).tmp-\(getpid())"
        let file = open(temporary, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o644)
        guard file >= 0 else { throw .cannotWrite(path: path, reason: lastReason()) }
        var failure = fill(file, with: bytes, isSynced: true)
        if failure == nil, rename(temporary, target) != 0 { failure = lastReason() }
        if let failure {
            unlink(temporary)
            throw .cannotWrite(path: path, reason: failure)
        }
    }

    /// Writes all of it and closes the file; why it couldn't, or nil.
    private static func fill(_ file: Int32, with bytes: [UInt8], isSynced: Bool) -> String? {
        var written = 0
        var failure: String?
        while written < bytes.count, failure == nil {
            let count = bytes.withUnsafeBytes { Glibc.write(file, $0.baseAddress! + written, bytes.count - written) }
            if count >= 0 {
                written += count
            } else if errno != EINTR {
                failure = lastReason()
            }
        }
        if failure == nil, isSynced, fsync(file) != 0 { failure = lastReason() }
        if close(file) != 0, failure == nil { failure = lastReason() }
        return failure
    }

    /// What a symbolic link leads to, in the end; any other path as it is.
    private static func resolved(_ path: String) -> String {
        guard let real = realpath(path, nil) else { return path }
        defer { free(real) }
        return String(cString: real)
    }

    /// Writes a text as UTF-8.
    public static func write(_ text: String, to path: String) throws(RecordError) {
        try write(Array(text.utf8), to: path)
    }

    /// All bytes of a file.
    ///
    /// - Throws: ``RecordError/unreadable(path:reason:)``
    public static func read(_ path: String) throws(RecordError) -> [UInt8] {
        let file = open(path, O_RDONLY | O_CLOEXEC)
        guard file >= 0 else { throw .unreadable(path: path, reason: lastReason()) }
        defer { close(file) }
        var bytes: [UInt8] = []
        var chunk = [UInt8](repeating: 0, count: 1 << 16)
        while true {
            let count = Glibc.read(file, &chunk, chunk.count)
            if count == 0 { return bytes }
            if count > 0 {
                bytes.append(contentsOf: chunk[..<count])
            } else if errno != EINTR {
                throw .unreadable(path: path, reason: lastReason())
            }
        }
    }

    /// Makes a folder and those above it.
    ///
    /// - Throws: ``RecordError/cannotCreate(path:reason:)``
    public static func makeFolder(_ path: String) throws(RecordError) {
        if isFolder(path) { return }
        if let slash = path.lastIndex(of: "/"), slash != path.startIndex, path.index(after: slash) != path.endIndex {
            try makeFolder(String(path[..<slash]))
        }
        guard mkdir(path, 0o755) != 0 else { return }
        let reason = lastReason()
        guard isFolder(path) else { throw .cannotCreate(path: path, reason: reason) }
    }

    /// Whether there is something at `path`.
    public static func exists(_ path: String) -> Bool {
        access(path, F_OK) == 0
    }

    /// How many bytes a plain file has; nil for anything else, which may have no end, and where there is nothing.
    static func size(of path: String) -> Int? {
        var facts = stat()
        return stat(path, &facts) == 0 && facts.st_mode & S_IFMT == S_IFREG ? Int(facts.st_size) : nil
    }

    static func isFolder(_ path: String) -> Bool {
        var facts = stat()
        return stat(path, &facts) == 0 && facts.st_mode & S_IFMT == S_IFDIR
    }

    /// The names in a folder, sorted; empty if it can't be listed.
    static func names(in path: String) -> [String] {
        guard let folder = opendir(path) else { return [] }
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

    private static func lastReason() -> String {
        errno == ENOSPC ? "the disk is full" : String(cString: strerror(errno))
    }
}
