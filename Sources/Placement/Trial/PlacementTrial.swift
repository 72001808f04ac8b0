import Workload

/// Measures a placement function and holds it to what it promises.
public enum PlacementTrial {
    /// Runs the function that `text` names, such as `jump` or `ring[vnodes=64]`, by `plan`.
    ///
    /// - Parameter sink: takes the times of the lookups.
    /// - Throws: `PlacementError` if the function, an option or the plan isn't valid.
    public static func run<Sink: LookupSink>(
        function text: String, plan: PlacementPlan, sink: inout Sink
    ) throws(PlacementError) -> PlacementResult {
        let variant = try PlacementVariant(text)
        let (result, times) = try variant.trial(plan)
        times.pass(to: &sink)
        return result
    }

    /// Runs a function that the catalogue need not know. Otherwise as `run(function:plan:sink:)` by name.
    public static func run<Function: PlacementFunction, Sink: LookupSink>(
        _: Function.Type, configuration: Function.Configuration, named name: String, plan: PlacementPlan,
        sink: inout Sink
    ) throws(PlacementError) -> PlacementResult {
        let (result, times) = try execute(Function.self, configuration, name: name, plan: plan)
        times.pass(to: &sink)
        return result
    }

    /// The trial itself.
    static func execute<Function: PlacementFunction>(
        _: Function.Type, _ configuration: Function.Configuration, name: String, plan: PlacementPlan
    ) throws(PlacementError) -> (PlacementResult, LookupTimes) {
        try plan.validate()
        var generator = SeededGenerator(seed: plan.seed)
        let keyHashes = (0..<plan.keys).map { _ in XXHash64.hash(generator.next()) }
        let (initial, newcomer) = plan.roster
        let function = try Function(nodes: initial, configuration: configuration)
        let times = LookupTimes.measure(function, keyHashes: keyHashes, batch: plan.batch)
        let leaver =
            switch Function.removalScope {
            case .anyNode: initial[Int(generator.below(UInt64(initial.count)))]
            case .lastNode: initial[initial.count - 1]
            }
        let updates = try UpdateTimes.measure(
            function, configuration, newcomer: newcomer, leaver: leaver, repetitions: plan.repetitions)
        let owners = PlacementOwners(function, keyHashes)
        let balance = PlacementBalance(
            keysByNode: owners.count(by: initial), weights: initial.map(\.weight),
            concentration: function.shareConcentration)
        let replicas = ReplicaAudit(function, keyHashes: keyHashes, owners: owners, count: plan.replicas)
        let added = Change(
            from: owners, to: PlacementOwners(updates.grown, keyHashes), newcomer: newcomer, leaver: nil)
        let removed = Change(
            from: owners, to: PlacementOwners(updates.shrunk, keyHashes), newcomer: nil, leaver: leaver)
        let rebuilt = try updates.mismatchesAfterRebuild(configuration, keyHashes)
        let fairShare = Double(newcomer.weight) / Double(initial.reduce(newcomer.weight) { $0 + $1.weight })
        let checks =
            [
                PlacementCheck(property: .membership, measured: Double(owners.strangers(to: initial)), bound: 0),
                PlacementCheck(
                    property: .balance, measured: balance.scaledChiSquare,
                    bound: ChiSquareTail.quantile(degreesOfFreedom: balance.degreesOfFreedom, deviate: tailDeviate)),
            ]
            + addChecks(added, keys: plan.keys, share: fairShare, concentration: updates.grown.shareConcentration)
            + [
                PlacementCheck(property: .monotoneOnRemove, measured: Double(removed.betweenSurvivors), bound: 0),
                PlacementCheck(
                    property: .disruptionOnRemove, measured: Double(removed.moved), bound: Double(removed.fromLeaver)),
                PlacementCheck(property: .updateEqualsRebuild, measured: Double(rebuilt), bound: 0),
            ] + replicas.checks
        let keys = Double(plan.keys)
        let result = PlacementResult(
            function: name, nodes: plan.nodes, keys: plan.keys, lookupNanosecondsMean: times.mean,
            lookupNanosecondsMedian: times.median, clockNanoseconds: LookupTimes.clockNanoseconds(),
            replicaLookupNanosecondsMean: replicas.nanosecondsMean, buildNanoseconds: updates.build,
            addNanoseconds: updates.add, removeNanoseconds: updates.remove, memoryBytes: function.memoryBytes,
            balance: balance, add: added.disruption(keys: keys, minimum: fairShare),
            remove: removed.disruption(keys: keys, minimum: Double(removed.fromLeaver) / keys), checks: checks,
            checksum: times.checksum)
        return (result, times)
    }

    /// How many standard deviations chance is allowed: exceeded once in about 300,000 sound trials.
    static var tailDeviate: Double { 4.5 }

    private static func addChecks(
        _ change: Change, keys: Int, share: Double, concentration: Double?
    ) -> [PlacementCheck] {
        // What the newcomer gets is its fair share, give or take the chance that drew keys and points.
        let keys = Double(keys)
        let variance =
            keys * share * (1 - share) * PlacementBalance.overdispersion(keys: keys, concentration: concentration)
        return [
            PlacementCheck(property: .monotoneOnAdd, measured: Double(change.betweenSurvivors), bound: 0),
            PlacementCheck(
                property: .disruptionOnAdd, measured: Double(change.moved),
                bound: keys * share + tailDeviate * variance.squareRoot()),
        ]
    }
}
