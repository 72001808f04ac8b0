import ProtocolKit
import Workload

/// Makes the trials of one matrix: for every combination of settings a cell with one trial for each system.
struct MatrixExpansion {
    /// One combination of settings, before it is known which system it is for.
    struct Settings {
        var nodes: Placed<Int>?
        var durability = Placed(Durability.memory, at: .builtIn)
        var isolation = Placed(PlannedTrial.Isolation.processes, at: .builtIn)
        var keys = Placed(KeyDistribution.uniform, at: .builtIn)
        var keyCount = Placed(TrialDefaults.keyCount, at: .builtIn)
        var mix: Placed<String>?
        var valueSize = Placed(SizeDistribution.fixed(TrialDefaults.valueBytes), at: .builtIn)
        var hold = Placed(UInt64(0), at: .builtIn)
        var lease = Placed(TrialDefaults.leaseNanoseconds, at: .builtIn)
        var arrival: Placed<TrialMatrix.ArrivalLaw>?
        var rate: Placed<Double>?
        var shape = Placed(RateShape.steady, at: .builtIn)
        var think = Placed(ThinkTime.constant(0), at: .builtIn)
        var duration = Placed(TrialDefaults.windowNanoseconds, at: .builtIn)
        var warmUp = Placed(TrialDefaults.warmUpNanoseconds, at: .builtIn)
        var timeout = Placed(TrialDefaults.timeoutNanoseconds, at: .builtIn)
        var judge = Placed(true, at: .builtIn)
        var seed = Placed(UInt64(1), at: .builtIn)
        var clients: Placed<Int>?
        var inFlight = Placed(TrialDefaults.inFlight, at: .builtIn)
    }

    let matrix: TrialMatrix
    private let group: String
    private let catalogue: SystemCatalogue

    init(_ matrix: TrialMatrix, group: String, catalogue: SystemCatalogue) {
        self.matrix = matrix
        self.group = matrix.group.isEmpty ? group : matrix.group
        self.catalogue = catalogue
    }

    /// The cells in the order that ``Plan`` states. Settings that mean nothing to a system (the durability of a lock
    /// among threads) don't multiply its trials.
    mutating func cells() throws(ScenarioError) -> [[PlannedTrial]] {
        var systems: [(name: Placed<Variant>, entry: CatalogueEntry)] = []
        for name in try systemNames() { systems.append((name, try entry(name))) }
        var seen: Set<PlannedTrial> = []
        var cells: [[PlannedTrial]] = []
        for settings in try combinations() {
            var cell: [PlannedTrial] = []
            for (name, entry) in systems {
                let trial = try trial(of: name, entry, settings)
                if seen.insert(trial).inserted { cell.append(trial) }
            }
            if !cell.isEmpty { cells.append(cell) }
        }
        return cells
    }

    private func systemNames() throws(ScenarioError) -> [Placed<Variant>] {
        if !matrix.systems.isEmpty { return matrix.systems }
        if let address = matrix.connect.first { return [Placed(Variant(system: "resp"), at: address.place)] }
        throw ScenarioError(
            "no systems are named; for example systems: [\(ScenarioField.systems.example)]", at: matrix.place)
    }

    private func entry(_ name: Placed<Variant>) throws(ScenarioError) -> CatalogueEntry {
        do {
            let entry = try catalogue.entry(named: name.value.system)
            try entry.checkOptions(name.value.options)
            return entry
        } catch {
            throw ScenarioError("\(error)", at: name.place)
        }
    }

