import Harness
import Verification

/// Whether a cell's trials can carry a comparison.
struct TrialSoundness {
    /// Why they can't.
    var problems: [String] = []
    /// What keeps the comparison from being a pass although its differences can be told.
    var doubts: [String] = []
    /// Whether a trial broke a promise.
    var isViolated = false

    /// The share of a side's trials that may be marked as disturbed. They stay in: leaving them out would be a choice by
    /// the outcome, and ranks bear a few.
    static let mostDisturbed = 0.1

    /// What a short trial on a busy machine may be marked with; every other mark means that figures are wrong.
    private static let disturbances: Set<Validity.Reason> = [.notSteady, .noisyHost, .generatorLimited, .errors]

    /// Examines a side's trials.
    mutating func examine(_ records: [TrialRecord], of side: String, _ options: ComparisonOptions) {
        let violated = records.filter { $0.verdict.isViolated }
        if let first = violated.first {
            isViolated = true
            problems.append(
                "\(Self.count(violated.count, of: records.count)) of \(side) violated what it promises, the first trial "
                    + "\(first.plan.number)")
        }
        let unknown = records.filter { !$0.verdict.isViolated && !$0.verdict.isCorrect }
        if !unknown.isEmpty {
            let words =
                "of \(Self.count(unknown.count, of: records.count)) of \(side) nobody knows whether it was correct"
            if unknown.contains(where: \.plan.isJudged) { problems.append(words) } else { doubts.append(words) }
        }
        var disturbed: [String: Int] = [:]
        for record in records where !record.validity.isValid {
            let reasons = Self.reasons(record.validity, options)
            if let wrong = reasons.first(where: { !Self.disturbances.contains($0) }) {
                // One trial of a kind is enough to say.
                guard !problems.contains(where: { $0.hasPrefix("trial ") && $0.hasSuffix(wrong.rawValue) }) else {
                    continue
                }
                problems.append("trial \(record.plan.number) of \(side) is not valid: \(wrong.rawValue)")
            } else if let reason = reasons.first {
                disturbed[reason.rawValue, default: 0] += 1
            }
        }
        let sum = disturbed.values.reduce(0, +)
        guard Double(sum) > Self.mostDisturbed * Double(records.count) else { return }
        let words = disturbed.sorted { ($1.value, $0.key) < ($0.value, $1.key) }.map { "\($0.key) \($0.value)" }
        problems.append(
            "\(Self.count(sum, of: records.count)) of \(side) were disturbed (\(words.joined(separator: ", ")))")
    }

    private static func count(_ part: Int, of all: Int) -> String { "\(part) of \(all) trials" }

    /// Why a trial is not valid, by what its notes begin with; a build without optimisation is no reason where that is
    /// allowed, and too few samples only where there is no other.
    private static func reasons(_ validity: Validity, _ options: ComparisonOptions) -> [Validity.Reason] {
        let found = validity.notes.compactMap { note in
            Validity.Reason.allCases.first { note.hasPrefix("\($0.rawValue):") }
        }
        let others = found.filter { $0 != .tooFewSamples }
        let reasons = others.filter { $0 != .debugBuild || !options.allowsDebugBuild }
        if !others.isEmpty { return reasons }
        return [found.isEmpty ? .unbalanced : .tooFewSamples]
    }
}
