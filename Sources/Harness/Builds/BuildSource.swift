/// Which build of this program runs the nodes of one side of a comparison.
///
/// | text | what it is |
/// |---|---|
/// | `current` | this program |
/// | `git:HEAD~1` | a revision, built in a work tree of its own |
/// | `../other` | a folder with the sources, as they are there, built where they are |
/// | `./coordbench-old` | an executable |
public enum BuildSource: Sendable, Hashable, CustomStringConvertible {
    /// This program.
    case current
    /// A revision of the repository in the current folder.
    case revision(String)
    /// A file or folder.
    case path(String)

    /// Reads a source; `path:` before a path may be left out.
    ///
    /// - Throws: ``BuildError/unreadable(_:)`` for an empty text.
    public init(parsing text: String) throws(BuildError) {
        func rest(_ prefix: String) -> String { String(text.dropFirst(prefix.count)) }
        if text == "current" {
            self = .current
        } else if text.hasPrefix("git:"), !rest("git:").isEmpty, !rest("git:").hasPrefix("-") {
            self = .revision(rest("git:"))
        } else if text.hasPrefix("path:"), !rest("path:").isEmpty {
            self = .path(rest("path:"))
        } else if !text.isEmpty, !text.hasPrefix("git:"), !text.hasPrefix("path:") {
            self = .path(text)
        } else {
            throw .unreadable(text)
        }
    }

    /// The text that reads back as this source.
    public var description: String {
        switch self {
        case .current: "current"
        case .revision(let revision): "git:\(revision)"
        case .path(let path): path
        }
    }
}

/// A program that can run nodes.
public struct BuiltProgram: Sendable, Hashable {
    /// Where it is.
    public var executable: String
    /// What people call it: `git:HEAD~1 (0123456789ab)`.
    public var title: String
    /// The version that it says it is.
    public var version: String
}

/// Why a build can't be had.
public enum BuildError: Error, Hashable, Sendable, CustomStringConvertible {
    /// The text names no build.
    case unreadable(String)
    /// There is nothing at a path.
    case missing(path: String)
    /// A path is neither an executable nor a folder with a package.
    case notABuild(path: String)
    /// The current folder belongs to no repository.
    case noRepository(reason: String)
    /// The repository has no such revision.
    case unknownRevision(String, reason: String)
    /// A program that builds need can't be started.
    case toolMissing(String, reason: String)
    /// It doesn't build.
    case failed(title: String, log: String, lastLines: String)
    /// It can't be copied or written.
    case cannotKeep(path: String, reason: String)
    /// It runs, but not as a node that this program can drive.
    case incompatible(title: String, reason: String)
    /// A stop was asked for.
    case interrupted

    /// What is wrong and what would help.
    public var description: String {
        switch self {
        case .unreadable(let text):
            "'\(text)' names no build; write current, git:REVISION, a folder with the sources, or an executable"
        case .missing(let path): "there is no file or folder '\(path)' to take a build from"
        case .notABuild(let path): "'\(path)' is neither an executable file nor a folder with a Package.swift"
        case .noRepository(let reason):
            "git: builds need a repository in the current folder (\(reason)); change to one, or name a folder"
        case .unknownRevision(let revision, let reason):
            "the repository has no revision '\(revision)': \(reason)"
        case .toolMissing(let tool, let reason): "can't start \(tool), which builds need: \(reason)"
        case .failed(let title, let log, let lastLines):
            "\(title) doesn't build; the whole output is in \(log), and its end is:\n\(lastLines)"
        case .cannotKeep(let path, let reason): "can't keep a build in '\(path)': \(reason)"
        case .incompatible(let title, let reason): "\(title) can't be compared with this program: \(reason)"
        case .interrupted: "stopped while a build was under way; nothing was measured"
        }
    }
}