    private func combinations() throws(ScenarioError) -> [Settings] {
        var all = [Settings()]
        var isTooLarge = false
        func vary<Value: Sendable>(_ values: [Placed<Value>], _ set: (inout Settings, Placed<Value>) -> Void) {
            guard !values.isEmpty, !isTooLarge else { return }
            guard all.count * values.count <= Plan.mostTrials else {
                isTooLarge = true
                return
            }
            all = all.flatMap { settings in
                values.map { value in
                    var copy = settings
                    set(&copy, value)
                    return copy
                }
            }
        }
        vary(matrix.nodes) { $0.nodes = $1 }
        vary(matrix.durability) { $0.durability = $1 }
        vary(matrix.isolation) { $0.isolation = $1 }
        vary(matrix.keys) { $0.keys = $1 }
        vary(matrix.keyCount) { $0.keyCount = $1 }
        vary(matrix.mix) { $0.mix = $1 }
        vary(matrix.valueSize) { $0.valueSize = $1 }
        vary(matrix.hold) { $0.hold = $1 }
        vary(matrix.lease) { $0.lease = $1 }
        vary(matrix.arrival) { $0.arrival = $1 }
        vary(matrix.rate) { $0.rate = $1 }
        vary(matrix.shape) { $0.shape = $1 }
        vary(matrix.think) { $0.think = $1 }
        vary(matrix.duration) { $0.duration = $1 }
        vary(matrix.warmUp) { $0.warmUp = $1 }
        vary(matrix.timeout) { $0.timeout = $1 }
        vary(matrix.judge) { $0.judge = $1 }
        vary(matrix.seed) { $0.seed = $1 }
        vary(matrix.clients) { $0.clients = $1 }
        vary(matrix.inFlight) { $0.inFlight = $1 }
        guard !isTooLarge, all.count * max(1, matrix.systems.count) <= Plan.mostTrials else {
            throw ScenarioError(
                "the lists come to more than \(Plan.mostTrials) trials; shorten one or write several entries",
                at: matrix.place)
        }
        return all
    }

    private func trial(
        of name: Placed<Variant>, _ entry: CatalogueEntry, _ settings: Settings
    ) throws(ScenarioError) -> PlannedTrial {
        let subject: PlannedTrial.Subject = matrix.connect.isEmpty ? entry.subject : .external
        if matrix.connect.isEmpty, subject == .external {
            throw ScenarioError("\(name.value) runs elsewhere: say where with connect: host:port", at: name.place)
        }
        if let address = matrix.connect.first, entry.subject == .threads || entry.subject == .function {
            throw ScenarioError("\(name.value) can't be reached through connect; it has no servers", at: address.place)
        }
        var trial = PlannedTrial(
            variant: "\(name.value)", subject: subject, family: entry.descriptor.family,
            nodes: try nodes(settings, name, entry, subject), workload: try workload(settings, entry))
        trial.group = group
        trial.connect = matrix.connect.map(\.value)
        trial.warmUpNanoseconds = settings.warmUp.value
        trial.windowNanoseconds = settings.duration.value
        trial.timeoutNanoseconds = settings.timeout.value
        trial.isJudged = settings.judge.value
        trial.seed = settings.seed.value
        trial.requests = matrix.requests?.value
        trial.clients = settings.clients?.value ?? (subject == .threads ? TrialDefaults.threads : TrialDefaults.clients)
        trial.inFlight = settings.inFlight.value
        trial.durability = settings.durability.value
        trial.isolation = settings.isolation.value
        try setArrivals(of: &trial, settings)
        try setPopulation(of: &trial, settings, entry)
        trial.faults = try faults(trial)
        try normalise(&trial, settings)
        try checkConcurrency(trial, settings)
        return trial
    }

    /// What strikes, checked against the trial's nodes, clients and window.
    private func faults(_ trial: PlannedTrial) throws(ScenarioError) -> [TimedFault] {
        for fault in matrix.faults {
            func refuse(_ reason: String) -> ScenarioError { ScenarioError(reason, at: fault.place) }
            guard trial.subject == .cluster else {
                throw refuse("\(trial.variant) has no nodes that a fault could strike")
            }
            if fault.value.afterNanoseconds >= trial.windowNanoseconds {
                throw refuse("'\(fault.value.text)' would strike after the window's end")
            }
            if let named = try? fault.value.fault(leader: NodeID(0)), !named.names(onlyNodesBelow: trial.nodes) {
                throw refuse("'\(fault.value.text)' names a node that isn't there; there are \(trial.nodes), from 0")
            }
            if let client = fault.value.separatedClients?.first(where: { $0 >= trial.clients }) {
                throw refuse("'\(fault.value.text)' names client c\(client); there are \(trial.clients), from c0")
            }
            if trial.isolation == .shared, case .pause? = try? fault.value.fault(leader: NodeID(0)) {
                throw refuse("nodes that share a process can't be paused; take isolation processes")
            }
        }
        return matrix.faults.map(\.value)
    }

