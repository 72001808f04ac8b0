import ByteCoding
import Glibc

/// File calls of the log with typed errors.
enum LogFolder {
    static func segmentName(_ epoch: UInt64) -> String {
        let digits = String(epoch, radix: 16)
        return "wal-" + String(repeating: "0", count: 16 - digits.count) + digits
    }

    static func create(_ path: String) throws(RuntimeError) {
        guard mkdir(path, 0o755) == 0 || errno == EEXIST else {
            throw .cannotWrite(path: path, reason: Socket.reason())
        }
    }

    /// The names in a folder, sorted.
    static func names(in path: String) throws(RuntimeError) -> [String] {
        guard let folder = opendir(path) else { throw .cannotRead(path: path, reason: Socket.reason()) }
        defer { closedir(folder) }
        var names: [String] = []
        while let entry = readdir(folder) {
            let name = withUnsafePointer(to: &entry.pointee.d_name) {
                $0.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
            }
            if name != "." && name != ".." { names.append(name) }
        }
        return names.sorted()
    }

    static func read(_ path: String) throws(RuntimeError) -> Bytes {
        let fd = Glibc.open(path, O_RDONLY | O_CLOEXEC)
        guard fd >= 0 else { throw .cannotRead(path: path, reason: Socket.reason()) }
        defer { close(fd) }
        var facts = stat()
        guard fstat(fd, &facts) == 0 else { throw .cannotRead(path: path, reason: Socket.reason()) }
        var contents = [UInt8](repeating: 0, count: Int(facts.st_size))
        var offset = 0
        while offset < contents.count {
            let count = contents.withUnsafeMutableBytes {
                pread(fd, $0.baseAddress! + offset, $0.count - offset, off_t(offset))
            }
            if count < 0 && errno == EINTR { continue }
            guard count > 0 else { throw .cannotRead(path: path, reason: Socket.reason()) }
            offset += count
        }
        return Bytes(contents)
    }

    static func open(writing path: String, flags: Int32) throws(RuntimeError) -> Int32 {
        let fd = Glibc.open(path, O_RDWR | O_CLOEXEC | flags, 0o644)
        guard fd >= 0 else { throw .cannotWrite(path: path, reason: Socket.reason()) }
        return fd
    }

    static func write(_ fd: Int32, _ region: UnsafeRawBufferPointer, at start: Int, path: String) throws(RuntimeError) {
        var offset = 0
        while offset < region.count {
            let count = pwrite(fd, region.baseAddress! + offset, region.count - offset, off_t(start + offset))
            if count < 0 && errno == EINTR { continue }
            guard count > 0 else { throw .cannotWrite(path: path, reason: Socket.reason()) }
            offset += count
        }
    }

    static func sync(_ fd: Int32, path: String) throws(RuntimeError) {
        guard fdatasync(fd) == 0 else { throw .cannotWrite(path: path, reason: "sync failed: \(Socket.reason())") }
    }

    static func syncFolder(_ path: String) throws(RuntimeError) {
        let fd = Glibc.open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        guard fd >= 0 else { throw .cannotWrite(path: path, reason: Socket.reason()) }
        defer { close(fd) }
        guard fsync(fd) == 0 else { throw .cannotWrite(path: path, reason: "sync failed: \(Socket.reason())") }
    }

    /// Makes a file of zeros, all of it on disk, so that later syncs have no block to allocate.
    static func makeZeroFilled(_ path: String, bytes: Int, isSynced: Bool) throws(RuntimeError) {
        let fd = try open(writing: path, flags: O_CREAT | O_TRUNC)
        defer { close(fd) }
        let zeros = [UInt8](repeating: 0, count: 1 << 20)
        var offset = 0
        while offset < bytes {
            try zeros[..<min(zeros.count, bytes - offset)].withUnsafeBufferPointer { (region) throws(RuntimeError) in
                try write(fd, UnsafeRawBufferPointer(region), at: offset, path: path)
            }
            offset += zeros.count
        }
        if isSynced {
            guard fsync(fd) == 0 else { throw .cannotWrite(path: path, reason: "sync failed: \(Socket.reason())") }
        }
    }
}
