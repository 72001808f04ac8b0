import Harness
import LoopbackRuntime
import ProtocolKit

/// What real gate runs came to, a row a run.
public struct GateLog: Sendable, Hashable {
    /// One gate run.
    public struct Run: Sendable, Hashable {
        /// What B was: the program as it is (`same-1`), or slowed.
        public var candidate: TrialPool.Arm
        /// When it began.
        public var started: String
        /// How many blocks it came to.
        public var blocks: Int
        /// How long it took.
        public var seconds: Double
        /// What it came to.
        public var verdict: ComparisonVerdict
        /// The relative differences of the metrics, in the pool's order.
        public var shifts: [Double?]
    }

    /// The runs in the order of time.
    public var runs: [Run] = []

    /// No runs.
    public init() {}

    private static let fixed = ["candidate", "started", "blocks", "seconds", "verdict"]

    static func header(_ metrics: [String]) -> String { (fixed + metrics).joined(separator: "\t") + "\n" }

    static func line(of run: Run) -> String {
        let cells =
            [
                run.candidate.rawValue, run.started, "\(run.blocks)", MetricText.number(run.seconds),
                run.verdict.rawValue,
            ]
            + run.shifts.map { $0.map(MetricText.number) ?? "" }
        return cells.joined(separator: "\t") + "\n"
    }

    /// Reads the table; a last line that was cut off is left out.
    public init(parsing text: String, path: String) throws {
        for (place, line) in text.split(separator: "\n").enumerated().dropFirst() {
            let cells = line.split(separator: "\t", omittingEmptySubsequences: false)
            guard cells.count >= Self.fixed.count, let candidate = TrialPool.Arm(rawValue: String(cells[0])),
                let blocks = Int(cells[2]), let seconds = Double(cells[3]),
                let verdict = ComparisonVerdict(rawValue: String(cells[4]))
            else {
                if !text.hasSuffix("\n"), place == text.split(separator: "\n").count - 1 { break }
                throw TrialPoolError(path: path, line: place + 1, reason: "it is no gate run")
            }
            runs.append(
                Run(
                    candidate: candidate, started: String(cells[1]), blocks: blocks, seconds: seconds, verdict: verdict,
                    shifts: cells.dropFirst(Self.fixed.count).map { Double($0) }))
        }
    }

    /// How the runs with a candidate came out.
    public func tally(of candidate: TrialPool.Arm) -> GateRehearsal.Tally {
        var tally = GateRehearsal.Tally()
        for run in runs where run.candidate == candidate { tally.count(run.verdict) }
        return tally
    }
}

extension ErrorRateRun {
    /// What real gate runs have for B.
    public static let gateCandidates: [TrialPool.Arm] = [.same1, .slower5, .slower10, .tail]

    var gatesPath: String { "\(folder)/gates.tsv" }

    /// Runs real paired gates in turn, the program against itself and against each slowdown, until there are so many of
    /// each or a stop is asked for.
    ///
    /// B's nodes are told to add the delay; all else is what `coordbench gate` does with two builds.
    public func gates(
        each count: Int, nanoseconds: UInt64, interruption: Interruption, progress: some ErrorRateProgress
    ) throws {
        var isNew = false
        var subject: ErrorRateSubject?
        do {
            let environment = try environment(interruption)
            defer { FileTree.remove(dataFolder) }
            subject = try self.subject(environment, progress)
            isNew = !AtomicFile.exists(gatesPath)
        }
        guard let subject else { return }
        if isNew { try AtomicFile.write(GateLog.header(subject.metrics), to: gatesPath) }
        var log = try GateLog(
            parsing: String(decoding: try AtomicFile.read(gatesPath), as: UTF8.self), path: gatesPath)
        while !interruption.isRequested {
            let counts = Self.gateCandidates.map { candidate in log.runs.count { $0.candidate == candidate } }
            guard let fewest = counts.min(), fewest < count, let place = counts.firstIndex(of: fewest) else { return }
            let candidate = Self.gateCandidates[place]
            progress.began(stage: "gate run \(log.runs.count + 1): \(candidate.rawValue)")
            guard
                let run = try gate(
                    candidate, subject, nanoseconds, seed: plan.seed &+ UInt64(log.runs.count), interruption, progress)
            else { return }
            log.runs.append(run)
            try ErrorRateFiles.append(GateLog.line(of: run), to: gatesPath)
        }
    }

    private func gate(
        _ candidate: TrialPool.Arm, _ subject: ErrorRateSubject, _ nanoseconds: UInt64, seed: UInt64,
        _ interruption: Interruption, _ progress: some ErrorRateProgress
    ) throws -> GateLog.Run? {
        let results = "\(folder)/gate"
        defer { FileTree.remove(results) }
        var plan = plan
        plan.seed = seed
        plan.workload.seed = seed
        var candidateSide = PairedDesign.Side(label: candidate.rawValue, executable: executable)
        candidateSide.nodeArguments = Self.nodeArguments(subject.slowdowns.delay(of: candidate))
        var design = try PairedDesign(
            a: PairedDesign.Side(label: "as it is", executable: executable), [plan], b: candidateSide, [plan],
            length: .time(nanoseconds: nanoseconds), seed: seed, comparesBuilds: true)
        design.turnNanoseconds = turnNanoseconds
        let started = WallTime.now()
        let outcome = try PairedRun(
            design: design, catalogue: catalogue, folder: results, commandLine: ["coordbench", "calibrate"],
            allocations: allocations
        ).run(interruption: interruption, progress: progress)
        if let failure = outcome.failure { throw failure.error }
        guard !outcome.isInterrupted else { return nil }
        let result = Comparison.paired(outcome.results.records, options: options)
        let cell = result.cells.first
        return GateLog.Run(
            candidate: candidate, started: started.description, blocks: cell?.samples ?? 0,
            seconds: Double(WallTime.now().millisecondsSince1970 - started.millisecondsSince1970) / 1_000,
            verdict: result.verdict,
            shifts: cell?.shifts.map(\.shift) ?? [])
    }
}
