import Harness

/// What `coordbench compare` was asked to measure.
struct PairedRequest {
    let subjects: [String]
    /// A's and B's build; nil where both are this program.
    let builds: (a: BuildSource, b: BuildSource)?
    let fields: [(field: ScenarioField, values: [String])]
    let blocks: Int?
    let time: String?
    let isQuick: Bool

    /// How many blocks there are where nothing is said.
    static let usualBlocks = 30
    /// How many a quick look has: too few for any evidence.
    static let quickBlocks = 2
    /// The window of a trial where nothing is said: many short trials see more than few long ones, as long as what starting
    /// their clusters takes doesn't weigh much.
    static let usualWindow = "1s"
    /// The time before it.
    static let usualWarmUp = "300ms"

    /// The design that it comes to, before builds are made.
    ///
    /// - Throws: `ScenarioError` and `PairedDesignError`.
    func design() throws -> PairedDesign {
        func side(_ label: String) -> PairedDesign.Side { .init(label: label, executable: Terminal.executable) }
        let (first, second) = (subjects.first ?? "", subjects.last ?? "")
        if let builds {
            let trials = try plan(of: subjects)
            return try PairedDesign(
                a: side("\(builds.a)"), trials, b: side("\(builds.b)"), trials, length: try length(),
                seed: trials.first?.seed ?? 1, comparesBuilds: true)
        }
        guard subjects.count == 2 else {
            throw ScenarioError(
                "'\(first)' is compared with what? Name a second system, or two builds with --a and --b",
                at: .commandLine("systems"))
        }
        let trials = try plan(of: [first])
        return try PairedDesign(
            a: side(first), trials, b: side(second), try plan(of: [second]), length: try length(),
            seed: trials.first?.seed ?? 1)
    }

    /// Makes the builds that a design needs and puts their programs into it.
    ///
    /// - Throws: `BuildError`.
    func build(_ design: inout PairedDesign, in workshop: BuildWorkshop) throws(BuildError) {
        guard let builds else { return }
        design.a = try side(of: builds.a, design, in: workshop)
        design.b = try side(of: builds.b, design, in: workshop)
    }

    private func side(
        of source: BuildSource, _ design: PairedDesign, in workshop: BuildWorkshop
    ) throws(BuildError) -> PairedDesign.Side {
        var program: BuiltProgram?
        for trial in design.cells.map(\.a) {
            if let program {
                // Built already; that it knows this system as well is left to ask.
                try NodeInterface.check(
                    program.executable, title: program.title, system: trial.variant, nodes: trial.nodes)
            } else {
                program = try workshop.program(of: source, system: trial.variant, nodes: trial.nodes)
            }
        }
        guard let program else { throw .unreadable("\(source)") }
        return PairedDesign.Side(label: program.title, executable: program.executable)
    }

    private func plan(of subjects: [String]) throws(ScenarioError) -> [PlannedTrial] {
        for (field, values) in fields where !values.isEmpty {
            switch field {
            case .connect:
                throw ScenarioError("\(PairedDesignError.elsewhere)", at: .commandLine("--connect"))
            case .repetitions:
                throw ScenarioError(
                    "a comparison repeats its trials in blocks: say --blocks", at: .commandLine("--repetitions"))
            default: break
            }
        }
        let usual: [(field: ScenarioField, values: [String])] = fields.map { field, values in
            switch field {
            case .duration where values.isEmpty: (field, [Self.usualWindow])
            case .warmUp where values.isEmpty: (field, [Self.usualWarmUp])
            default: (field, values)
            }
        }
        let plan = try RunRequest(arguments: subjects, flags: usual)
            .plan(catalogue: .all, quick: isQuick ? QuickLimits() : nil)
        // A scenario file's repetitions are the design's blocks.
        return plan.trials.filter { $0.repetition == 1 }
    }

    private func length() throws(ScenarioError) -> PairedDesign.Length {
        if let time {
            guard let nanoseconds = Quantity.duration(time), nanoseconds >= 1_000_000_000 else {
                throw ScenarioError(
                    "'\(time)' is not a time of a second or more; for example 5m", at: .commandLine("--time"))
            }
            return isQuick ? .blocks(Self.quickBlocks) : .time(nanoseconds: nanoseconds)
        }
        let blocks = blocks ?? Self.usualBlocks
        return .blocks(isQuick ? min(blocks, Self.quickBlocks) : blocks)
    }
}

/// A design in words, for `--dry-run`.
enum DesignText {
    static func of(_ design: PairedDesign) -> String {
        let rows = design.trials(ofBlock: 1, numberedFrom: 1).map { trial in
            [
                trial.pairing?.arm.rawValue ?? "", trial.pairing?.label ?? "", trial.line,
                Quantity.describe(nanoseconds: trial.warmUpNanoseconds),
                Quantity.describe(nanoseconds: trial.windowNanoseconds),
            ]
        }
        return TextTable(header: ["arm", "is", "trial of the first block", "warm-up", "window"], rows: rows).text
            + "\n\(design.estimatedBlocks) blocks\(design.hasWarmUpBlock ? " and one that warms up" : ""), "
            + "\(design.estimatedTrials) trials, about \(Quantity.describe(nanoseconds: design.estimatedNanoseconds))"
    }
}
