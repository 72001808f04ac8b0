import Foundation
import Harness
import Testing

@Suite("Builds", .serialized)
struct BuildTests {
    private final class Notes: @unchecked Sendable {  // one thread writes
        var all: [String] = []
    }

    private func workshop(_ folder: URL, _ notes: Notes = Notes()) -> BuildWorkshop {
        BuildWorkshop(
            repository: folder.path, executable: Command.executable.path, interruption: Interruption(),
            note: { notes.all.append($0) })
    }

    @Test("of revisions and folders run nodes; one that was made is not made again; one that can't be made says why")
    func revisions() async throws {
        try await TemporaryFolder.with { scratch in
            let repository = try Repository(in: scratch)
            try repository.commit()
            try repository.commit(more: ["--planted-delay", "5ms"])
            try repository.commit("this is no Swift")
            let notes = Notes()
            let workshop = workshop(repository.folder, notes)
            func program(_ text: String) throws -> BuiltProgram {
                try workshop.program(of: try BuildSource(parsing: text), system: "raft", nodes: 3)
            }

            let old = try program("git:HEAD~2")
            let new = try program("git:HEAD~1")
            #expect(old.version == ProgramVersion.current)
            #expect(old.executable != new.executable)
            #expect(old.title.hasPrefix("git:HEAD~2 ("))
            #expect(notes.all.count == 2)
            #expect(try program("git:HEAD~2") == old)
            #expect(notes.all.count == 2)

            let failure = #expect(throws: BuildError.self) { try program("git:HEAD") }
            guard case .failed(let title, let log, let lines)? = failure else {
                Issue.record("\(String(describing: failure))")
                return
            }
            #expect(title.hasPrefix("git:HEAD ("))
            #expect(FileManager.default.fileExists(atPath: log))
            #expect(lines.contains("error:"))

            try repository.git("checkout", "--quiet", "HEAD~2")
            #expect(try program(repository.folder.path).version == ProgramVersion.current)
        }
    }

    @Test("that aren't there, or are no build, are refused in words")
    func refused() async throws {
        try await TemporaryFolder.with { scratch in
            let workshop = workshop(scratch)
            func failure(_ text: String, system: String = "raft") -> BuildError? {
                #expect(throws: BuildError.self) {
                    try workshop.program(of: try BuildSource(parsing: text), system: system, nodes: 3)
                }
            }
            #expect(failure("git:HEAD").map { "\($0)".contains("need a repository") } == true)
            #expect(failure("git:") == .unreadable("git:"))
            #expect(failure("") == .unreadable(""))
            let missing = scratch.appendingPathComponent("nothing").path
            #expect(failure(missing) == .missing(path: missing))
            #expect(failure(scratch.path) == .notABuild(path: scratch.path))
            let text = scratch.appendingPathComponent("text").path
            #expect(FileManager.default.createFile(atPath: text, contents: nil, attributes: [.posixPermissions: 0o644]))
            #expect(failure("path:\(text)") == .notABuild(path: text))
            #expect(failure("/bin/true").map { "\($0)".contains("which interface") } == true)
            #expect(failure("/bin/false").map { "\($0)".contains("can't be compared") } == true)
            #expect(failure("current", system: "raft[nonsense=1]").map { "\($0)".contains("nonsense") } == true)

            let repository = try Repository(in: scratch)
            try repository.commit()
            let other = BuildWorkshop(
                repository: repository.folder.path, executable: Command.executable.path,
                interruption: Interruption(), note: { _ in })
            let unknown = #expect(throws: BuildError.self) {
                try other.program(of: .revision("nowhere"), system: "raft", nodes: 3)
            }
            #expect(unknown.map { "\($0)".contains("no revision 'nowhere'") } == true)
        }
    }

    @Test("read back from their texts", arguments: ["current", "git:HEAD~1", "../other", "./coordbench-old"])
    func texts(_ text: String) throws {
        #expect("\(try BuildSource(parsing: text))" == text)
    }
}
