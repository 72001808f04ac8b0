import Foundation
import Measurement
import Testing

@testable import Harness

@Suite("A trial is marked")
struct ValidityTests {
    /// A record of which every rule approves.
    private func sound() throws -> TrialRecord {
        var record = try RecordExamples.record()
        record.arrivals = ArrivalAccount(offered: 4_000, completed: 4_000)
        for index in record.operations.indices { record.operations[index].errors = [] }
        return record
    }

    private func judged(_ change: (inout TrialRecord) throws -> Void) throws -> Validity {
        var record = try sound()
        try change(&record)
        TrialValidity.judge(&record)
        return record.validity
    }

    private func histogram(_ value: UInt64) -> LatencyHistogram {
        var histogram = LatencyHistogram()
        histogram.record(value, count: 1_000)
        return histogram
    }

    private func activity(total: UInt64, idle: UInt64, steal: UInt64, pressure: UInt64?) throws -> HostActivity {
        let text = """
            {"totalNanoseconds": \(total), "idleNanoseconds": \(idle), "stealNanoseconds": \(steal)
            \(pressure.map { ", \"processorPressureNanoseconds\": \($0)" } ?? "")}
            """
        return try JSONDecoder().decode(HostActivity.self, from: Data(text.utf8))
    }

    @Test("valid where nothing is wrong")
    func valid() throws {
        let validity = try judged { _ in }
        #expect(validity.isValid)
        #expect(validity.notes.isEmpty, "\(validity.notes)")
    }

    @Test("generator-limited where it woke late, or its loop was busy all the time; not where users were")
    func generatorLimited() throws {
        let late = try judged { $0.generator.wakeLateness = histogram(1_500_000) }
        #expect(!late.isValid && late.notes.contains { $0.hasPrefix("generator-limited: woke 15") })
        let busy = try judged { $0.generator.busiestLoopShare = 0.99 }
        #expect(!busy.isValid && busy.notes == ["generator-limited: its loop was busy for 99 % of the window"])
        let prompt = try judged {
            $0.generator.wakeLateness = histogram(900_000)
            $0.generator.backPressureWait = histogram(900_000_000)
            $0.generator.busiestLoopShare = 0.9
        }
        #expect(prompt.isValid)
    }

    @Test("noisy host where the hypervisor takes processors, or other programs do while tasks wait")
    func noisyHost() throws {
        let stolen = try judged {
            $0.hostActivity = try activity(total: 4_000, idle: 1_000, steal: 400, pressure: nil)
        }
        #expect(!stolen.isValid && stolen.notes == ["noisy host: the hypervisor took 10 % of the processors' time"])
        // Two processors for two seconds: own programs use one second, others one and a half.
        func others(used: UInt64, waiting: UInt64) throws -> Validity {
            try judged {
                $0.hostActivity = try activity(
                    total: 4_000_000_000, idle: 3_000_000_000 - used, steal: 0, pressure: waiting)
                $0.server.processorNanoseconds = 700_000_000
                $0.generatorCost.processorNanoseconds = 300_000_000
            }
        }
        let noisy = try others(used: 1_500_000_000, waiting: 1_000_000_000)
        #expect(!noisy.isValid && noisy.notes.contains { $0.hasPrefix("noisy host: other programs used 38 %") })
        #expect(try others(used: 1_500_000_000, waiting: 100_000_000).isValid, "nobody had to wait")
        #expect(try others(used: 400_000_000, waiting: 1_000_000_000).isValid, "the load itself fills the machine")
    }

    @Test("not steady where throughput drifts, unless it was meant to")
    func notSteady() throws {
        func drift(_ record: inout TrialRecord) {
            var timeline = Timeline(intervalNanoseconds: 100_000_000)
            for interval in 0..<20 as Range<UInt64> {
                for index in 0..<(100 - 3 * interval) {
                    timeline.recordCompletion(
                        atNanoseconds: interval * 100_000_000 + index * 900_000, latencyNanoseconds: 5_000)
                }
            }
            record.timeline = timeline
        }
        let drifting = try judged { drift(&$0) }
        #expect(!drifting.isValid && drifting.notes.contains { $0.hasPrefix("not steady: throughput drifts") })
        for change in [
            { $0.plan.shape = .ramp(from: 1, to: 0.4) }, { $0.plan.arrival = .burst(size: 5, perSecond: 1_000) },
        ] as [(inout TrialRecord) -> Void] {
            #expect(
                try judged {
                    drift(&$0)
                    change(&$0)
                }.isValid)
        }
    }

    @Test("with a note, and valid, where samples are too few for p99 or intervals for steadiness")
    func tooFewSamples() throws {
        let few = try judged { record in
            record.operations = [OperationRecord(kind: "get", completed: 100, latency: LatencyHistogram())]
            record.operations[0].latency.record(5_000, count: 100)
            record.arrivals = ArrivalAccount(offered: 100, completed: 100)
        }
        #expect(few.isValid)
        #expect(
            few.notes.contains { $0.hasPrefix("too few samples: p99 needs 368 independent samples; 100 were taken") })
        let short = try judged { $0.timeline = Timeline() }
        #expect(short.isValid && short.notes.contains { $0.hasPrefix("too few samples: 0 intervals") })
    }

    @Test("unbalanced where an operation is unaccounted for, with the sum in words")
    func unbalanced() throws {
        let lost = try judged { $0.arrivals = ArrivalAccount(offered: 4_001, completed: 3_999, inFlightAtEnd: 1) }
        #expect(!lost.isValid)
        #expect(lost.notes.contains { $0.hasPrefix("unbalanced: 4001 offered = 3999 completed") })
        #expect(lost.notes.contains { $0.contains("1 unaccounted for") })
    }

    @Test("by too many errors, by nothing completed, by values out of range, and by an interruption")
    func others() throws {
        let failing = try judged { $0.arrivals = ArrivalAccount(offered: 4_000, completed: 3_900, timedOut: 100) }
        #expect(failing.notes.contains { $0.hasPrefix("errors: ") } && !failing.isValid)
        let nothing = try judged {
            $0.operations = []
            $0.arrivals = ArrivalAccount(offered: 5, timedOut: 5)
        }
        #expect(nothing.notes.contains { $0.hasPrefix("nothing completed: 5 offered") } && !nothing.isValid)
        let rejected = try judged { $0.operations[0].latency.record(.max) }
        #expect(rejected.notes.contains { $0.hasPrefix("rejected samples: 1 ") } && !rejected.isValid)
        let cut = try judged { $0.isInterrupted = true }
        #expect(cut.notes == ["interrupted: the trial was broken off"] && !cut.isValid)
    }
}
