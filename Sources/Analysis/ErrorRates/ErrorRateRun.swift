import Glibc
import Harness
import LoopbackRuntime
import Measurement
import ProtocolKit
import Statistics

/// What a measurement of error rates is of; the same for everything in its folder.
public struct ErrorRateSubject: Sendable, Codable {
    /// The version of this form.
    public static let currentSchema = "coordbench.error-rates/2"
    /// ``currentSchema`` at the time of writing.
    public var schema = ErrorRateSubject.currentSchema
    /// The trial that is taken again and again.
    public var plan: PlannedTrial
    /// How long a turn of it is about, nanoseconds.
    public var turnNanoseconds: UInt64
    /// The machine and build.
    public var host: HostFacts
    /// What was planted.
    public var slowdowns: PlantedSlowdowns
    /// The gate's metrics, as ``ComparedMetric`` reads them.
    public var metrics: [String]
}

/// Who wants to know how far a measurement of error rates is.
public protocol ErrorRateProgress: PairedProgress {
    /// A stage begins.
    func began(stage: String)
    /// A block of the pool is saved: so many there are, and so much time is left.
    func recorded(blocks: Int, leftNanoseconds: UInt64)
}

/// Records a pool of short trials and real gate runs, to see how often a paired gate is wrong on this machine.
///
/// All goes to a folder, and what is there already is gone on with: `subject.json` (what is measured), `pool.tsv` (see
/// ``TrialPool``) and `gates.tsv` (see ``GateLog``).
public struct ErrorRateRun {
    /// The trial that is taken again and again.
    public var plan: PlannedTrial
    /// The gate's metrics, margin and level.
    public var options: ComparisonOptions
    /// The systems that the plan's name stands for.
    public var catalogue: SystemCatalogue
    /// Where it goes.
    public var folder: String
    /// The path of this program.
    public var executable: String
    /// Reads this process's allocator.
    public var allocations: AllocationCounter
    /// How long a turn is about, nanoseconds.
    public var turnNanoseconds = TurnTaking.usualTurnNanoseconds
    /// How much the calibration does.
    public var effort = Effort.usual

    /// A run of its parts.
    public init(
        plan: PlannedTrial, options: ComparisonOptions, catalogue: SystemCatalogue, folder: String, executable: String,
        allocations: AllocationCounter = .unavailable
    ) {
        self.plan = plan
        self.options = options
        self.catalogue = catalogue
        self.folder = folder
        self.executable = executable
        self.allocations = allocations
    }

    var poolPath: String { "\(folder)/pool.tsv" }
    var dataFolder: String { "\(folder)/data" }

    /// Records blocks until the time is over or a stop is asked for.
    ///
    /// - Throws: ``ErrorRateError``, `RecordError`, or what a trial throws.
    public func record(
        nanoseconds: UInt64, interruption: Interruption, progress: some ErrorRateProgress
    ) throws {
        let environment = try environment(interruption)
        defer { FileTree.remove(dataFolder) }
        guard let subject = try subject(environment, progress) else { return }
        var pool = try TrialPool(metrics: subject.metrics.map(ComparedMetric.init(parsing:)))
        if AtomicFile.exists(poolPath) {
            pool = try ErrorRateFiles.pool(at: poolPath)
            // What a crash has left of a block is dropped, so that the next begins on a line of its own.
            try AtomicFile.write(pool.text, to: poolPath)
        } else {
            try AtomicFile.write(pool.header, to: poolPath)
        }
        let programs = try copies()
        let session = (pool.blocks.last?.session ?? 0) + 1
        let order = BlockOrder(of: TrialPool.Arm.allCases.count, seed: plan.seed &+ UInt64(session))
        progress.began(stage: "recording")
        let start = MonotonicClock.now()
        var number = 0
        while !interruption.isRequested {
            let spent = MonotonicClock.now() - start
            // One block at least, besides the one that warms up.
            guard spent < nanoseconds || number < 2 else { break }
            progress.recorded(blocks: pool.blocks.count, leftNanoseconds: nanoseconds - min(spent, nanoseconds))
            var block = TrialPool.Block(session: session, started: WallTime.now().description, trials: [:])
            let places = order.order(ofBlock: number)
            let arms = places.map { TrialPool.Arm.allCases[$0] }
            let records = try inTurns(
                environment, number,
                zip(places, arms).map { place, arm in
                    (programs[place], subject.slowdowns.delay(of: arm))
                })
            for (arm, record) in zip(arms, records) {
                guard let record, !record.isInterrupted else { return }
                block.trials[arm] = pool.row(of: record)
            }
            // The first warms up.
            if number > 0 {
                pool.blocks.append(block)
                try ErrorRateFiles.append(TrialPool.lines(of: block, number: pool.blocks.count), to: poolPath)
            }
            number += 1
        }
    }

