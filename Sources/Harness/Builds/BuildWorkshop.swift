import Foundation
import Glibc

/// Makes programs of build sources, before any clock starts.
///
/// Revisions are built one after the other in one work tree under `.build/revisions`, so that each builds on what the
/// last has left; the programs are kept there by commit and not built again.
public struct BuildWorkshop: Sendable {
    /// A folder of the repository that revisions are looked up in.
    public var repository: String
    /// This program.
    public var executable: String
    /// A request to stop.
    public var interruption: Interruption
    /// Told what is under way: it takes minutes.
    public var note: @Sendable (String) -> Void

    /// A workshop of its parts.
    public init(
        repository: String, executable: String, interruption: Interruption,
        note: @escaping @Sendable (String) -> Void
    ) {
        self.repository = repository
        self.executable = executable
        self.interruption = interruption
        self.note = note
    }

    /// The program of a source, built where it must be.
    ///
    /// - Parameters:
    ///   - system: a system with its options that the program's nodes must know.
    ///   - nodes: on how many nodes it will run.
    public func program(
        of source: BuildSource, system: String, nodes: Int
    ) throws(BuildError) -> BuiltProgram {
        var (path, title) = (executable, "\(source)")
        switch source {
        case .current: break
        case .revision(let revision): (path, title) = try built(revision)
        case .path(let named): path = try self.path(named, title: title)
        }
        if interruption.isRequested { throw .interrupted }
        let version = try NodeInterface.check(path, title: title, system: system, nodes: nodes)
        return BuiltProgram(executable: path, title: title, version: version)
    }

    /// A copy of a program at another path: the same code, and whatever else goes with being another file.
    public static func copy(_ executable: String, to path: String) throws(BuildError) {
        unlink(path)
        do {
            try FileManager.default.copyItem(atPath: executable, toPath: path)
        } catch {
            throw .cannotKeep(path: path, reason: error.localizedDescription)
        }
    }

    private func path(_ named: String, title: String) throws(BuildError) -> String {
        var isFolder: ObjCBool = false
        guard FileManager.default.fileExists(atPath: named, isDirectory: &isFolder) else { throw .missing(path: named) }
        let absolute = URL(fileURLWithPath: named).path
        if !isFolder.boolValue {
            guard FileManager.default.isExecutableFile(atPath: absolute) else { throw .notABuild(path: named) }
            return absolute
        }
        guard FileManager.default.fileExists(atPath: "\(absolute)/Package.swift") else {
            throw .notABuild(path: named)
        }
        return try build(package: absolute, title: title, log: "\(absolute)/.build/coordbench-build.log")
    }

    // MARK: Revisions

    private func built(_ revision: String) throws(BuildError) -> (path: String, title: String) {
        let top = try git(["rev-parse", "--show-toplevel"]) { .noRepository(reason: $0) }
        let commit = try git(["rev-parse", "--verify", "--quiet", "--end-of-options", "\(revision)^{commit}"]) {
            .unknownRevision(revision, reason: $0.isEmpty ? "git rev-parse finds none" : $0)
        }
        let short = String(commit.prefix(12))
        let title = "git:\(revision) (\(short))"
        let cache = "\(top)/.build/revisions"
        let kept = "\(cache)/\(short)/coordbench"
        if FileManager.default.isExecutableFile(atPath: kept) { return (kept, title) }
        do {
            try FileManager.default.createDirectory(atPath: "\(cache)/\(short)", withIntermediateDirectories: true)
        } catch {
            throw .cannotKeep(path: cache, reason: error.localizedDescription)
        }
        let lock = try FolderLock("\(cache)/lock")
        defer { lock.unlock() }
        let tree = "\(cache)/tree"
        try checkOut(commit, in: tree)
        let program = try build(package: tree, title: title, log: "\(cache)/\(short)/build.log")
        // Renamed when it is whole, so that a copy broken off isn't taken for a program later.
        try Self.copy(program, to: "\(kept).part")
        guard rename("\(kept).part", kept) == 0 else {
            throw .cannotKeep(path: kept, reason: String(cString: strerror(errno)))
        }
        return (kept, title)
    }

    private func checkOut(_ commit: String, in tree: String) throws(BuildError) {
        func refuse(_ reason: String) -> BuildError { .cannotKeep(path: tree, reason: reason) }
        if FileManager.default.fileExists(atPath: "\(tree)/.git") {
            let ended = try ChildProgram.run(
                ["git", "-C", tree, "checkout", "--quiet", "--detach", "--force", commit], interruption: interruption)
            guard ended.status != 0 else { return }
            // A tree that was left in a mess is made anew.
            try? FileManager.default.removeItem(atPath: tree)
        }
        _ = try git(["worktree", "prune"], or: refuse)
        _ = try git(["worktree", "add", "--quiet", "--detach", "--force", tree, commit], or: refuse)
    }

    private func git(_ words: [String], or refuse: (String) -> BuildError) throws(BuildError) -> String {
        let ended = try ChildProgram.run(["git", "-C", repository] + words, interruption: interruption)
        let said = ended.output.trimmingCharacters(in: .whitespacesAndNewlines)
        guard ended.status == 0 else { throw refuse(said) }
        return said
    }

    // MARK: Building

    private func build(package: String, title: String, log: String) throws(BuildError) -> String {
        note("building \(title); it takes minutes, and nothing is measured meanwhile (output in \(log))")
        try? FileManager.default.createDirectory(atPath: "\(package)/.build", withIntermediateDirectories: true)
        let flags = [
            "-c", "release", "--product", "coordbench", "-Xswiftc", "-cross-module-optimization", "-Xswiftc",
            "-enforce-exclusivity=unchecked",
        ]
        let ended = try ChildProgram.run(
            ["swift", "build", "--package-path", package] + flags, log: log, interruption: interruption)
        if interruption.isRequested { throw .interrupted }
        guard ended.status == 0 else {
            let text = (try? String(contentsOfFile: log, encoding: .utf8)) ?? ""
            let errors = text.split(separator: "\n").filter { $0.contains("error:") }
            let shown = errors.isEmpty ? text.split(separator: "\n").suffix(8) : errors.prefix(8)
            throw .failed(title: title, log: log, lastLines: shown.joined(separator: "\n"))
        }
        let program = "\(package)/.build/release/coordbench"
        guard FileManager.default.isExecutableFile(atPath: program) else {
            throw .failed(title: title, log: log, lastLines: "there is no \(program) afterwards")
        }
        return program
    }
}

/// Keeps a second process out of a folder for a while.
private struct FolderLock {
    private let descriptor: Int32

    init(_ path: String) throws(BuildError) {
        descriptor = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0o644)
        guard descriptor >= 0, flock(descriptor, LOCK_EX) == 0 else {
            throw .cannotKeep(path: path, reason: String(cString: strerror(errno)))
        }
    }

    func unlock() { close(descriptor) }
}
