import Glibc

/// Removing what a trial has written.
public enum FileTree {
    /// Removes what trials of processes that are gone have left in a data folder: `trial-NUMBER-PROCESS`.
    static func removeAbandonedTrials(in folder: String) {
        for name in AtomicFile.names(in: folder) {
            let parts = name.split(separator: "-")
            guard parts.count == 3, parts[0] == "trial", let process = Int32(parts[2]), process > 0 else { continue }
            if kill(process, 0) != 0, errno == ESRCH { remove("\(folder)/\(name)") }
        }
    }

    /// Removes a folder and all in it; what isn't there is no error. Never follows a link.
    public static func remove(_ path: String) {
        var facts = stat()
        guard lstat(path, &facts) == 0 else { return }
        if facts.st_mode & S_IFMT == S_IFDIR, let folder = opendir(path) {
            while let entry = readdir(folder) {
                let name = withUnsafePointer(to: &entry.pointee.d_name) {
                    $0.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
                }
                if name != "." && name != ".." { remove("\(path)/\(name)") }
            }
            closedir(folder)
            rmdir(path)
        } else {
            unlink(path)
        }
    }
}