    // MARK: Trials

    func environment(_ interruption: Interruption) throws -> TrialEnvironment {
        try AtomicFile.makeFolder(dataFolder)
        return TrialEnvironment(
            host: try HostFacts.current(folder: dataFolder), floor: try MachineFloor.measure(folder: dataFolder),
            allocations: allocations, dataFolder: dataFolder, executable: executable, interruption: interruption)
    }

    /// A copy of the program for each arm, as a gate has them.
    private func copies() throws -> [String] {
        try TrialPool.Arm.allCases.indices.map { place in
            try AtomicFile.makeFolder("\(dataFolder)/\(place)")
            try BuildWorkshop.copy(executable, to: "\(dataFolder)/\(place)/coordbench")
            return "\(dataFolder)/\(place)/coordbench"
        }
    }

    static func nodeArguments(_ delay: PlantedDelay?) -> [String] { delay.map { ["--planted-delay", "\($0)"] } ?? [] }

    /// The trial with each of these programs and delays, in turns.
    private func inTurns(
        _ environment: TrialEnvironment, _ number: Int, _ programs: [(path: String, delay: PlantedDelay?)]
    ) throws -> [TrialRecord?] {
        let members = programs.enumerated().map { place, program in
            var environment = environment
            environment.executable = program.path
            environment.nodeArguments = Self.nodeArguments(program.delay)
            var plan = plan
            plan.number = place + 1
            plan.seed &+= UInt64(number)
            plan.workload.seed = plan.seed
            return TurnTaking.Member(plan: plan, environment: environment)
        }
        let turns = TurnTaking(
            catalogue: catalogue, turnNanoseconds: turnNanoseconds, seed: plan.seed &+ UInt64(number))
        return try turns.run(members, interruption: environment.interruption)
    }

    // MARK: What it is of

    /// What the folder is of, made where it is new; nil where a stop was asked for.
    func subject(
        _ environment: TrialEnvironment, _ progress: some ErrorRateProgress
    ) throws -> ErrorRateSubject? {
        let metrics = (options.metrics.isEmpty ? ComparedMetric.usual(for: plan) : options.metrics).map(\.description)
        if let found = try ErrorRateFiles.subject(in: folder) {
            let differences = environment.host.difference(from: found.host).map(\.description)
            guard differences.isEmpty else { throw ErrorRateError.otherHost(folder, differences) }
            guard found.plan == plan, found.metrics == metrics, found.turnNanoseconds == turnNanoseconds else {
                throw ErrorRateError.otherSubject(folder)
            }
            return found
        }
        progress.began(stage: "finding the delays that make 5 % and 10 %")
        guard let slowdowns = try calibrated(environment) else { return nil }
        let subject = ErrorRateSubject(
            plan: plan, turnNanoseconds: turnNanoseconds, host: environment.host, slowdowns: slowdowns,
            metrics: metrics)
        try ErrorRateFiles.write(subject, to: folder)
        return subject
    }

    /// How much a calibration does.
    public struct Effort: Sendable, Hashable {
        /// Blocks for the last estimate, each of as many trials as the pool's; a third as many for those before.
        public var blocks = 12
        /// How often the delays are estimated, each time with the one that the last estimate gave.
        public var estimates = 2
        /// What is usual.
        public static let usual = Effort()
        /// Enough to see that it works.
        public static let glance = Effort(blocks: 2, estimates: 1)
    }

