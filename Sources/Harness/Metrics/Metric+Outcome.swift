import Measurement

extension Metric {
    /// How much was done, and what went wrong.
    static let outcome: [Metric] = [
        .number(
            "throughput_per_s", .perSecond, .higher, .measured, aliases: ["throughput"],
            "Operations that succeeded inside the window, a second."
        ) { row in
            guard row.record.windowNanoseconds > 0 else { return nil }
            return row.successesInWindow.map { Double($0) / (Double(row.record.windowNanoseconds) / 1e9) }
        },
        .number("completed", .number, .higher, .measured, "Operations offered in the window that succeeded.") {
            Double($0.operation.completed)
        },
        .number(
            "errors", .number, .lower, .measured,
            "Operations offered in the window that did not succeed, of every sort of error."
        ) { Double($0.operation.errorCount) },
        .number(
            "error_share", .share, .lower, .measured, "Errors over all operations that ended, with success or without."
        ) { row in
            let ended = Double(row.operation.completed) + Double(row.operation.errorCount)
            return ended > 0 ? Double(row.operation.errorCount) / ended : nil
        },
        .number("offered", .number, .neither, .measured, "Operations whose intended start lies in the window.") {
            $0.ofTrial(Double($0.record.arrivals.offered))
        },
        .number("failed", .number, .lower, .measured, "Of the offered, answered with an error or cut off.") {
            $0.ofTrial(Double($0.record.arrivals.failed))
        },
        .number("timed_out", .number, .lower, .measured, "Of the offered, not answered in the time given.") {
            $0.ofTrial(Double($0.record.arrivals.timedOut))
        },
        .number("dropped", .number, .lower, .measured, "Of the offered, never sent for want of a slot.") {
            $0.ofTrial(Double($0.record.arrivals.dropped))
        },
        .number("in_flight_at_end", .number, .lower, .measured, "Of the offered, still under way after the drain.") {
            $0.ofTrial(Double($0.record.arrivals.inFlightAtEnd))
        },
        .number(
            "unaccounted", .number, .lower, .measured,
            "Offered less all that is accounted for: other than 0 is an error of the generator."
        ) { $0.ofTrial(Double($0.record.arrivals.unaccounted)) },
    ]

    /// How evenly the work fell on those who competed for it.
    static let fairness: [Metric] = [
        .number(
            "fairness_jain", .share, .higher, .measured, aliases: ["jain"],
            "Jain's index over the clients' completed operations: 1 is even, 1/n is all to one."
        ) { $0.ofTrial($0.record.fairness?.jainIndex) },
        .number(
            "fairness_min_share", .share, .higher, .measured,
            "The least served client's operations over an equal share."
        ) { $0.ofTrial($0.record.fairness?.minimumShare) },
        .number(
            "fairness_top_half_share", .share, .lower, .measured,
            "What the better-served half of the clients got of everything: 0.5 is even."
        ) { $0.ofTrial($0.record.fairness?.topHalfShare) },
        .number(
            "fairness_relative_deviation", .number, .lower, .measured,
            "Standard deviation of the clients' operations over their mean."
        ) { $0.ofTrial($0.record.fairness?.relativeStandardDeviation) },
        .number(
            "overtakes", .number, .lower, .measured,
            "Pairs of lock requests of which the later was served first: 0 is first come, first served."
        ) { row in
            row.ofTrial(row.record.waiterFairness.map { Double($0.overtakes) } ?? row.record.extra("overtakes"))
        },
        .number("longest_wait_ns", .nanoseconds, .lower, .measured, "The longest time from lock request to grant.") {
            row in row.ofTrial(row.record.waiterFairness.map { Double($0.longestWaitNanoseconds) })
        },
        .number(
            "acquisitions_to_reacquire", .number, .neither, .measured,
            "Median number of grants from one of a client's to its next: the number of clients when they take turns."
        ) { $0.ofTrial($0.record.waiterFairness?.medianAcquisitionsToReacquire) },
    ]
}
