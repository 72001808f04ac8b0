import Foundation
import Glibc
import Harness
import Measurement
import ProtocolKit
import Verification
import Workload

/// Made-up but lifelike records, the same on every machine.
enum Fixtures {
    static let host: HostFacts = {
        let json = """
            {"processorModel": "Example CPU | 2.4 GHz", "processorCount": 2, "memoryBytes": 8589934592,
             "kernel": "6.1.0-18-amd64", "operatingSystem": "Debian GNU/Linux 12 (bookworm)", "fileSystem": "ext4",
             "swiftVersion": "6.3.1 or a later 6.3", "isOptimizedBuild": true}
            """
        do {
            return try JSONDecoder().decode(HostFacts.self, from: Data(json.utf8))
        } catch {
            fatalError("the fixture does not decode: \(error)")
        }
    }()

    static let floor: MachineFloor = {
        func cost(_ median: Double, _ p99: Double) -> MachineFloor.Cost {
            MachineFloor.Cost(medianNanoseconds: median, p99Nanoseconds: p99, samples: 1_000)
        }
        return MachineFloor(
            loopbackRoundTrip: cost(20_000, 45_000), sync: cost(76_000, 210_000),
            syncAmongThree: cost(116_000, 300_000),
            clockRead: cost(20, 24), timerLateness: cost(23_000, 38_000), threadHandOver: cost(5_000, 21_000))
    }()

    static func mix(_ text: String) -> OperationMix {
        do {
            return try OperationMix(parsing: text)
        } catch {
            fatalError("\(error)")
        }
    }

    /// Latencies around `center`, each interval with as many as the last, and what they add up to.
    static func latencies(
        center: UInt64, perInterval: Int, intervals: Int, seed: UInt64
    ) -> (histogram: LatencyHistogram, timeline: Timeline) {
        var histogram = LatencyHistogram()
        var timeline = Timeline(intervalNanoseconds: 100_000_000)
        var generator = SeededGenerator(seed: seed)
        for interval in 0..<intervals {
            for index in 0..<perInterval {
                var value = center / 2 + generator.below(center)
                if generator.below(200) == 0 { value *= 4 }
                histogram.record(value)
                let offset = UInt64(interval) * 100_000_000 + UInt64(index * 100_000_000 / perInterval)
                timeline.recordCompletion(atNanoseconds: offset, latencyNanoseconds: value)
            }
        }
        return (histogram, timeline)
    }

    static func record(
        _ number: Int, _ variant: String, subject: PlannedTrial.Subject, family: SystemDescriptor.Family, nodes: Int,
        mix text: String, change: (inout PlannedTrial) -> Void = { _ in }
    ) -> TrialRecord {
        var plan = PlannedTrial(
            variant: variant, subject: subject, family: family, nodes: nodes,
            workload: WorkloadOptions(mix: mix(text), seed: 42))
        plan.number = number
        plan.seed = 42
        change(&plan)
        var record = TrialRecord(
            plan: plan, programVersion: "0.1.0",
            started: WallTime(millisecondsSince1970: 1_740_832_205_250 + Int64(number) * 8_000),
            windowNanoseconds: 5_000_000_000)
        record.host = host
        record.floor = floor
        return record
    }