    /// Blocks of three trials without and three with a delay, which grows until it shows: a quick estimate, refined once.
    /// As many clusters take turns as in the pool, which says later what the delays really make.
    private func calibrated(_ environment: TrialEnvironment) throws -> PlantedSlowdowns? {
        var tried = PlantedSlowdowns.firstTry
        var number = 0
        var estimates = 0
        for _ in 0..<Self.mostTries {
            let isLast = estimates == effort.estimates - 1
            var effect = DelayEffect()
            for _ in 0..<(isLast ? effort.blocks : max(2, effort.blocks / 3)) {
                guard try examine(tried, environment, number, &effect) else { return nil }
                number += 1
            }
            guard let ratio = effect.ratio, let p99 = median(effect.percentiles) else {
                throw ErrorRateError.noFigures
            }
            let atOnce = plan.clients * plan.inFlight
            guard ratio < Self.telling,
                let next = PlantedSlowdowns(tried: tried, ratio: ratio, atOnce: atOnce, p99: p99)
            else {
                tried = min(tried * 8, 500_000_000)
                continue
            }
            estimates += 1
            if estimates == effort.estimates { return next }
            tried = next.slower10
        }
        throw ErrorRateError.noEffect
    }

    /// What a delay makes of throughput, block by block.
    private struct DelayEffect {
        /// Logarithms of the throughput with the delay over that without.
        var logarithms: [Double] = []
        /// The 99th percentiles of latency without it.
        var percentiles: [Double] = []

        var ratio: Double? { mean(logarithms).map(exp) }
    }

    /// Adds a block with and without a delay.
    ///
    /// - Returns: false after a request to stop.
    private func examine(
        _ delay: UInt64, _ environment: TrialEnvironment, _ number: Int, _ effect: inout DelayEffect
    ) throws -> Bool {
        let arms = TrialPool.Arm.allCases.indices.map { $0 % 2 == 0 ? nil : PlantedDelay(nanoseconds: delay) }
        let order = BlockOrder(of: arms.count, seed: plan.seed).order(ofBlock: number)
        let records = try inTurns(environment, number, order.map { (executable, arms[$0]) })
        var (plain, delayed): ([Double], [Double]) = ([], [])
        for (place, record) in zip(order, records) {
            guard let record, !record.isInterrupted else { return false }
            let figures = Self.figures(of: record)
            guard figures.throughput > 0 else { continue }
            if arms[place] == nil {
                plain.append(log(figures.throughput))
                effect.percentiles.append(figures.p99)
            } else {
                delayed.append(log(figures.throughput))
            }
        }
        if let without = mean(plain), let with = mean(delayed) { effect.logarithms.append(with - without) }
        return true
    }

    /// The most delays that are tried, and the share of the throughput that one must leave at most to tell anything.
    private static let mostTries = 8
    private static let telling = 0.95

    private static func figures(of record: TrialRecord) -> (throughput: Double, p99: Double) {
        let row = MetricRow.whole(record)
        return (
            Metric.named("throughput_per_s")?.number(in: row) ?? 0, Metric.named("latency_p99_ns")?.number(in: row) ?? 0
        )
    }
}

/// Why error rates can't be measured.
public enum ErrorRateError: Error, Hashable, Sendable, CustomStringConvertible {
    /// The folder is of another machine or build.
    case otherHost(String, [String])
    /// The folder is of another load.
    case otherSubject(String)
    /// The folder is damaged.
    case damaged(String, String)
    /// The trials measure nothing that delays could be found by.
    case noFigures
    /// Delays have no effect on the throughput.
    case noEffect
    /// Only clusters of processes can be slowed down.
    case notACluster(String)
    /// There is nothing to report.
    case nothing(String)

    /// What is wrong and what would help.
    public var description: String {
        switch self {
        case .otherHost(let folder, let differences):
            "\(folder) was begun on another machine or build (\(differences.joined(separator: "; "))); name another --output"
        case .otherSubject(let folder):
            "\(folder) was begun with another load or other metrics; give the same flags, or name another --output"
        case .damaged(let path, let reason): "\(path): \(reason); name another --output"
        case .noFigures: "the trials complete nothing; try the load with 'coordbench run' first"
        case .noEffect:
            "a delay in the server doesn't change the throughput, which the load itself limits; offer more with --clients"
                + " and --in-flight, in a closed loop"
        case .notACluster(let system):
            "\(system) has no nodes in processes of their own that could be slowed down; name a replicated system"
        case .nothing(let folder): "\(folder) holds no trials yet; record some with --record 10m"
        }
    }
}
