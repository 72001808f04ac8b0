import Measurement
import Statistics

extension Metric {
    /// How long it took.
    static let latencies: [Metric] =
        latencyPercentiles + [
            .number(
                "latency_max_ns", .nanoseconds, .lower, .measured, aliases: ["latency_max", "max"],
                "The longest latency, exact."
            ) { row in row.operation.latency.max.map { Double($0) } },
            .number(
                "latency_mean_ns", .nanoseconds, .lower, .measured, aliases: ["latency_mean", "mean"],
                "The mean latency."
            ) { $0.operation.latency.mean },
        ] + bounds(0.5, "p50") + bounds(0.99, "p99") + bounds(0.999, "p999") + [
            service(50, "p50"), service(99, "p99"), service(99.9, "p999"),
            .number(
                "floor_ns", .nanoseconds, .neither, .measured,
                "The least that the operation must take on this machine: its message delays at half a loopback round trip"
                    + " and, where synced, its sync delays at one sync with as many disks busy."
            ) { $0.floorNanoseconds },
            .number(
                "floor_multiple_p50", .number, .lower, .measured,
                "`latency_p50_ns` over `floor_ns`: comparable from machine to machine."
            ) { row in
                guard let floor = row.floorNanoseconds else { return nil }
                return row.operation.latency.value(atPercentile: 50).map { Double($0) / floor }
            },
            .number(
                "wake_lateness_p99_ns", .nanoseconds, .lower, .measured,
                "How late the open-loop generator woke, 99th percentile: its own fault."
            ) { row in
                row.ofTrial(row.record.generator.wakeLateness?.value(atPercentile: 99).map { Double($0) })
            },
            .number(
                "back_pressure_p99_ns", .nanoseconds, .lower, .measured,
                "How long open-loop operations waited for a free slot, 99th percentile: the system's doing."
            ) { row in
                row.ofTrial(row.record.generator.backPressureWait?.value(atPercentile: 99).map { Double($0) })
            },
        ]

    private static let percentiles: [(percentile: Double, name: String, words: String)] = [
        (50.0, "p50", "median"), (90, "p90", "90th percentile"), (99, "p99", "99th percentile"),
        (99.9, "p999", "99.9th percentile"), (99.99, "p9999", "99.99th percentile"),
    ]

    /// The quantile of latency that this metric is; nil for any other metric.
    var latencyQuantile: Double? {
        Self.percentiles.first { name == "latency_\($0.name)_ns" }.map { $0.percentile / 100 }
    }

    private static let latencyPercentiles: [Metric] = percentiles.map { percentile, name, words in
        .number(
            "latency_\(name)_ns", .nanoseconds, .lower, .measured, aliases: ["latency_\(name)", name],
            "Latency from the intended start, successes only, \(words)."
        ) { row in row.operation.latency.value(atPercentile: percentile).map { Double($0) } }
    }

    private static func bounds(_ quantile: Double, _ name: String) -> [Metric] {
        [(end: "low", word: "Lower", isLower: true), (end: "high", word: "Upper", isLower: false)].map {
            end, word, isLower in
            .number(
                "latency_\(name)_\(end)_ns", .nanoseconds, .neither, .measured,
                "\(word) bound of the 95 % interval of `latency_\(name)_ns`, dependence within the run accounted for;"
                    + " empty where the sample can't carry one."
            ) { row in
                guard case .interval(let interval) = row.operation.interval(ofQuantile: quantile) else { return nil }
                return isLower ? interval.lower : interval.upper
            }
        }
    }

    private static func service(_ percentile: Double, _ name: String) -> Metric {
        .number(
            "service_\(name)_ns", .nanoseconds, .lower, .measured, aliases: ["service_\(name)"],
            "Service time from the actual send, successes only, \(name): what a closed-loop tool would show."
        ) { row in row.operation.service?.value(atPercentile: percentile).map { Double($0) } }
    }
}
