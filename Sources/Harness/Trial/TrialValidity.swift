import Measurement
import Statistics

/// Whether a trial's figures may be relied upon: the rules in one place.
enum TrialValidity {
    /// Wake lateness at p99 above which the figures are the generator's own, in nanoseconds.
    static let wakeLatenessBound: UInt64 = 1_000_000
    /// Share of the window that the generator's loop may be busy.
    static let loopShareBound = 0.97
    /// Share of the processors' time that others may take.
    static let stealBound = 0.05
    /// Share of operations that may fail.
    static let errorBound = 0.01

    static func judge(_ record: inout TrialRecord) {
        if let lateness = record.generator.wakeLateness?.value(atPercentile: 99), lateness > wakeLatenessBound {
            record.validity.refuse(.generatorLimited, "woke \(lateness / 1000) µs late at p99")
        }
        if let share = record.generator.busiestLoopShare, share > loopShareBound {
            record.validity.refuse(
                .generatorLimited, "its loop was busy for \(Int((share * 100).rounded())) % of the window")
        }
        if let steal = record.hostActivity?.stealShare, steal > stealBound {
            record.validity.refuse(
                .noisyHost, "others took \(Int((steal * 100).rounded())) % of the processors' time")
        }
        if !record.arrivals.isBalanced { record.validity.refuse(.unbalanced, record.arrivals.sentence) }
        judgeOutcome(&record)
        // Faults and shapes are there to make operations fail and throughput move.
        if record.plan.faults.isEmpty, record.plan.shape == .steady { judgeSteadiness(&record) }
        if record.isInterrupted { record.validity.refuse(.interrupted, "the trial was broken off") }
    }

    private static func judgeOutcome(_ record: inout TrialRecord) {
        let all = record.allOperations
        guard all.completed > 0 else { return record.validity.refuse(.nothingCompleted, record.arrivals.sentence) }
        let lost = record.arrivals.offered &- min(record.arrivals.offered, record.arrivals.completed)
        if record.plan.faults.isEmpty, Double(lost) > errorBound * Double(record.arrivals.offered) {
            record.validity.refuse(.errors, record.arrivals.sentence)
        }
        let rejected = record.operations.reduce(UInt64(0)) { $0 &+ $1.latency.rejectedCount }
        if rejected > 0 { record.validity.refuse(.rejectedSamples, "\(rejected) latencies out of range") }
    }

    private static func judgeSteadiness(_ record: inout TrialRecord) {
        guard let timeline = record.timeline else { return }
        let whole = Int(record.windowNanoseconds / timeline.intervalNanoseconds)
        let intervals = timeline.completedPerInterval.prefix(whole).map { Double($0) }
        let steadiness = Steadiness.judge(Array(intervals), tolerance: 0.15)
        record.steadiness = steadiness
        switch steadiness.verdict {
        case .steady: break
        case .drifting: record.validity.refuse(.notSteady, steadiness.reason)
        default: record.validity.note(.tooFewSamples, steadiness.reason)
        }
    }
}
