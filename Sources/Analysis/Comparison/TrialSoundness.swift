import Harness
import Verification

/// What the soundness of a comparison needs to know of a trial.
struct TrialMark {
    var number: Int
    var isViolated: Bool
    var isCorrect: Bool
    var isJudged: Bool
    /// Why it is not valid; empty where it is.
    var reasons: [Validity.Reason]
    /// Whether it was measured in turns with those that it is compared with.
    var isInTurns: Bool

    /// What a record says.
    init(_ record: TrialRecord) {
        self.init(
            number: record.plan.number, isViolated: record.verdict.isViolated, isCorrect: record.verdict.isCorrect,
            isJudged: record.plan.isJudged, reasons: record.validity.isValid ? [] : Self.reasons(record.validity),
            isInTurns: record.plan.pairing?.turns != nil)
    }

    /// A mark of its parts.
    init(number: Int, isViolated: Bool, isCorrect: Bool, isJudged: Bool, reasons: [Validity.Reason], isInTurns: Bool) {
        self.number = number
        self.isViolated = isViolated
        self.isCorrect = isCorrect
        self.isJudged = isJudged
        self.reasons = reasons
        self.isInTurns = isInTurns
    }

    /// Why a trial is not valid, by what its notes begin with; too few samples only where there is no other reason.
    static func reasons(_ validity: Validity) -> [Validity.Reason] {
        let found = validity.notes.compactMap { note in
            Validity.Reason.allCases.first { note.hasPrefix("\($0.rawValue):") }
        }
        let others = found.filter { $0 != .tooFewSamples }
        if !others.isEmpty { return others }
        return [found.isEmpty ? .unbalanced : .tooFewSamples]
    }
}

/// Whether a cell's trials can carry a comparison.
struct TrialSoundness {
    /// Why they can't.
    var problems: [String] = []
    /// What keeps the comparison from being a pass although its differences can be told.
    var doubts: [String] = []
    /// Trials on a disturbed machine whose disturbance fell on all sides alike.
    var sharedDisturbances = 0
    /// Whether a trial broke a promise.
    var isViolated = false

    /// The share of a side's trials that may be marked as disturbed. They stay in: leaving them out would be a choice by
    /// the outcome, and ranks bear a few.
    static let mostDisturbed = 0.1

    /// What a short trial on a busy machine may be marked with; every other mark means that figures are wrong.
    private static let disturbances: Set<Validity.Reason> = [.notSteady, .noisyHost, .generatorLimited, .errors]

    /// Of these, what befalls the machine: where sides take turns it falls on all of them alike within a fraction of a
    /// second, and what is left of it is in the noise of the pairs, by which everything is judged.
    private static let ofTheMachine: Set<Validity.Reason> = [.notSteady, .noisyHost]

    /// Examines a side's trials.
    mutating func examine(_ records: [TrialRecord], of side: String, _ options: ComparisonOptions) {
        examine(records.map(TrialMark.init), of: side, options)
    }

    /// Examines a side's trials. A build without optimisation is no reason where that is allowed.
    mutating func examine(_ marks: [TrialMark], of side: String, _ options: ComparisonOptions) {
        let violated = marks.filter(\.isViolated)
        if let first = violated.first {
            isViolated = true
            problems.append(
                "\(Self.count(violated.count, of: marks.count)) of \(side) violated what it promises, the first trial "
                    + "\(first.number)")
        }
        let unknown = marks.filter { !$0.isViolated && !$0.isCorrect }
        if !unknown.isEmpty {
            let words =
                "of \(Self.count(unknown.count, of: marks.count)) of \(side) nobody knows whether it was correct"
            if unknown.contains(where: \.isJudged) { problems.append(words) } else { doubts.append(words) }
        }
        var disturbed: [String: Int] = [:]
        for mark in marks {
            let reasons = mark.reasons.filter { $0 != .debugBuild || !options.allowsDebugBuild }
            if let wrong = reasons.first(where: { !Self.disturbances.contains($0) }) {
                // One trial of a kind is enough to say.
                guard !problems.contains(where: { $0.hasPrefix("trial ") && $0.hasSuffix(wrong.rawValue) }) else {
                    continue
                }
                problems.append("trial \(mark.number) of \(side) is not valid: \(wrong.rawValue)")
            } else if mark.isInTurns, !reasons.isEmpty, Self.ofTheMachine.isSuperset(of: reasons) {
                sharedDisturbances += 1
            } else if let reason = reasons.first {
                disturbed[reason.rawValue, default: 0] += 1
            }
        }
        let sum = disturbed.values.reduce(0, +)
        guard Double(sum) > Self.mostDisturbed * Double(marks.count) else { return }
        let words = disturbed.sorted { ($1.value, $0.key) < ($0.value, $1.key) }.map { "\($0.key) \($0.value)" }
        problems.append(
            "\(Self.count(sum, of: marks.count)) of \(side) were disturbed (\(words.joined(separator: ", ")))")
    }

    private static func count(_ part: Int, of all: Int) -> String { "\(part) of \(all) trials" }
}
