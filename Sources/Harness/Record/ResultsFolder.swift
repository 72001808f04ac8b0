import Glibc

/// A folder with a run's results: `run.json`, and a file under `trials/` for each trial, written as soon as it ends.
///
///     var folder = try ResultsFolder.create(at: "results/latest", run: run, replacing: true)
///     try folder.append(record)
///     try folder.finish(at: .now(), isInterrupted: false)
public struct ResultsFolder: Sendable {
    /// Where it is.
    public let path: String
    /// What `run.json` says at the moment.
    public private(set) var run: RunRecord

    /// Makes the folder and writes `run.json`.
    ///
    /// With `replacing` an earlier run's own files in it are removed first: `run.json`, `trials/*.json` and what
    /// reports wrote; nothing else is touched.
    ///
    /// - Throws: ``RecordError/cannotCreate(path:reason:)`` where it can't be made or written into,
    ///   ``RecordError/alreadyThere(path:)`` where there is a run in it.
    public static func create(
        at path: String, run: RunRecord, replacing: Bool
    ) throws(RecordError) -> ResultsFolder {
        try AtomicFile.makeFolder(path)
        if AtomicFile.exists("\(path)/run.json") {
            guard replacing else { throw .alreadyThere(path: path) }
            removeRun(at: path)
        }
        try AtomicFile.makeFolder("\(path)/trials")
        let folder = ResultsFolder(path: path, run: run)
        do {
            try folder.writeRun()
        } catch {
            guard case .cannotWrite(_, let reason) = error else { throw error }
            throw .cannotCreate(path: path, reason: reason)
        }
        return folder
    }

    /// Where drawings of violations are, below a results folder.
    public static let counterexamples = "counterexamples"

    /// Where curves are, below a results folder.
    public static let curves = "curves"

    private static func removeRun(at path: String) {
        let reports = [
            "report.md", "results.csv", "results.json", "comparison.md", "comparison.json", "comparison.svg",
        ]
        for name in reports { unlink("\(path)/\(name)") }
        for name in AtomicFile.names(in: "\(path)/trials") where name.hasSuffix(".json") {
            unlink("\(path)/trials/\(name)")
        }
        for name in AtomicFile.names(in: "\(path)/histograms")
        where name.hasSuffix(".hlog") || name.hasSuffix(".hgrm") {
            unlink("\(path)/histograms/\(name)")
        }
        for folder in [counterexamples, curves] {
            for name in AtomicFile.names(in: "\(path)/\(folder)") where name.hasSuffix(".svg") {
                unlink("\(path)/\(folder)/\(name)")
            }
        }
        unlink("\(path)/run.json")
    }

    /// Writes a trial that ended, and notes it in `run.json`.
    ///
    /// - Returns: the file's path.
    @discardableResult
    public mutating func append(_ record: TrialRecord) throws(RecordError) -> String {
        let name = "trials/\(Self.fileStem(of: record.plan)).json"
        try record.write(to: "\(path)/\(name)")
        if !run.trials.contains(name) { run.trials.append(name) }
        try writeRun()
        return "\(path)/\(name)"
    }

    /// Corrects how many trials were planned, which ``finish(at:isInterrupted:audits:)`` writes.
    mutating func setPlannedTrials(_ count: Int) { run.plannedTrials = count }

    /// Notes the run's end, and the audits of what was run.
    ///
    /// - Parameter plannedTrials: how many trials it came to, where that was only estimated before.
    public mutating func finish(
        at time: WallTime, isInterrupted: Bool, audits: [CostAuditRecord] = [], plannedTrials: Int? = nil
    ) throws(RecordError) {
        run.ended = time
        if let plannedTrials { run.plannedTrials = plannedTrials }
        run.isInterrupted = isInterrupted
        run.audits = audits
        try writeRun()
    }

    private func writeRun() throws(RecordError) {
        try run.write(to: "\(path)/run.json")
    }

    /// A trial's file name without its ending: `001-raft-batch-64-n3-synced-c16x16-r1`; letters, digits and dashes.
    public static func fileStem(of plan: PlannedTrial) -> String {
        let number = String(plan.number)
        let padded = String(repeating: "0", count: max(0, 3 - number.count)) + number
        var words: [Substring] = plan.variant.prefix(60).split { !($0.isASCII && ($0.isLetter || $0.isNumber)) }
        words.append("n\(plan.nodes)")
        if plan.subject == .cluster { words.append("\(plan.durability.rawValue)") }
        if plan.subject != .function { words.append("c\(plan.clients)x\(plan.inFlight)") }
        words.append("r\(plan.repetition)")
        return ([padded[...]] + words).joined(separator: "-")
    }
}

/// What was found in a results folder.
public struct LoadedResults: Sendable {
    /// The folder.
    public var path: String
    /// What `run.json` says.
    public var run: RunRecord
    /// The trials that could be read, in the order of their files.
    public var records: [TrialRecord]
    /// What is missing or damaged, in order.
    public var problems: [RecordError]

    /// Results that are in memory, or were read.
    public init(path: String, run: RunRecord, records: [TrialRecord], problems: [RecordError] = []) {
        self.path = path
        self.run = run
        self.records = records
        self.problems = problems
    }

    /// The trials of a run that is whole.
    ///
    /// - Throws: the first of ``problems``. For comparisons and gates, which must not judge half of a run; a report shows
    ///   what there is, with the problems beside it.
    public func complete() throws(RecordError) -> [TrialRecord] {
        if let problem = problems.first { throw problem }
        return records
    }
}

extension ResultsFolder {
    /// Reads a results folder as far as it can be read; what can't is among the result's problems.
    ///
    /// A trial file that `run.json` does not list yet, since the program ended between the two, is taken in.
    ///
    /// - Throws: ``RecordError/notResults(path:)`` without a `run.json`, or what is wrong with it.
    public static func load(from path: String) throws(RecordError) -> LoadedResults {
        guard AtomicFile.exists("\(path)/run.json") else { throw .notResults(path: path) }
        let run = try RunRecord.load(from: "\(path)/run.json")
        let found = AtomicFile.names(in: "\(path)/trials").filter { $0.hasSuffix(".json") }.map { "trials/\($0)" }
        var loaded = LoadedResults(path: path, run: run, records: [], problems: [])
        for name in run.trials + found.filter({ !run.trials.contains($0) }) {
            guard found.contains(name) else {
                loaded.problems.append(.trialMissing(path: "\(path)/\(name)"))
                continue
            }
            do {
                loaded.records.append(try TrialRecord.load(from: "\(path)/\(name)"))
            } catch {
                loaded.problems.append(error)
            }
        }
        if run.ended == nil || run.isInterrupted || loaded.records.count < run.plannedTrials {
            loaded.problems.append(
                .cutOff(path: path, trials: loaded.records.count, planned: run.plannedTrials))
        }
        return loaded
    }
}
