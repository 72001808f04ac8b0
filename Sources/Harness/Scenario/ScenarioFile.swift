import Yams

/// Reads scenarios in YAML.
///
///     name: consensus
///     description: Raft beside the ceiling of any replicated log.
///     defaults:
///       duration: 3s
///     trials:
///       - group: closed loop
///         systems: [raft, unreplicated]
///         durability: [memory, synced]
///         clients: [1, 16]
///
/// Every entry of `trials` is a matrix: a list makes a trial of each of its values. `defaults` hold for every entry.
public struct ScenarioFile {
    /// The most bytes that a file may have.
    public static let largestBytes = 256 << 10
    /// The most entries that `trials` may have.
    public static let mostEntries = 1000

    static let topKeys = ["name", "description", "defaults", "trials"]

    package let path: String

    /// A reader whose errors name `path`.
    package init(path: String) { self.path = path }

    /// Reads a file's text; `path` is for messages.
    ///
    /// - Throws: ``ScenarioError`` with line and column.
    public static func parse(_ text: String, path: String) throws(ScenarioError) -> Scenario {
        let file = ScenarioFile(path: path)
        guard text.utf8.count <= largestBytes else {
            throw ScenarioError("the file has more than \(largestBytes) bytes", at: file.start)
        }
        return try file.scenario(try file.compose(text))
    }

    package var start: ScenarioPlace { .file(path: path, line: 1, column: 1) }

    package func place(_ node: Node) -> ScenarioPlace {
        .file(path: path, line: node.mark?.line ?? 1, column: node.mark?.column ?? 1)
    }

    package func compose(_ text: String, needs key: String = "trials") throws(ScenarioError) -> Node {
        do {
            guard let root = try Yams.compose(yaml: text) else {
                throw ScenarioError("the file is empty; it needs \(key):", at: start)
            }
            return root
        } catch let error as ScenarioError {
            throw error
        } catch let error as YamlError {
            throw syntaxError(error)
        } catch {
            throw ScenarioError("can't be read as YAML: \(error)", at: start)
        }
    }

    private func syntaxError(_ error: YamlError) -> ScenarioError {
        func at(_ mark: Mark) -> ScenarioPlace { .file(path: path, line: mark.line, column: mark.column) }
        let hint = "; in a [list], a system with options needs quotes: \"raft[batch=64]\""
        switch error {
        case .scanner(_, let problem, let mark, _): return ScenarioError("not YAML: \(problem)\(hint)", at: at(mark))
        case .parser(_, let problem, let mark, _): return ScenarioError("not YAML: \(problem)\(hint)", at: at(mark))
        case .composer(_, let problem, let mark, _): return ScenarioError("not YAML: \(problem)", at: at(mark))
        case .duplicatedKeysInMapping(let keys, let context):
            let names = keys.sorted().map { "'\($0)'" }.joined(separator: ", ")
            return ScenarioError("\(names) is there twice", at: at(context.mark))
        case .reader(let problem, _, _, _): return ScenarioError("not readable text: \(problem)", at: start)
        default: return ScenarioError("can't be read as YAML", at: start)
        }
    }

    private func scenario(_ root: Node) throws(ScenarioError) -> Scenario {
        let top = try mapping(root, what: "a scenario")
        for (key, _) in top where !Self.topKeys.contains(key.value) { throw unknown(key, valid: Self.topKeys) }
        var defaults = TrialMatrix(at: start)
        if let node = top.first(where: { $0.key.value == "defaults" })?.node {
            try fill(&defaults, from: node, what: "defaults")
        }
        guard let trials = top.first(where: { $0.key.value == "trials" })?.node else {
            throw ScenarioError("trials: is missing; it is a list of settings", at: place(root))
        }
        guard let entries = trials.sequence, !entries.isEmpty else {
            throw ScenarioError("trials must be a list of settings, each beginning with '- '", at: place(trials))
        }
        guard entries.count <= Self.mostEntries else {
            throw ScenarioError("trials has more than \(Self.mostEntries) entries", at: place(trials))
        }
        var matrices: [TrialMatrix] = []
        for entry in entries {
            var matrix = defaults
            matrix.place = place(entry)
            try fill(&matrix, from: entry, what: "an entry of trials")
            matrices.append(matrix)
        }
        return Scenario(
            name: try word(top, "name") ?? stem, summary: try word(top, "description") ?? "", matrices: matrices)
    }

    /// The file's name without folders and ending.
    package var stem: String {
        let name = path.split(separator: "/").last.map(String.init) ?? path
        return name.split(separator: ".").first.map(String.init) ?? name
    }

    package func fill(_ matrix: inout TrialMatrix, from node: Node, what: String) throws(ScenarioError) {
        for (key, value) in try mapping(node, what: what) {
            guard let field = ScenarioField(rawValue: key.value) else {
                throw unknown(key, valid: ScenarioField.allNames)
            }
            try matrix.set(field, to: try texts(value, of: field, key: key))
        }
    }

    private func texts(
        _ node: Node, of field: ScenarioField, key: Placed<String>
    ) throws(ScenarioError) -> [Placed<String>] {
        switch node {
        case .scalar(let scalar):
            guard !scalar.string.isEmpty else {
                throw ScenarioError("\(key.value) has no value; for example \(field.example)", at: key.place)
            }
            return [Placed(scalar.string, at: place(node))]
        case .sequence(let list):
            guard !list.isEmpty else {
                throw ScenarioError("\(key.value) is an empty list; for example \(field.example)", at: place(node))
            }
            var values: [Placed<String>] = []
            for item in list {
                guard let scalar = item.scalar else {
                    throw ScenarioError(
                        "\(key.value) holds more than plain values (quote what has brackets in it); for example "
                            + field.example, at: place(item))
                }
                values.append(Placed(scalar.string, at: place(item)))
            }
            return values
        default:
            throw ScenarioError(
                "\(key.value) must be a value or a list of values; for example \(field.example)", at: place(node))
        }
    }

    package func mapping(_ node: Node, what: String) throws(ScenarioError) -> [(key: Placed<String>, node: Node)] {
        guard let mapping = node.mapping else {
            throw ScenarioError("\(what) must be made of 'key: value' lines", at: place(node))
        }
        var pairs: [(key: Placed<String>, node: Node)] = []
        for (key, value) in mapping {
            guard let text = key.scalar?.string else {
                throw ScenarioError("a key must be a plain word", at: place(key))
            }
            pairs.append((Placed(text, at: place(key)), value))
        }
        return pairs
    }

    package func unknown(_ key: Placed<String>, valid: [String]) -> ScenarioError {
        ScenarioError(
            "no key '\(key.value)' here\(NearestName.question(for: key.value, among: valid)) "
                + "Valid keys: \(valid.joined(separator: ", "))", at: key.place)
    }

    package func word(_ top: [(key: Placed<String>, node: Node)], _ name: String) throws(ScenarioError) -> String? {
        guard let (key, node) = top.first(where: { $0.key.value == name }) else { return nil }
        guard let text = node.scalar?.string else {
            throw ScenarioError("\(name) must be text", at: key.place)
        }
        return text
    }
}
