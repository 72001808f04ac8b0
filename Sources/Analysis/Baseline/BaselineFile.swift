import Harness
import Measurement

/// Why a baseline's file can't be used.
public enum BaselineError: Error, Hashable, Sendable, CustomStringConvertible {
    /// There is none.
    case missing(path: String)
    /// A line isn't what it should be.
    case damaged(path: String, line: Int, reason: String)
    /// It was written in another form.
    case otherSchema(path: String, found: String)

    /// What is wrong and what to do.
    public var description: String {
        switch self {
        case .missing(let path):
            "there is no baseline \(path): make one with 'coordbench baseline update' and commit it"
        case .damaged(let path, let line, let reason):
            "\(path):\(line): \(reason); restore the file from the repository, or remove it and make it anew with "
                + "'coordbench baseline update'"
        case .otherSchema(let path, let found):
            "\(path) is of schema '\(found)', this program reads '\(Baseline.currentSchema)': make it anew with "
                + "'coordbench baseline update'"
        }
    }
}

/// A baseline as a file of comma-separated values (RFC 4180), a line each figure, sorted, so that a change of it is read in
/// a diff.
extension Baseline {
    static let columns = ["section", "subject", "operation", "metric", "value", "lowest", "highest", "repetitions"]

    /// The file's text; the same for the same baseline.
    public var text: String {
        var rows = [Self.columns, ["schema", "", "", "", Self.currentSchema, "", "", ""]]
        if let host {
            rows += Self.facts(of: host).map { ["host", "", "", $0.fact, $0.value, "", "", ""] }
        }
        if let toolchain {
            rows += toolchain.facts.map { ["toolchain", "", "", $0.fact, $0.value, "", "", ""] }
        }
        for key in figures.keys.sorted() {
            guard let figure = figures[key] else { continue }
            rows.append([
                key.isExact ? "exact" : "measured", key.subject, key.operation, key.metric,
                Self.text(of: figure.value, isExact: key.isExact), figure.lowest.map(MetricText.number) ?? "",
                figure.highest.map(MetricText.number) ?? "", figure.repetitions.map(String.init) ?? "",
            ])
        }
        return rows.map { $0.map(CSVLine.quoted).joined(separator: ",") + "\n" }.joined()
    }

    /// Exact numbers are written so that they read back as they were, measured ones with six digits.
    private static func text(of value: Metric.Value, isExact: Bool) -> String {
        guard isExact, case .number(let number) = value, number != number.rounded() else {
            return MetricText.text(of: value)
        }
        return "\(number)"
    }

    /// Reads a file's text; `path` is for messages.
    ///
    /// - Throws: ``BaselineError``.
    public init(parsing text: String, path: String) throws(BaselineError) {
        self.init()
        var facts: [String: String] = [:]
        var built: [String: String] = [:]
        // A checkout may have ended the lines as Windows does, which is one Character.
        var lines = text.split(omittingEmptySubsequences: false) { $0 == "\n" || $0 == "\r\n" }.map(String.init)
        guard lines.last == "" else {
            throw .damaged(path: path, line: lines.count, reason: "the last line is cut off")
        }
        lines.removeLast()
        guard lines.first == Self.columns.joined(separator: ",") else {
            throw .damaged(path: path, line: 1, reason: "it doesn't begin as a baseline does")
        }
        var hasSchema = false
        for (index, line) in lines.enumerated().dropFirst() {
            func damaged(_ reason: String) -> BaselineError { .damaged(path: path, line: index + 1, reason: reason) }
            guard let cells = CSVLine.cells(line), cells.count == Self.columns.count else {
                throw damaged("not \(Self.columns.count) cells")
            }
            switch cells[0] {
            case "schema":
                guard cells[4] == Self.currentSchema else { throw .otherSchema(path: path, found: cells[4]) }
                hasSchema = true
            case "host": facts[cells[3]] = cells[4]
            case "toolchain": built[cells[3]] = cells[4]
            case "exact", "measured":
                let (key, figure) = try Self.entry(cells, damaged)
                guard figures.updateValue(figure, forKey: key) == nil else {
                    throw damaged("\(key.metric) of \(key.subject) is there twice")
                }
            default: throw damaged("no section '\(cells[0])'")
            }
        }
        guard hasSchema else { throw .damaged(path: path, line: 2, reason: "it names no schema") }
        if !facts.isEmpty {
            guard let host = Self.host(facts) else {
                throw .damaged(path: path, line: 3, reason: "the facts of the machine are not whole")
            }
            self.host = host
        }
        if !built.isEmpty {
            guard let toolchain = Toolchain(facts: built) else {
                throw .damaged(path: path, line: 3, reason: "the facts of the toolchain are not whole")
            }
            self.toolchain = toolchain
        }
    }

