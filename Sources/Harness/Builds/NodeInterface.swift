/// What a program that measures needs of the program whose nodes it measures, when they are two builds.
///
/// That is: the arguments of `coordbench node`, the lines `ready` and `members` on its standard streams, the commands and
/// refusals of the client port, and the fields of `INFO`. Whoever changes one of them so that an older program no longer
/// gets along counts ``version`` up.
public enum NodeInterface {
    /// The version of the interface.
    public static let version = 1

    /// What `coordbench node --interface` says.
    public static var greeting: String { "interface \(version) coordbench \(ProgramVersion.current)" }

    /// Asks a program whether it runs nodes of a system that this program can drive.
    ///
    /// - Parameters:
    ///   - system: the system with its options.
    ///   - title: what people call the program.
    /// - Returns: the program's version.
    /// - Throws: ``BuildError/incompatible(title:reason:)`` with what is in the way.
    @discardableResult
    public static func check(
        _ executable: String, title: String, system: String, nodes: Int, arguments: [String] = []
    ) throws(BuildError) -> String {
        let words =
            [executable, "node", "--interface", "--system", system, "--id", "0", "--nodes", "\(nodes)"]
            + ["--durability", "memory"] + arguments
        let ended = try ChildProgram.run(words, seconds: 30)
        guard ended.status == 0 else {
            let said = ended.output.split(separator: "\n").first.map(String.init) ?? "exit code \(ended.status)"
            let isOlder = said.contains("--interface")
            throw .incompatible(
                title: title,
                reason: isOlder ? "it is older than the first build that can be compared across revisions" : said)
        }
        let greeting = ended.output.split(separator: "\n").last.map { $0.split(separator: " ") } ?? []
        guard greeting.count == 4, greeting[0] == "interface", let theirs = Int(greeting[1]) else {
            throw .incompatible(title: title, reason: "it doesn't say which interface its nodes have")
        }
        guard theirs == version else {
            throw .incompatible(
                title: title,
                reason:
                    "its nodes have interface \(theirs), this program drives interface \(version); measure both with"
                    + " a program from between them")
        }
        return String(greeting[3])
    }
}
