import Measurement
import Statistics

/// Whether a trial's figures may be relied upon: the rules in one place.
enum TrialValidity {
    /// Wake lateness at p99 above which the figures are the generator's own, in nanoseconds.
    static let wakeLatenessBound: UInt64 = 1_000_000
    /// Share of the window that the generator's loop may be busy.
    static let loopShareBound = 0.97
    /// Share of the processors' time that the hypervisor may take.
    static let stealBound = 0.05
    /// Share of the processors' time that other programs may use, where tasks waited for a processor meanwhile.
    static let othersBound = 0.2
    /// Share of the time in which tasks may wait for a processor, where others use it.
    static let pressureBound = 0.1
    /// Share of operations that may fail.
    static let errorBound = 0.01

    static func judge(_ record: inout TrialRecord) {
        if let limit = generatorLimit(record) { record.validity.refuse(.generatorLimited, limit) }
        if let noise = hostNoise(record) { record.validity.refuse(.noisyHost, noise) }
        if !record.arrivals.isBalanced { record.validity.refuse(.unbalanced, record.arrivals.sentence) }
        judgeOutcome(&record)
        judgeSamples(&record)
        // Faults, shapes, bursts and traces are there to make operations fail or throughput move.
        if record.plan.faults.isEmpty, record.plan.isSteadyLoad { judgeSteadiness(&record) }
        if record.isInterrupted { record.validity.refuse(.interrupted, "the trial was broken off") }
    }

    /// Why the figures are the generator's own; nil where they are the system's.
    ///
    /// Back-pressure, the wait for a free user, is the system's doing and no reason.
    static func generatorLimit(_ record: TrialRecord) -> String? {
        if let lateness = record.generator.wakeLateness?.value(atPercentile: 99), lateness > wakeLatenessBound {
            return "woke \(lateness / 1000) µs late at p99"
        }
        guard let share = record.generator.busiestLoopShare, share > loopShareBound else { return nil }
        return "its loop was busy for \(Int((share * 100).rounded())) % of the window"
    }

    /// Who else was at work; nil where the machine was quiet.
    ///
    /// Waiting for a processor alone says nothing, since a load may use all of them by itself: what counts is that
    /// programs which are neither generator nor server used them meanwhile.
    static func hostNoise(_ record: TrialRecord) -> String? {
        guard let activity = record.hostActivity, activity.totalNanoseconds > 0 else { return nil }
        func percent(_ share: Double) -> Int { Int((share * 100).rounded()) }
        if activity.stealShare > stealBound {
            return "the hypervisor took \(percent(activity.stealShare)) % of the processors' time"
        }
        guard let others = othersShare(record), others > othersBound,
            let pressure = activity.processorPressureNanoseconds, record.windowNanoseconds > 0
        else { return nil }
        let waiting = min(1, Double(pressure) / Double(record.windowNanoseconds))
        guard waiting > pressureBound else { return nil }
        return "other programs used \(percent(others)) % of the processors' time, and tasks waited for one during "
            + "\(percent(waiting)) % of the window"
    }

    /// The share of the processors' time that neither generator nor server used; nil where theirs is not known.
    static func othersShare(_ record: TrialRecord) -> Double? {
        guard let activity = record.hostActivity, activity.totalNanoseconds > 0,
            let server = record.server.processorNanoseconds, let generator = record.generatorCost.processorNanoseconds
        else { return nil }
        let quiet = Double(activity.idleNanoseconds) + Double(activity.stealNanoseconds)
        let others = Double(activity.totalNanoseconds) - quiet - Double(server) - Double(generator)
        return max(0, others / Double(activity.totalNanoseconds))
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

    /// Notes what the window can't carry; the figures that it can are valid nevertheless.
    private static func judgeSamples(_ record: inout TrialRecord) {
        let all = record.allOperations
        guard all.completed > 0, case .tooFew(let needed) = all.interval(ofQuantile: 0.99) else { return }
        let worth = all.effectiveSamples.first { $0.quantile == 0.99 }.map { Int($0.size) }
        record.validity.note(
            .tooFewSamples,
            "p99 needs \(needed) independent samples; \(all.completed) were taken"
                + (worth.map { ", worth \($0)" } ?? ""))
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

extension PlannedTrial {
    /// Whether the load is meant to stay where it is over the window.
    var isSteadyLoad: Bool {
        switch arrival {
        case .burst, .trace: false
        case .closed, .constant, .poisson: shape == .steady
        }
    }
}
