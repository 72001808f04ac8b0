import Harness
import Measurement
import ProtocolKit

/// Sorts the records of two runs into cells of equal settings and has them judged.
struct UnpairedAnalysis {
    let result: ComparisonOutcome

    init(_ a: LoadedResults, _ b: LoadedResults, _ options: ComparisonOptions) throws(ComparisonError) {
        let hosts = try Self.hosts(a, b, options)
        let pairs = Self.matched(Self.sorted(a.records), Self.sorted(b.records))
        guard !pairs.isEmpty else { throw .noCommonCells(a.path, b.path) }
        let cells = pairs.map { first, second in
            var soundness = TrialSoundness()
            soundness.examine(first, of: "A", options)
            soundness.examine(second, of: "B", options)
            soundness.problems += hosts.problems
            return SortedCell(
                title: CellTitle.text(a: first.first?.plan, b: second.first?.plan), a: first, b: second,
                soundness: soundness, options)
        }
        result = ComparisonOutcome(
            a: a.path, b: b.path, isPaired: false, options: options,
            cells: FamilyJudgement(options: options, isPaired: false, cells: cells).judged(),
            notes: hosts.notes + ["two runs one after the other: what changed on the machine between them shows too"],
            isViolated: pairs.contains { ($0 + $1).contains { $0.verdict.isViolated } })
    }

    /// What makes a time on one host another one on the next.
    private static let decisive = ["processor", "processors", "governor", "file system", "build"]

    private static func hosts(
        _ a: LoadedResults, _ b: LoadedResults, _ options: ComparisonOptions
    ) throws(ComparisonError) -> (problems: [String], notes: [String]) {
        guard let first = a.run.host, let second = b.run.host else {
            guard options.allowsOtherHost else { throw .unknownHost(a.run.host == nil ? a.path : b.path) }
            return (["it is not known whether the hosts are alike, so these are ratios without a verdict"], [])
        }
        let differences = second.difference(from: first)
        let grave = differences.filter { decisive.contains($0.fact) }.map(\.description)
        let notes = differences.filter { !decisive.contains($0.fact) }.map(\.description)
        guard !grave.isEmpty else { return ([], notes) }
        guard options.allowsOtherHost else { throw .otherHost(grave) }
        return (["the hosts differ (\(grave.joined(separator: "; "))), so these are ratios without a verdict"], notes)
    }

    /// A run's trials by their settings, in the run's order.
    private static func sorted(_ records: [TrialRecord]) -> [(plan: PlannedTrial, records: [TrialRecord])] {
        var cells: [(plan: PlannedTrial, records: [TrialRecord])] = []
        var places: [PlannedTrial: Int] = [:]
        for record in records {
            guard record.plan.pairing.map({ $0.arm != .control && !$0.isWarmUp }) ?? true else { continue }
            let key = key(of: record.plan)
            if let place = places[key] {
                cells[place].records.append(record)
            } else {
                places[key] = cells.count
                cells.append((key, [record]))
            }
        }
        return cells
    }

    /// The settings of a trial without what tells repetitions apart.
    private static func key(of plan: PlannedTrial) -> PlannedTrial {
        var key = plan
        (key.number, key.repetition, key.group, key.seed, key.workload.seed) = (0, 0, "", 0, 0)
        key.connect = []
        // Two builds take turns under one variant.
        key.pairing = plan.pairing.map { PairedPlace(arm: $0.arm, label: "", block: 1, cell: 1) }
        return key
    }

    private static func matched(
        _ a: [(plan: PlannedTrial, records: [TrialRecord])], _ b: [(plan: PlannedTrial, records: [TrialRecord])]
    ) -> [([TrialRecord], [TrialRecord])] {
        let same = a.compactMap { cell in b.first { $0.plan == cell.plan }.map { (cell.records, $0.records) } }
        if !same.isEmpty { return same }
        func bare(_ plan: PlannedTrial) -> PlannedTrial {
            var bare = plan
            (bare.variant, bare.nodes) = ("", 0)
            return bare
        }
        guard Set(a.map(\.plan.variant)).count == 1, Set(b.map(\.plan.variant)).count == 1 else { return [] }
        return a.compactMap { cell in
            b.first { bare($0.plan) == bare(cell.plan) }.map { (cell.records, $0.records) }
        }
    }
}
