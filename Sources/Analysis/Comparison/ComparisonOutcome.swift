import Harness

/// What a comparison came to, the worst first: what an exit code says.
public enum ComparisonVerdict: String, Sendable, Codable, CaseIterable {
    /// A checker found a violation in a trial of either side.
    case violated
    /// Nothing can be said of the whole: the control differs, trials are missing or not valid, or a metric can't be told.
    case inconclusive
    /// A metric is worse by more than the margin, beyond doubt.
    case regressed
    /// A metric that is neither better nor worse differs by more than the margin, and none is worse.
    case changed
    /// A metric is better by more than the margin, and none is worse.
    case improved
    /// No difference beyond the margin was shown.
    case noChangeShown = "no change shown"

    /// Whether a gate passes.
    public var isPass: Bool {
        switch self {
        case .violated, .inconclusive, .regressed: false
        case .changed, .improved, .noChangeShown: true
        }
    }
}

/// A and B under one combination of settings.
public struct CellComparison: Sendable, Codable, Hashable {
    /// The settings, in a line.
    public var title: String
    /// Pairs, or the trials of the side that has fewer where nothing is paired.
    public var samples: Int
    /// How B differs from A, metric by metric.
    public var shifts: [MetricShift]
    /// How the control, which is A again, differs from A; empty where nothing is paired.
    public var control: [MetricShift]
    /// Why nothing can be said of the cell: trials that are missing, not valid or violated; empty where it is sound.
    public var problems: [String]
    /// What keeps it from being a pass although its differences can be told, as correctness that nobody judged.
    public var doubts: [String]
    /// What was found, in a sentence or two.
    public var sentence: String

    /// A cell of its parts.
    public init(
        title: String, samples: Int, shifts: [MetricShift], control: [MetricShift], problems: [String] = [],
        doubts: [String] = [], sentence: String
    ) {
        self.title = title
        self.samples = samples
        self.shifts = shifts
        self.control = control
        self.problems = problems
        self.doubts = doubts
        self.sentence = sentence
    }
}

/// What a comparison found, as `comparison.json` has it: a pure function of trial records.
public struct ComparisonOutcome: RecordFile, Hashable {
    /// The version of this form.
    public static let currentSchema = "coordbench.comparison/1"

    /// ``currentSchema`` at the time of writing.
    public var schema = ComparisonOutcome.currentSchema
    /// What A is, in words.
    public var a: String
    /// What B is, in words.
    public var b: String
    /// Whether A and B took turns in blocks, or are two runs.
    public var isPaired: Bool
    /// Relative differences up to this are of no interest.
    public var margin: Double
    /// The chance of any false `regressed` in the whole comparison.
    public var level: Double
    /// The combinations of settings.
    public var cells: [CellComparison]
    /// What else a reader should know, a sentence each.
    public var notes: [String]
    /// What it came to.
    public var verdict: ComparisonVerdict
    /// What it came to, in a sentence.
    public var sentence: String

    /// A result of its parts.
    public init(
        a: String, b: String, isPaired: Bool, margin: Double, level: Double, cells: [CellComparison],
        notes: [String] = [], verdict: ComparisonVerdict, sentence: String
    ) {
        self.a = a
        self.b = b
        self.isPaired = isPaired
        self.margin = margin
        self.level = level
        self.cells = cells
        self.notes = notes
        self.verdict = verdict
        self.sentence = sentence
    }
}
