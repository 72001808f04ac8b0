import Harness
import ProtocolKit

/// Sorts the records of a paired design into cells and blocks and has them judged.
struct PairedAnalysis {
    private typealias Arm = PairedPlace.Arm

    let result: ComparisonOutcome

    init(_ records: [TrialRecord], _ options: ComparisonOptions) {
        var blocks: [Int: [Int: [Arm: TrialRecord]]] = [:]
        var labels: [Arm: String] = [:]
        for record in records {
            guard let place = record.plan.pairing else { continue }
            labels[place.arm] = place.label
            if !place.isWarmUp { blocks[place.cell, default: [:]][place.block, default: [:]][place.arm] = record }
        }
        let cells = blocks.sorted { $0.key < $1.key }.map { Self.cell($0.value, options) }
        let judged = FamilyJudgement(options: options, isPaired: true, cells: cells).judged()
        result = ComparisonOutcome(
            a: labels[.a] ?? "A", b: labels[.b] ?? "B", isPaired: true, options: options, cells: judged,
            notes: Self.notes(records, cells.reduce(0) { $0 + $1.soundness.sharedDisturbances }, options),
            isViolated: records.contains { $0.verdict.isViolated })
    }

    private static func cell(_ blocks: [Int: [Arm: TrialRecord]], _ options: ComparisonOptions) -> SortedCell {
        let whole = blocks.filter { $0.value.count == Arm.allCases.count }.sorted { $0.key < $1.key }.map(\.value)
        func arm(_ arm: Arm) -> [TrialRecord] { whole.compactMap { $0[arm] } }
        let all = blocks.sorted { $0.key < $1.key }.flatMap { block in Arm.allCases.compactMap { block.value[$0] } }
        var soundness = TrialSoundness()
        if options.isCutOff { soundness.doubts.append("the comparison was cut off") }
        let last = blocks.keys.max() ?? 0
        let missing = (1...max(1, last)).filter { (blocks[$0]?.count ?? 0) < Arm.allCases.count }
        if let first = missing.first {
            let lacks = Arm.allCases.filter { blocks[first]?[$0] == nil }.map(\.rawValue)
            soundness.problems.append(
                "\(missing.count) of \(last) blocks are not whole: block \(first) lacks "
                    + lacks.joined(separator: " and "))
        }
        for side in Arm.allCases {
            soundness.examine(all.filter { $0.plan.pairing?.arm == side }, of: side.rawValue, options)
        }
        return SortedCell(
            title: CellTitle.text(a: all.first { $0.plan.pairing?.arm != .b }?.plan, b: arm(.b).first?.plan),
            a: arm(.a), b: arm(.b), control: arm(.control), soundness: soundness, options)
    }

    private static func notes(
        _ records: [TrialRecord], _ disturbed: Int, _ options: ComparisonOptions
    ) -> [String] {
        var notes: [String] = []
        if options.allowsDebugBuild, records.contains(where: { $0.host?.isOptimizedBuild == false }) {
            notes.append("measured by a debug build, which says nothing of an optimised one")
        }
        if disturbed > 0 {
            let measured = records.count { $0.plan.pairing?.isWarmUp == false }
            notes.append(
                "the machine was disturbed during \(disturbed) of \(measured) trials, which fell on all sides alike")
        }
        return notes
    }
}

/// What a cell is called.
enum CellTitle {
    /// Both trials in a line, what they have in common once.
    static func text(a: PlannedTrial?, b: PlannedTrial?) -> String {
        guard let a, let b else { return (a ?? b)?.line ?? "no trials" }
        if a.line == b.line { return a.line }
        let rest = a.line.dropFirst(a.variant.count)
        if rest == b.line.dropFirst(b.variant.count) { return "\(a.variant) against \(b.variant)\(rest)" }
        return "\(a.line) against \(b.line)"
    }
}
