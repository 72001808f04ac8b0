import Measurement
import Placement
import ProtocolKit
import Verification

extension SystemCatalogue {
    /// The placement functions.
    static let placementFunctions = PlacementCatalogue.entries.map { entry in
        CatalogueEntry(
            descriptor: SystemDescriptor(
                name: entry.name, family: .placement, summary: entry.summary, source: entry.source,
                options: entry.options.map { option in
                    OptionSpecification(
                        option.name, specification(of: option.kind), default: option.defaultValue, help: option.meaning)
                },
                defaultNodes: 10, nodeRange: 2...65_536),
            service: .placement, subject: .function, run: { try PlacementRun.run($0, in: $1) })
    }

    private static func specification(of kind: PlacementOption.Kind) -> OptionSpecification.Kind {
        switch kind {
        case .number(let range): .integer(range)
        case .choice(let words): .choice(words)
        }
    }
}

/// Runs a planned trial of a placement function, and makes its record.
enum PlacementRun {
    /// Lookups are timed in batches; every lookup of a batch counts with the batch's mean.
    private struct HistogramSink: LookupSink {
        var histogram = LatencyHistogram()
        var nanoseconds: UInt64 = 0
        var lookups: UInt64 = 0

        mutating func record(batchNanoseconds: UInt64, lookups count: Int) {
            guard count > 0 else { return }
            histogram.record(batchNanoseconds / UInt64(count), count: UInt64(count))
            nanoseconds += batchNanoseconds
            lookups += UInt64(count)
        }
    }

    /// - Throws: `PlacementError` where the plan can't be carried out by the function.
    static func run(_ plan: PlannedTrial, in environment: TrialEnvironment) throws -> TrialRecord? {
        guard !environment.interruption.isRequested else { return nil }
        var record = environment.record(of: plan)
        var sink = HistogramSink()
        let result = try PlacementTrial.run(
            function: plan.variant,
            plan: PlacementPlan(nodes: plan.nodes, keys: plan.workload.keyCount, seed: plan.seed), sink: &sink)
        record.windowNanoseconds = sink.nanoseconds
        record.arrivals = ArrivalAccount(offered: sink.lookups, completed: sink.lookups)
        record.operations = [OperationRecord(kind: "lookup", completed: sink.lookups, latency: sink.histogram)]
        record.setExtra("lookup_ns", result.lookupNanosecondsMean)
        record.setExtra("replica_lookup_ns", result.replicaLookupNanosecondsMean)
        record.setExtra("build_ns", Double(result.buildNanoseconds))
        record.setExtra("add_node_ns", Double(result.addNanoseconds))
        record.setExtra("remove_node_ns", Double(result.removeNanoseconds))
        record.setExtra("memory_bytes", Double(result.memoryBytes))
        record.setExtra("balance_max_over_mean", result.balance.maxOverFair)
        record.setExtra("balance_relative_deviation", result.balance.relativeDeviation)
        record.setExtra("keys_moved_fraction", result.add.moved)
        record.setExtra("keys_moved_fraction_minimum", result.add.minimum)
        record.setExtra("keys_moved_fraction_on_remove", result.remove.moved)
        record.verdicts = plan.isJudged ? result.checks.map(property) : [JudgedProperty.switchedOff]
        TrialValidity.judge(&record)
        return record
    }

    private static func property(_ check: PlacementCheck) -> JudgedProperty {
        let basis = "\(check.measured), at most \(check.bound)"
        return JudgedProperty(
            property: check.property.rawValue,
            verdict: check.isHeld
                ? .correct : .violated(Counterexample(summary: "\(check.property.rawValue): \(basis)")),
            basis: basis)
    }
}