    private static func entry(
        _ cells: [String], _ damaged: (String) -> BaselineError
    ) throws(BaselineError) -> (Key, Figure) {
        guard let metric = Metric.named(cells[3]), metric.name == cells[3] else {
            throw damaged(
                "no metric '\(cells[3])'\(NearestName.question(for: cells[3], among: Metric.all.map(\.name)))")
        }
        let key = Key(isExact: cells[0] == "exact", subject: cells[1], operation: cells[2], metric: metric.name)
        func number(_ text: String, _ column: String) throws(BaselineError) -> Double {
            guard let number = Double(text), number.isFinite else { throw damaged("\(column) '\(text)' is no number") }
            return number
        }
        if metric.unit == .text { return (key, Figure(value: .text(cells[4]))) }
        let value = Metric.Value.number(try number(cells[4], "the value"))
        if key.isExact { return (key, Figure(value: value)) }
        guard let repetitions = Int(cells[7]), repetitions > 0 else {
            throw damaged("repetitions '\(cells[7])' is no number from 1")
        }
        let (low, high) = (try number(cells[5], "the lowest"), try number(cells[6], "the highest"))
        guard case .number(let middle) = value, low <= middle, middle <= high else {
            throw damaged("the value \(cells[4]) doesn't lie between its lowest and highest")
        }
        return (key, Figure(value: value, lowest: low, highest: high, repetitions: repetitions))
    }

    /// Reads the baseline of a folder.
    ///
    /// - Throws: ``BaselineError``, or `RecordError` where the file can't be read.
    public static func load(folder: String) throws -> Baseline {
        let path = "\(folder)/\(fileName)"
        guard AtomicFile.exists(path) else { throw BaselineError.missing(path: path) }
        guard let text = String(validating: try AtomicFile.read(path), as: UTF8.self) else {
            throw BaselineError.damaged(path: path, line: 1, reason: "it is not UTF-8 text")
        }
        return try Baseline(parsing: text, path: path)
    }

    /// Writes the baseline into a folder, which is made where it isn't there.
    public func write(folder: String) throws(RecordError) {
        try AtomicFile.makeFolder(folder)
        try AtomicFile.write(text, to: "\(folder)/\(Self.fileName)")
    }

    // MARK: The machine

    /// The machine's facts in the order in which they are written.
    public static func facts(of host: HostFacts) -> [(fact: String, value: String)] {
        [
            ("processor", host.processorModel), ("processors", "\(host.processorCount)"),
            ("memory_bytes", "\(host.memoryBytes)"), ("kernel", host.kernel),
            ("operating_system", host.operatingSystem),
        ] + (host.frequencyGovernor.map { [("governor", $0)] } ?? []) + [
            ("file_system", host.fileSystem), ("swift", host.swiftVersion),
            ("build", host.isOptimizedBuild ? "release" : "debug"),
        ]
    }

    private static func host(_ facts: [String: String]) -> HostFacts? {
        guard let processor = facts["processor"], let count = facts["processors"].flatMap({ Int($0) }),
            let memory = facts["memory_bytes"].flatMap({ UInt64($0) }), let kernel = facts["kernel"],
            let system = facts["operating_system"], let files = facts["file_system"], let swift = facts["swift"],
            let build = facts["build"]
        else { return nil }
        var toolchain = Toolchain.current
        (toolchain.swiftVersion, toolchain.isOptimizedBuild) = (swift, build == "release")
        return HostFacts(
            processorModel: processor, processorCount: count, memoryBytes: memory, kernel: kernel,
            operatingSystem: system, frequencyGovernor: facts["governor"], fileSystem: files, toolchain: toolchain)
    }
}

/// Lines of comma-separated values (RFC 4180) without line feeds in them.
enum CSVLine {
    static func quoted(_ cell: String) -> String {
        let plain = cell.replacing("\n", with: " ").replacing("\r", with: " ")
        return plain.contains(",") || plain.contains("\"") ? "\"\(plain.replacing("\"", with: "\"\""))\"" : plain
    }

    /// The cells of a line; nil where a quote is not closed or text follows one.
    static func cells(_ line: String) -> [String]? {
        var cells: [String] = []
        var cell = ""
        var rest = Array(line)[...]
        while true {
            if rest.first == "\"" {
                rest.removeFirst()
                while let next = rest.popFirst() {
                    if next != "\"" {
                        cell.append(next)
                    } else if rest.first == "\"" {
                        cell.append("\"")
                        rest.removeFirst()
                    } else {
                        rest = ["\u{0}"] + rest
                        break
                    }
                }
                guard rest.popFirst() == "\u{0}" else { return nil }
            } else {
                while let next = rest.first, next != "," {
                    cell.append(next)
                    rest.removeFirst()
                }
            }
            cells.append(cell)
            cell = ""
            guard let separator = rest.popFirst() else { return cells }
            guard separator == "," else { return nil }
        }
    }
}