    /// Sets what means nothing to the trial's subject to one value, so that it can't be taken for a choice.
    private func normalise(_ trial: inout PlannedTrial, _ settings: Settings) throws(ScenarioError) {
        switch trial.subject {
        case .cluster: break
        case .external:
            trial.isolation = .processes
            trial.nodes = trial.connect.count
        case .threads:
            if let rate = settings.rate {
                throw ScenarioError("\(trial.variant) runs in a closed loop of threads; leave rate out", at: rate.place)
            }
            if trial.thinkLaw != nil {
                throw ScenarioError(
                    "the think time of threads is random as it is; give its mean alone", at: settings.think.place)
            }
            (trial.isolation, trial.durability, trial.inFlight, trial.nodes) = (.shared, .memory, 1, 1)
            trial.workload.keys = .single
            trial.workload.keyCount = 1
            if settings.hold.place == .builtIn { trial.workload.holdNanoseconds = TrialDefaults.threadHoldNanoseconds }
            if settings.think.place == .builtIn, case .closed = trial.arrival {
                trial.arrival = .closed(thinkNanoseconds: TrialDefaults.threadThinkNanoseconds)
            }
        case .function:
            guard trial.workload.keyCount >= 1000 else {
                throw ScenarioError(
                    "\(trial.variant) needs at least 1000 keys to place", at: settings.keyCount.place)
            }
            (trial.isolation, trial.durability, trial.inFlight, trial.clients) = (.shared, .memory, 1, 1)
            if settings.keyCount.place == .builtIn { trial.workload.keyCount = TrialDefaults.placedKeys }
        }
    }

    private func nodes(
        _ settings: Settings, _ name: Placed<Variant>, _ entry: CatalogueEntry, _ subject: PlannedTrial.Subject
    ) throws(ScenarioError) -> Int {
        let count = try nodeCount(settings, entry, subject)
        guard subject == .cluster, let cluster = entry.cluster else { return count }
        do throws(OptionError) {
            try cluster.checkNodes(name.value.options, count)
        } catch {
            throw ScenarioError("\(name.value) on \(count) nodes: \(error)", at: settings.nodes?.place ?? name.place)
        }
        return count
    }

    private func nodeCount(
        _ settings: Settings, _ entry: CatalogueEntry, _ subject: PlannedTrial.Subject
    ) throws(ScenarioError) -> Int {
        guard let nodes = settings.nodes, subject == .cluster || subject == .function else {
            return entry.descriptor.defaultNodes
        }
        let range = entry.descriptor.nodeRange
        guard range.contains(nodes.value) else {
            throw ScenarioError(
                "\(entry.descriptor.name) can't run on \(nodes.value) nodes; it takes "
                    + (range.count == 1 ? "\(range.lowerBound)" : "\(range.lowerBound) to \(range.upperBound)"),
                at: nodes.place)
        }
        return nodes.value
    }

    private func workload(_ settings: Settings, _ entry: CatalogueEntry) throws(ScenarioError) -> WorkloadOptions {
        let text = settings.mix ?? Placed(entry.service.defaultMix, at: .builtIn)
        do throws(WorkloadError) {
            return WorkloadOptions(
                mix: try OperationMix(parsing: text.value, allowedKinds: entry.service.kinds),
                keys: settings.keys.value, keyCount: settings.keyCount.value, valueSize: settings.valueSize.value,
                holdNanoseconds: settings.hold.value, leaseNanoseconds: settings.lease.value,
                seed: settings.seed.value)
        } catch {
            throw ScenarioError("\(entry.descriptor.name): \(error)", at: text.place)
        }
    }

    private func checkConcurrency(_ trial: PlannedTrial, _ settings: Settings) throws(ScenarioError) {
        let users = trial.clients * trial.inFlight
        guard users <= 262_144 else {
            throw ScenarioError(
                "\(trial.clients) clients with \(trial.inFlight) in flight are \(users) at once; at most 262144",
                at: settings.inFlight.place)
        }
        if trial.subject == .threads, trial.clients > 1024 {
            throw ScenarioError(
                "\(trial.clients) threads; at most 1024", at: settings.clients?.place ?? matrix.place)
        }
        guard case .conflict = trial.workload.keys else { return }
        do throws(WorkloadError) {
            _ = try KeySampler(trial.workload.keys, keyCount: trial.workload.keyCount, clientCount: users)
        } catch {
            throw ScenarioError("\(error)", at: settings.keys.place)
        }
    }
}
