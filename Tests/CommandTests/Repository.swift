import Foundation
import Testing

/// A repository whose program passes all on to the one under test, with what each revision adds.
struct Repository {
    let folder: URL

    init(in scratch: URL) throws {
        folder = scratch.appendingPathComponent("repository")
        try FileManager.default.createDirectory(
            at: folder.appendingPathComponent("Sources/coordbench"), withIntermediateDirectories: true)
        try """
        // swift-tools-version: 6.0
        import PackageDescription
        let package = Package(
            name: "coordbench",
            products: [.executable(name: "coordbench", targets: ["coordbench"])],
            targets: [.executableTarget(name: "coordbench")])
        """.write(to: folder.appendingPathComponent("Package.swift"), atomically: true, encoding: .utf8)
        try ".build/\n".write(to: folder.appendingPathComponent(".gitignore"), atomically: true, encoding: .utf8)
        try git("init", "--quiet")
    }

    func git(_ words: String...) throws {
        let process = Process()
        process.executableURL = URL(fileURLWithPath: "/usr/bin/git")
        process.arguments =
            ["-C", folder.path, "-c", "user.name=t", "-c", "user.email=t@localhost", "-c", "commit.gpgsign=false"]
            + words
        process.standardOutput = FileHandle.nullDevice
        try process.run()
        process.waitUntilExit()
        try #require(process.terminationStatus == 0, "git \(words)")
    }

    /// Commits a program that runs `body` and then becomes the one under test, with `more` arguments.
    func commit(_ body: String = "", more: [String] = []) throws {
        try """
        import Glibc
        \(body)
        let words = ["\(Command.executable.path)"] + CommandLine.arguments.dropFirst() + \(more)
        var pointers: [UnsafeMutablePointer<CChar>?] = words.map { strdup($0) }
        pointers.append(nil)
        execv(words[0], &pointers)
        exit(71)
        """.write(
            to: folder.appendingPathComponent("Sources/coordbench/main.swift"), atomically: true, encoding: .utf8)
        try git("add", "--all")
        try git("commit", "--quiet", "--message", "a revision")
    }
}
