import Glibc

/// What `coordbench run` was asked: systems or scenario files, and flags.
public struct RunRequest: Sendable {
    /// The scenarios, flags already laid over them.
    public var scenarios: [Scenario]

    /// Reads the request.
    ///
    /// - Parameters:
    ///   - arguments: names of systems, or paths of scenario files (`.yaml`, `.yml`); not both.
    ///   - flags: the texts given for each field; they beat what a file says.
    /// - Throws: ``ScenarioError``.
    public init(
        arguments: [String], flags: [(field: ScenarioField, values: [String])]
    ) throws(ScenarioError) {
        let files = arguments.filter(Self.isFile)
        guard !files.isEmpty else {
            scenarios = [try Scenario(flags: [(.systems, arguments)] + flags)]
            return
        }
        if let system = arguments.first(where: { !Self.isFile($0) }) {
            throw ScenarioError(
                "'\(system)' is a system and '\(files[0])' a scenario file; name one or the other",
                at: .commandLine("arguments"))
        }
        scenarios = []
        for file in files {
            var scenario = try ScenarioFile.read(file)
            try scenario.override(with: flags)
            scenarios.append(scenario)
        }
    }

    /// The plan that the request comes to.
    ///
    /// - Parameter quick: caps on what a trial may take, for a quick look.
    /// - Throws: ``ScenarioError``.
    public func plan(catalogue: SystemCatalogue, quick: QuickLimits? = nil) throws(ScenarioError) -> Plan {
        var scenarios = scenarios
        if let quick {
            for index in scenarios.indices { scenarios[index].shorten(to: quick) }
        }
        return try Plan(scenarios, catalogue: catalogue)
    }

    private static func isFile(_ argument: String) -> Bool {
        argument.hasSuffix(".yaml") || argument.hasSuffix(".yml")
    }
}

extension ScenarioFile {
    /// Reads a file from disk.
    ///
    /// - Throws: ``ScenarioError`` where it can't be read or is wrong.
    public static func read(_ path: String) throws(ScenarioError) -> Scenario {
        try parse(try text(of: path), path: path)
    }

    /// A file's text, no more than ``largestBytes`` and one.
    package static func text(of path: String) throws(ScenarioError) -> String {
        let place = ScenarioPlace.file(path: path, line: 1, column: 1)
        guard let file = fopen(path, "r") else {
            throw ScenarioError("can't be opened: \(String(cString: strerror(errno)))", at: place)
        }
        defer { fclose(file) }
        var bytes = [UInt8](repeating: 0, count: largestBytes + 1)
        let count = fread(&bytes, 1, bytes.count, file)
        if ferror(file) != 0 {
            throw ScenarioError("can't be read: \(String(cString: strerror(errno)))", at: place)
        }
        guard let text = String(validating: bytes.prefix(count), as: UTF8.self) else {
            throw ScenarioError("is not UTF-8 text", at: place)
        }
        return text
    }
}
