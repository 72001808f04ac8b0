import Foundation
import Harness

/// What `coordbench compare` was asked to measure.
struct PairedRequest {
    let subjects: [String]
    let a: String?
    let b: String?
    let fields: [(field: ScenarioField, values: [String])]
    let blocks: Int?
    let time: String?
    let isQuick: Bool

    /// How many blocks there are where nothing is said.
    static let usualBlocks = 30
    /// How many a quick look has: too few for any evidence.
    static let quickBlocks = 2
    /// The window of a trial where nothing is said: many short trials see more than few long ones.
    static let usualWindow = "1s"
    /// The time before it.
    static let usualWarmUp = "300ms"

    /// The design that it comes to.
    ///
    /// - Throws: `ScenarioError` and `PairedDesignError`.
    func design() throws -> PairedDesign {
        var sides: [(side: PairedDesign.Side, trials: [PlannedTrial])] = []
        if let a, let b {
            let plan = try plan(of: subjects)
            for build in [a, b] {
                sides.append((PairedDesign.Side(label: build, executable: try BuildPath.resolve(build)), plan))
            }
        } else {
            guard subjects.count == 2 else {
                throw ScenarioError(
                    "'\(subjects[0])' is compared with what? Name a second system, or two builds with --a and --b",
                    at: .commandLine("systems"))
            }
            for subject in subjects {
                let side = PairedDesign.Side(label: subject, executable: Terminal.executable)
                sides.append((side, try plan(of: [subject])))
            }
        }
        return try PairedDesign(
            a: sides[0].side, sides[0].trials, b: sides[1].side, sides[1].trials, length: try length(),
            seed: sides[0].trials.first?.seed ?? 1)
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

/// What builds are called on the command line, and where their programs are.
enum BuildPath {
    /// The path of a build's program: `path:FILE`, or a path as it is.
    ///
    /// - Throws: ``PairedDesignError/cannotRun(path:reason:)`` where there is none that runs.
    static func resolve(_ build: String) throws -> String {
        let path = build.hasPrefix("path:") ? String(build.dropFirst(5)) : build
        var isFolder: ObjCBool = false
        guard FileManager.default.fileExists(atPath: path, isDirectory: &isFolder) else {
            throw PairedDesignError.cannotRun(path: path, reason: "there is no such file; build it first")
        }
        guard !isFolder.boolValue else {
            throw PairedDesignError.cannotRun(path: path, reason: "it is a folder; name the program in it")
        }
        guard FileManager.default.isExecutableFile(atPath: path) else {
            throw PairedDesignError.cannotRun(path: path, reason: "it is not executable")
        }
        try checkRuns(path)
        return path
    }

    /// Asks the program for its version, which every coordbench tells at once.
    private static func checkRuns(_ path: String) throws {
        let process = Process()
        process.executableURL = URL(fileURLWithPath: path)
        process.arguments = ["--version"]
        let output = Pipe()
        process.standardInput = FileHandle.nullDevice
        process.standardOutput = output
        process.standardError = FileHandle.nullDevice
        do {
            try process.run()
        } catch {
            throw PairedDesignError.cannotRun(path: path, reason: "it does not start: \(error)")
        }
        let text = String(decoding: output.fileHandleForReading.readDataToEndOfFile().prefix(64), as: UTF8.self)
        process.waitUntilExit()
        guard process.terminationReason == .exit, process.terminationStatus == 0, text.first?.isNumber == true else {
            throw PairedDesignError.cannotRun(
                path: path, reason: "asked for its --version it doesn't answer as a coordbench does")
        }
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
