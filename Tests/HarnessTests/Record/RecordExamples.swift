import Foundation
import Glibc
import Harness
import Measurement
import ProtocolKit
import Verification
import Workload

/// Records with something in every field that these tests look at.
enum RecordExamples {
    static func plan(number: Int = 1, variant: String = "raft[batch=64]") throws -> PlannedTrial {
        var plan = PlannedTrial(
            variant: variant, subject: .cluster, family: .consensus, nodes: 3,
            workload: WorkloadOptions(mix: try OperationMix(parsing: "get=1,put=3"), seed: 7))
        plan.number = number
        plan.durability = .synced
        plan.seed = .max
        plan.arrival = .poisson(perSecond: 1_000)
        return plan
    }

    static func record(number: Int = 1, variant: String = "raft[batch=64]") throws -> TrialRecord {
        var record = TrialRecord(
            plan: try plan(number: number, variant: variant), programVersion: "0.1.0",
            started: WallTime(millisecondsSince1970: 1_740_832_205_250), windowNanoseconds: 2_000_000_000)
        var timeline = Timeline(intervalNanoseconds: 100_000_000)
        var generator = SeededGenerator(seed: 11)
        for kind in ["get", "put"] {
            var latency = LatencyHistogram()
            for index in 0..<2_000 as Range<UInt64> {
                let value = 1_000 + generator.below(9_000 as UInt64)
                latency.record(value)
                timeline.recordCompletion(atNanoseconds: index * 1_000_000, latencyNanoseconds: value)
            }
            record.operations.append(
                OperationRecord(
                    kind: kind, completed: 2_000, errors: kind == "put" ? [NamedCount(name: "timeout", count: 4)] : [],
                    latency: latency, service: latency))
        }
        record.timeline = timeline
        record.arrivals = ArrivalAccount(offered: 4_004, completed: 4_000, timedOut: 4)
        record.setCompletedPerClient([1_000, 1_000, 2_000])
        record.counters.messages = 16_000
        record.verdicts = [
            JudgedProperty(property: "linearizable", verdict: .correct, basis: "4,004 operations"),
            JudgedProperty(property: "fresh", verdict: .unknown(reason: "no reads"), basis: "none"),
        ]
        return record
    }
}

/// A folder that is gone after the test.
struct ScratchFolder: ~Copyable {
    let path: String

    init() {
        var template = Array("/tmp/coordbench-record-XXXXXX".utf8CString)
        precondition(mkdtemp(&template) != nil, "the tests need /tmp")
        path = String(decoding: template.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }

    deinit {
        try? FileManager.default.removeItem(atPath: path)
    }
}
