import Dispatch
import Foundation
import ProtocolKit
import Synchronization

#if canImport(Glibc)
    import Glibc
#else
    import Darwin
#endif

/// Runs a range of seeds on several threads.
public enum SimulationCampaign {
    /// What many runs came to.
    public struct Summary: Sendable {
        /// Runs done.
        public var seeds = 0
        /// Runs in which everything that was checked held.
        public var passed = 0
        /// Steps of all runs.
        public var steps = UInt64(0)
        /// All runs' fingerprints together, whatever order they ended in: equal for equal runs.
        public var fingerprint = UInt64(0)
        /// Operations answered, surely without effect, and of unknown effect.
        public var answered = 0, failed = 0, indeterminate = 0
        /// What the runs went through together.
        public var coverage = Coverage()
        /// Virtual time of all runs in nanoseconds.
        public var virtualNanoseconds = UInt64(0)
        /// Time that the campaign took in nanoseconds.
        public var elapsedNanoseconds = UInt64(0)
        /// Number of threads.
        public var workers = 0
        /// Runs in which something didn't hold, by seed, up to ``kept``.
        public var failures: [SimulationResult] = []
        /// Runs that show nothing either way, by seed, up to ``kept``.
        public var unknown: [SimulationResult] = []
        /// How many runs didn't hold, and how many show nothing.
        public var failureCount = 0, unknownCount = 0
        /// The first seed that wasn't started; nil when all were.
        public var nextSeed: UInt64?
        /// How many failures and unknowns are kept.
        public static let kept = 64

        /// Steps a second over all threads.
        public var stepsPerSecond: Double {
            elapsedNanoseconds == 0 ? 0 : Double(steps) * 1e9 / Double(elapsedNanoseconds)
        }

        /// What is kept of a run that passed is its counts.
        @usableFromInline
        mutating func add(_ result: SimulationResult) {
            seeds += 1
            steps += result.steps
            fingerprint &+= result.fingerprint
            answered += result.answered
            failed += result.failed
            indeterminate += result.indeterminate
            coverage += result.coverage
            virtualNanoseconds += result.virtualNanoseconds
            switch result.outcome {
            case .passed: passed += 1
            case .violated:
                failureCount += 1
                Self.keep(result, in: &failures)
            case .unknown:
                unknownCount += 1
                Self.keep(result, in: &unknown)
            }
        }

        private static func keep(_ result: SimulationResult, in results: inout [SimulationResult]) {
            let place = results.firstIndex { $0.seed > result.seed } ?? results.count
            guard place < kept else { return }
            results.insert(result, at: place)
            if results.count > kept { results.removeLast() }
        }
    }

    /// Runs every seed of a range with otherwise equal options.
    ///
    /// - Parameters:
    ///   - seeds: the seeds, started in order.
    ///   - options: what else the runs depend on.
    ///   - workers: how many threads; nil for one a core.
    ///   - stopsAtFailure: whether no more seeds are started once something didn't hold.
    ///   - isCancelled: asked before each run; once it says so, no more seeds are started.
    ///   - progress: called after each run on the thread that did it, with what there is so far.
    /// - Throws: ``OptionError`` naming the valid options where one is unknown or out of range.
    @inlinable
    public static func run<System: ClusterSystem>(
        _ type: System.Type, seeds: ClosedRange<UInt64>, options: SimulationOptions, workers: Int? = nil,
        stopsAtFailure: Bool = false, isCancelled: @escaping @Sendable () -> Bool = { false },
        progress: @escaping @Sendable (Summary) -> Void = { _ in }
    ) throws(OptionError) -> Summary {
        let simulation = try Simulation(type, options: options)
        let ledger = Ledger(seeds: seeds)
        let count = max(1, workers ?? activeCores())
        let begin = DispatchTime.now().uptimeNanoseconds
        onThreads(count) {
            while !isCancelled(), let seed = ledger.nextSeed() {
                var options = simulation.options
                options.seed = seed
                let result = Simulation(simulation.system, options: options).run()
                let soFar = ledger.add(result, stopsAtFailure: stopsAtFailure, begin: begin, workers: count)
                progress(soFar)
            }
        }
        var summary = ledger.summary
        summary.nextSeed = ledger.unstarted
        summary.elapsedNanoseconds = DispatchTime.now().uptimeNanoseconds - begin
        summary.workers = count
        return summary
    }
}

/// Gives out seeds and gathers results.
@usableFromInline
final class Ledger: Sendable {
    private struct State {
        var next: UInt64?
        let last: UInt64
        var isStopped = false
        var summary = SimulationCampaign.Summary()
    }
    private let state: Mutex<State>

    @usableFromInline
    init(seeds: ClosedRange<UInt64>) {
        state = Mutex(State(next: seeds.lowerBound, last: seeds.upperBound))
    }

    @usableFromInline
    func nextSeed() -> UInt64? {
        state.withLock { state in
            guard !state.isStopped, let seed = state.next else { return nil }
            state.next = seed == state.last ? nil : seed + 1
            return seed
        }
    }

    @usableFromInline
    func add(
        _ result: SimulationResult, stopsAtFailure: Bool, begin: UInt64, workers: Int
    ) -> SimulationCampaign.Summary {
        state.withLock { state in
            state.summary.add(result)
            state.summary.elapsedNanoseconds = DispatchTime.now().uptimeNanoseconds - begin
            state.summary.workers = workers
            if stopsAtFailure, result.outcome.isViolated { state.isStopped = true }
            return state.summary
        }
    }

    @usableFromInline
    var unstarted: UInt64? { state.withLock { $0.next } }

    @usableFromInline
    var summary: SimulationCampaign.Summary { state.withLock { $0.summary } }
}

/// Runs a body on several threads of its own, of which the caller's is one, and waits for all.
///
/// Dispatch's shared pool may give a blocked or busy process fewer threads than cores.
@usableFromInline
func onThreads(_ count: Int, _ body: @escaping @Sendable () -> Void) {
    let group = DispatchGroup()
    for _ in 1..<max(1, count) {
        group.enter()
        let thread = Thread {
            body()
            group.leave()
        }
        thread.stackSize = 8 << 20
        thread.start()
    }
    body()
    group.wait()
}

/// Number of cores that this process may use.
@usableFromInline
func activeCores() -> Int {
    max(1, sysconf(Int32(_SC_NPROCESSORS_ONLN)))
}
