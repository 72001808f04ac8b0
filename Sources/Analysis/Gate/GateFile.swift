import Harness
import ProtocolKit
import Yams

/// Reads gate files in YAML.
///
///     name: protocols
///     checks:
///       - name: costs
///         kind: exact
///         systems: [raft, 2pc]
///         require: [messages_per_op == audit, put.message_delays == 4]
///       - name: raft under load
///         kind: stored
///         trials: {systems: raft, clients: 8, repetitions: 5}
///         require: [latency_p99 <= baseline * 1.5, verdict == correct]
///       - name: this change
///         kind: paired
///         scenario: ../Scenarios/consensus.yaml
///         metrics: [throughput, latency_p99]
///         margin: 2%
///         budget: 5m
///
/// Paths are those from the file's own folder.
public struct GateFile {
    /// The most checks of a file.
    public static let mostChecks = 200

    static let topKeys = ["name", "description", "checks"]

    let path: String
    let catalogue: SystemCatalogue
    let yaml: ScenarioFile

    init(path: String, catalogue: SystemCatalogue) {
        self.path = path
        self.catalogue = catalogue
        yaml = ScenarioFile(path: path)
    }

    /// Reads a file from disk.
    ///
    /// - Throws: `ScenarioError` where it can't be read or is wrong, with line and column.
    public static func read(_ path: String, catalogue: SystemCatalogue = .all) throws(ScenarioError) -> Gate {
        try parse(try ScenarioFile.text(of: path), path: path, catalogue: catalogue)
    }

    /// Reads a file's text; `path` is for messages and for the scenarios that it names.
    ///
    /// - Throws: `ScenarioError` with line and column.
    public static func parse(
        _ text: String, path: String, catalogue: SystemCatalogue = .all
    ) throws(ScenarioError) -> Gate {
        let file = GateFile(path: path, catalogue: catalogue)
        guard text.utf8.count <= ScenarioFile.largestBytes else {
            throw ScenarioError("the file has more than \(ScenarioFile.largestBytes) bytes", at: file.yaml.start)
        }
        return try file.gate(try file.yaml.compose(text, needs: "checks"))
    }

    private func gate(_ root: Node) throws(ScenarioError) -> Gate {
        let top = try yaml.mapping(root, what: "a gate file")
        for (key, _) in top where !Self.topKeys.contains(key.value) { throw yaml.unknown(key, valid: Self.topKeys) }
        guard let list = top.first(where: { $0.key.value == "checks" })?.node else {
            throw ScenarioError("checks: is missing; it is a list of what must hold", at: yaml.place(root))
        }
        guard let entries = list.sequence else {
            throw ScenarioError("checks must be a list, each entry beginning with '- '", at: yaml.place(list))
        }
        guard !entries.isEmpty else {
            throw ScenarioError("checks is empty: a gate that checks nothing can't pass", at: yaml.place(list))
        }
        guard entries.count <= Self.mostChecks else {
            throw ScenarioError("checks has more than \(Self.mostChecks) entries", at: yaml.place(list))
        }
        var checks: [GateCheck] = []
        for entry in entries {
            let check = try GateCheckReader(self, entry).check()
            guard !checks.contains(where: { $0.name == check.name }) else {
                throw ScenarioError(
                    "there are two checks '\(check.name)'; give each a name: of its own", at: check.place)
            }
            checks.append(check)
        }
        return Gate(
            name: try yaml.word(top, "name") ?? yaml.stem, summary: try yaml.word(top, "description") ?? "",
            checks: checks)
    }
}