    /// Raft, synced, a mix of reads and writes in a closed loop, correct and valid.
    static var raft: TrialRecord {
        var record = record(
            1, "raft[batch=64,reads=lease]", subject: .cluster, family: .consensus, nodes: 3, mix: "get=50,put=50"
        ) { plan in
            plan.durability = .synced
            plan.inFlight = 16
        }
        let gets = latencies(center: 60_000, perInterval: 400, intervals: 50, seed: 1)
        let puts = latencies(center: 400_000, perInterval: 400, intervals: 50, seed: 2)
        let service = latencies(center: 380_000, perInterval: 400, intervals: 50, seed: 3)
        var timeline = gets.timeline
        timeline.add(puts.timeline)
        record.timeline = timeline
        record.costs = [
            OperationCost(kind: "get", messageDelays: 2, messages: 0, syncDelays: 0, syncs: 0, disksBusy: 0),
            OperationCost(kind: "put", messageDelays: 4, messages: 4, syncDelays: 1, syncs: 3, disksBusy: 3),
        ]
        record.operations = [
            OperationRecord(
                kind: "get", completed: 20_000, latency: gets.histogram,
                effectiveSamples: EffectiveSample.sizes(of: gets.timeline)),
            OperationRecord(
                kind: "put", completed: 20_000, completedInWindow: 19_984,
                errors: [NamedCount(name: "timeout", count: 3), NamedCount(name: "disconnected", count: 2)],
                latency: puts.histogram, service: service.histogram,
                effectiveSamples: EffectiveSample.sizes(of: puts.timeline)),
        ]
        record.arrivals = ArrivalAccount(offered: 40_005, completed: 40_000, failed: 2, timedOut: 3)
        record.setCompletedPerClient((0..<16).map { $0 == 3 ? 2_050 : 2_530 })
        record.server.processorNanoseconds = 4_000_000_000
        record.server.voluntarySwitches = 60_000
        record.server.involuntarySwitches = 20_000
        record.server.allocations = 160_000
        record.server.allocatedBytes = 20_480_000
        record.server.peakResidentBytes = 33_554_432
        record.generatorCost.processorNanoseconds = 1_000_000_000
        record.counters = TrafficCounters(
            messages: 12_000, messageBytes: 9_000_000, clientBytes: 14_000_000, logWrites: 9_000, logBytes: 18_000_000,
            syncs: 9_000)
        record.events = [NamedCount(name: "elections", count: 1), NamedCount(name: "redirects", count: 2)]
        record.verdicts = [
            JudgedProperty(property: "linearizable", verdict: .correct, basis: "40,005 operations on 1,000 keys")
        ]
        return record
    }

    /// Open loop, in memory, a violated verdict, too short for p99.9, generator-limited.
    static var unreplicated: TrialRecord {
        var record = record(
            2, "unreplicated", subject: .cluster, family: .consensus, nodes: 1, mix: "put"
        ) { plan in
            plan.arrival = .poisson(perSecond: 500)
            plan.group = "Ceiling, in memory"
            plan.isolation = .shared
        }
        let puts = latencies(center: 30_000, perInterval: 50, intervals: 50, seed: 4)
        record.timeline = puts.timeline
        record.costs = [OperationCost(kind: "put", messageDelays: 2, messages: 0, syncDelays: 1, syncs: 1)]
        record.operations = [
            OperationRecord(
                kind: "put", completed: 2_500, latency: puts.histogram, service: puts.histogram,
                effectiveSamples: EffectiveSample.sizes(of: puts.timeline))
        ]
        record.arrivals = ArrivalAccount(offered: 2_510, completed: 2_500, dropped: 8, inFlightAtEnd: 1)
        record.generator = GeneratorHealth(
            wakeLateness: latencies(center: 900_000, perInterval: 50, intervals: 50, seed: 5).histogram,
            backPressureWait: LatencyHistogram(), busiestLoopShare: 0.97)
        record.validity.refuse(.generatorLimited, "wake lateness p99 1.34 ms, at most 1 ms is allowed")
        record.validity.refuse(.unbalanced, record.arrivals.sentence)
        record.verdicts = [
            JudgedProperty(
                property: "linearizable",
                verdict: .violated(
                    Counterexample(
                        summary: "no order explains key k7",
                        events: [
                            .init(actor: "client 1", label: "put k7 #1", startNanoseconds: 100, endNanoseconds: 200),
                            .init(actor: "client 2", label: "get k7 → #0", startNanoseconds: 300, endNanoseconds: 350),
                        ])),
                basis: "2,510 operations on 1,000 keys")
        ]
        record.warnings = ["the host has no frequency governor to see"]
        return record
    }

    /// A lock on threads, without most of what a cluster has.
    static var mcs: TrialRecord {
        var record = record(3, "mcs", subject: .threads, family: .locks, nodes: 1, mix: "acquire") { $0.clients = 8 }
        let waits = latencies(center: 2_000, perInterval: 2_000, intervals: 50, seed: 6)
        record.timeline = waits.timeline
        record.operations = [
            OperationRecord(
                kind: "acquire", completed: 100_000, latency: waits.histogram,
                effectiveSamples: EffectiveSample.sizes(of: waits.timeline))
        ]
        record.arrivals = ArrivalAccount(offered: 100_000, completed: 100_000)
        record.setCompletedPerClient([UInt64](repeating: 12_500, count: 8))
        record.waiterFairness = WaiterFairness(
            inGrantOrder: (0..<64).map { index in
                Acquisition(
                    client: index % 8, requestedNanoseconds: UInt64(index) * 1_000,
                    acquiredNanoseconds: UInt64(index) * 1_000 + 7_250)
            })
        record.verdicts = [
            JudgedProperty(property: "mutual-exclusion", verdict: .correct, basis: "100,000 entries by 8 threads"),
            JudgedProperty(property: "first-come-first-served", verdict: .correct, basis: "0 overtakes"),
        ]
        return record
    }

