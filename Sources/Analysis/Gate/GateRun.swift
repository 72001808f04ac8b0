import Harness
import Measurement

/// What a stored baseline gave.
public enum BaselineSource: Sendable {
    /// It was read.
    case loaded(Baseline)
    /// There is none that can be used; why, in a sentence.
    case unusable(String)

    /// Reads the baseline of a folder. One that isn't there or is of another form is unusable, which a check says where it
    /// needs one.
    ///
    /// - Throws: ``BaselineError/damaged(path:line:reason:)``, or `RecordError` where the file can't be read.
    public static func read(folder: String) throws -> BaselineSource {
        do {
            return .loaded(try Baseline.load(folder: folder))
        } catch let error as BaselineError {
            if case .damaged = error { throw error }
            return .unusable("\(error)")
        }
    }
}

/// Compares two builds for a check, by its name.
public typealias PairedComparison = (_ check: String, PairedCheck) throws -> ComparisonOutcome

/// A gate was asked to stop before it had its answer.
public struct GateInterrupted: Error, CustomStringConvertible {
    /// That it was, and that nothing follows from it.
    public let description = "stopped before all checks were made: the gate has no answer"
}

/// Judges a gate's checks one after the other.
public struct GateRun {
    /// What a gate measures with.
    public struct Instruments {
        /// The systems that names stand for.
        public var catalogue: SystemCatalogue
        /// The stored baseline.
        public var baseline: BaselineSource
        /// Measures a scenario, or finds results that are there; nil stands for all that is there.
        public var measure: (_ check: String, Scenario?) throws -> LoadedResults
        /// Reads the allocator; without it what steps allocate is not known.
        public var allocatedBytes: AllocatedBytes?
        /// A request to stop.
        public var interruption: Interruption?
        /// Caps on what a trial may take, for a quick look.
        public var quick: QuickLimits?
        /// Compares two builds.
        public var compare: PairedComparison

        /// Instruments of their parts.
        public init(
            catalogue: SystemCatalogue = .all, baseline: BaselineSource, allocatedBytes: AllocatedBytes? = nil,
            interruption: Interruption? = nil,
            quick: QuickLimits? = nil,
            measure: @escaping (_ check: String, Scenario?) throws -> LoadedResults, compare: @escaping PairedComparison
        ) {
            self.catalogue = catalogue
            self.baseline = baseline
            self.allocatedBytes = allocatedBytes
            self.interruption = interruption
            self.quick = quick
            self.measure = measure
            self.compare = compare
        }
    }

    private let instruments: Instruments

    /// A run with these instruments.
    public init(_ instruments: Instruments) { self.instruments = instruments }

    /// Judges all checks; exact ones first need nothing, so that a broken cost is known before anything is measured, but
    /// the report keeps the file's order.
    ///
    /// - Throws: what measuring throws; a finding stands for everything else.
    public func report(on gate: Gate) throws -> GateReport {
        var reports: [CheckReport?] = gate.checks.map { _ in nil }
        let order =
            gate.checks.indices.filter { gate.checks[$0].kind == .exact }
            + gate.checks.indices.filter { gate.checks[$0].kind != .exact }
        for index in order { reports[index] = try report(on: gate.checks[index]) }
        return GateReport(gate: gate.name, summary: gate.summary, checks: reports.compactMap { $0 })
    }

    private func report(on check: GateCheck) throws -> CheckReport {
        switch check.subject {
        case .exact(let exact):
            let figures = try ExactFigures.simulate(
                exact, catalogue: instruments.catalogue, allocatedBytes: instruments.allocatedBytes,
                interruption: instruments.interruption)
            return CheckReport(
                name: check.name, kind: .exact,
                findings: ExactJudge(baseline: instruments.baseline).findings(exact, figures))
        case .stored(let stored):
            let results = try instruments.measure(check.name, stored.scenario)
            let cells = try stored.scenario.map { scenario in
                var short = scenario
                if let quick = instruments.quick { short.shorten(to: quick) }
                return try Plan([short], catalogue: instruments.catalogue).trials.map(Cell.init)
            }
            let judge = StoredJudge(baseline: instruments.baseline, host: results.run.host)
            return CheckReport(
                name: check.name, kind: .stored,
                findings: judge.findings(stored, CellTrials.of(try results.complete()), expected: cells ?? []),
                notes: judge.notes(stored))
        case .paired(let paired):
            let outcome = try instruments.compare(check.name, paired)
            return CheckReport(
                name: check.name, kind: .paired, findings: PairedJudge.findings(paired, outcome), notes: outcome.notes)
        }
    }
}
