import ProtocolKit

/// The search for a smaller run that breaks the same property.
@usableFromInline
struct ShrinkSearch {
    /// What a run is made of here.
    private struct Candidate {
        var options: SimulationOptions
        var script: [ScheduledFault]
    }

    private let property: String
    private let nodeRange: ClosedRange<Int>
    private let run: (SimulationOptions) -> SimulationResult
    private let isCancelled: () -> Bool
    private let originalFaults: Int
    private var left: Int
    private var replays = 0
    private var best: Candidate
    private var result: SimulationResult

    /// A search that begins with the faults of a failed run; nil where nothing failed or the script doesn't.
    @usableFromInline
    init?(
        failure: SimulationResult, options: SimulationOptions, nodeRange: ClosedRange<Int>, replays: Int,
        isCancelled: @escaping () -> Bool, run: @escaping (SimulationOptions) -> SimulationResult
    ) {
        guard let property = failure.brokenProperty, replays > 0 else { return nil }
        self.property = property
        self.nodeRange = nodeRange
        self.run = run
        self.isCancelled = isCancelled
        originalFaults = failure.faults.count
        left = replays
        best = Candidate(options: options, script: failure.faults)
        best.options.traceLimit = 0
        result = failure
        guard fails(best) else { return nil }
    }

    @usableFromInline
    mutating func shrink() -> ShrunkFailure {
        var isMinimal = false
        while left > 0 {
            let before = size
            // Faults first: with few operations left a fault may be needed only for its timing.
            isMinimal = removeFaults()
            lower(\.usersPerClient, toAtLeast: 1)
            lower(\.clients, toAtLeast: 1)
            lowerNodes()
            lowerOperations()
            guard size != before else { break }
            isMinimal = false
        }
        roundTimes()
        return ShrunkFailure(
            options: best.options.replaying(best.script), script: best.script, result: result, replays: replays,
            isMinimal: isMinimal, originalFaults: originalFaults)
    }

    /// What a pass over everything may make smaller.
    private var size: [Int] {
        [best.script.count, best.options.operations, best.options.nodes, best.options.clients]
            + [best.options.usersPerClient]
    }

    /// Runs a candidate and keeps it where it breaks the same property.
    private mutating func fails(_ candidate: Candidate) -> Bool {
        guard left > 0, !isCancelled() else {
            left = 0
            return false
        }
        left -= 1
        replays += 1
        let outcome = run(candidate.options.replaying(candidate.script))
        guard outcome.brokenProperty == property else { return false }
        best = candidate
        result = outcome
        return true
    }

    /// Fewer operations: by halves, then by less.
    private mutating func lowerOperations() {
        var step = best.options.operations / 2
        while step > 0, left > 0 {
            var candidate = best
            candidate.options.operations -= step
            if candidate.options.operations < 1 || !fails(candidate) { step /= 2 }
        }
    }

    private mutating func lower(_ property: WritableKeyPath<SimulationOptions, Int>, toAtLeast bound: Int) {
        var target = bound
        while target < best.options[keyPath: property], left > 0 {
            var candidate = best
            candidate.options[keyPath: property] = target
            if fails(candidate) { return }
            target += 1
        }
    }

    private mutating func lowerNodes() {
        var target = nodeRange.lowerBound
        while target < best.options.nodes, left > 0 {
            var candidate = best
            candidate.options.nodes = target
            candidate.script.removeAll { item in item.fault.nodes.contains { Int($0.rawValue) >= target } }
            if fails(candidate) { return }
            target += 1
        }
    }

    /// Delta debugging (Zeller & Hildebrandt, "Simplifying and Isolating Failure-Inducing Input", 2002): leaves out ever
    /// smaller parts of the script.
    ///
    /// - Returns: whether no single fault can be left out of what remains.
    private mutating func removeFaults() -> Bool {
        var parts = min(2, best.script.count)
        if parts > 0 {
            var empty = best
            empty.script = []
            if fails(empty) { return true }
        }
        while parts > 0, left > 0 {
            let count = best.script.count
            var isReduced = false
            for part in 0..<parts {
                let (start, end) = (part * count / parts, (part + 1) * count / parts)
                var candidate = best
                candidate.script.removeSubrange(start..<end)
                if fails(candidate) {
                    isReduced = true
                    break
                }
                if left == 0 { return false }
            }
            if isReduced {
                parts = min(max(parts - 1, 2), best.script.count)
            } else if parts < count {
                parts = min(2 * parts, count)
            } else {
                return true
            }
        }
        return left > 0
    }

    /// Times that people can read, where the property stays broken.
    private mutating func roundTimes() {
        for grain in [UInt64.milliseconds(100), .milliseconds(10), .milliseconds(1), .microseconds(10)] {
            for place in best.script.indices where best.script[place].nanoseconds % grain != 0 {
                var candidate = best
                let time = best.script[place].nanoseconds
                candidate.script[place].nanoseconds = (time + grain / 2) / grain * grain
                _ = fails(candidate)
                if left == 0 { return }
            }
        }
    }
}