    /// A placement function: no clients, no messages.
    static var jump: TrialRecord {
        var record = record(4, "jump", subject: .function, family: .placement, nodes: 10, mix: "lookup")
        var latency = LatencyHistogram()
        latency.record(52, count: 300)
        record.operations = [OperationRecord(kind: "lookup", completed: 300, latency: latency)]
        record.arrivals = ArrivalAccount(offered: 300, completed: 300)
        record.setExtra("lookup_ns", 48.25)
        record.setExtra("balance_max_over_mean", 1.0125)
        record.setExtra("keys_moved_fraction", 0.0909375)
        record.setExtra("build_ns", 12)
        record.verdicts = [
            JudgedProperty(
                property: "minimal-disruption", verdict: .unknown(reason: "no node was removed"), basis: "10 nodes")
        ]
        record.validity.note(.tooFewSamples, "300 lookups were timed one by one")
        return record
    }

    /// A trial that was struck by a partition.
    static var partitioned: TrialRecord {
        var record = unreplicated
        record.plan.number = 5
        record.plan.variant = "raft"
        record.plan.nodes = 3
        record.plan.group = "partition"
        record.plan.clients = 2
        record.plan.faults = ["1s partition leader,c0|rest", "2s heal"].compactMap { try? TimedFault(parsing: $0) }
        record.faults = [
            FaultRecord(fault: "partition 2,c0|rest", afterNanoseconds: 1_000_100_000),
            FaultRecord(fault: "heal", afterNanoseconds: 2_000_200_000, failure: "node 2 failed: it was gone"),
        ]
        let second: UInt64 = 1_000_000_000
        for (since, from) in [("", 0), ("partition 2,c0|rest", second), ("heal", 2 * second)] as [(String, UInt64)] {
            for side in ["minority", "majority"] {
                let isDark = side == "minority" && from == second
                record.availability.append(
                    AvailabilityRecord(
                        side: side, since: since, fromNanoseconds: from, toNanoseconds: from + second, clients: 1,
                        kinds: [
                            KindAvailability(
                                kind: "get", attempted: 1_000, answered: isDark ? 0 : 999, refused: isDark ? 1_000 : 1),
                            KindAvailability(kind: "put", attempted: 10, answered: isDark ? 0 : 10),
                        ],
                        longestSilenceNanoseconds: isDark ? second : 12_000_000, servedShare: isDark ? 0 : 1))
            }
        }
        return record
    }

    static var run: RunRecord {
        var run = RunRecord(
            programVersion: "0.1.0",
            commandLine: [
                "coordbench", "run", "raft[batch=64,reads=lease]", "unreplicated", "mcs", "jump", "--seed", "42",
            ],
            plannedTrials: 6, host: host, floor: floor, started: WallTime(millisecondsSince1970: 1_740_832_205_250))
        run.ended = WallTime(millisecondsSince1970: 1_740_832_245_250)
        run.isInterrupted = true
        let cost = OperationCost(kind: "put", messageDelays: 4, messages: 4, syncDelays: 1, syncs: 3)
        var append = cost
        append.kind = "append"
        run.audits = [cost, append].map {
            CostAuditRecord(
                variant: "raft", nodes: 3, expected: $0, messageDelays: 4, messages: 4, syncDelays: 1, syncs: 3,
                samples: 64)
        }
        run.audits.append(
            CostAuditRecord(
                variant: "raft", nodes: 5, expected: cost, messageDelays: 4, messages: 8, syncDelays: 1, syncs: 5,
                samples: 64))
        return run
    }

    static var results: LoadedResults {
        LoadedResults(
            path: "results/example", run: run, records: [raft, unreplicated, mcs, jump, partitioned],
            problems: [.cutOff(path: "results/example", trials: 5, planned: 6)])
    }
}

/// A folder that is gone after the test.
struct TemporaryFolder: ~Copyable {
    let path: String

    init() throws {
        let template = FileManager.default.temporaryDirectory.path + "/coordbench-XXXXXX"
        var bytes = Array(template.utf8CString)
        guard mkdtemp(&bytes) != nil else { throw CocoaError(.fileWriteUnknown) }
        path = String(decoding: bytes.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }

    deinit {
        try? FileManager.default.removeItem(atPath: path)
    }
}
