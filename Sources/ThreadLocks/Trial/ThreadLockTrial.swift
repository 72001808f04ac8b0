/// Runs an in-process lock under threads of its own, and gathers what shows whether it works and what it costs.
public enum ThreadLockTrial {
    /// Runs the lock that `text` names, such as `ttas` or `ticket[spin-limit=64]`, under `load`.
    ///
    /// Blocks the calling thread for the length of the trial; call it from a thread or queue of its own.
    ///
    /// - Parameter makeSink: makes the sink for the acquire latencies of thread `i`, in nanoseconds.
    /// - Returns: the result, and the sinks by thread.
    /// - Throws: `ThreadLockError` if the lock, an option or the load isn't valid, or the system refuses a thread.
    public static func run<Sink: LatencySink>(
        lock text: String, load: ThreadLockLoad, makeSink: (Int) -> Sink
    ) throws(ThreadLockError) -> (result: ThreadLockResult, sinks: [Sink]) {
        let variant = try ThreadLockVariant(text)
        try load.validate()
        let boxes = (0..<load.threads).map { SinkBox(makeSink($0)) }
        let result = try variant.entry.trial(variant.values, variant.description, load, drains(into: boxes))
        return (result, boxes.map(\.sink))
    }

    /// Runs `lock`, one that the catalogue need not know, under `load`. Otherwise as `run(lock:load:makeSink:)` by name.
    public static func run<Lock: ThreadLock, Sink: LatencySink>(
        _ lock: Lock, named name: String, load: ThreadLockLoad, makeSink: (Int) -> Sink
    ) throws(ThreadLockError) -> (result: ThreadLockResult, sinks: [Sink]) {
        try load.validate()
        let boxes = (0..<load.threads).map { SinkBox(makeSink($0)) }
        let result = try execute(lock, name: name, load: load, drains: drains(into: boxes))
        return (result, boxes.map(\.sink))
    }

    private static func drains<Sink>(into boxes: [SinkBox<Sink>]) -> [LatencyDrain] {
        boxes.map { box in { box.sink.record(contentsOf: $0) } }
    }

    /// The trial itself. The load is valid and there is a drain for each thread.
    static func execute<Lock: ThreadLock>(
        _ lock: Lock, name: String, load: ThreadLockLoad, drains: [LatencyDrain]
    ) throws(ThreadLockError) -> ThreadLockResult {
        let roundsPerNanosecond = SpinWork.calibrate()
        let control = TrialControl(load: load)
        let shared = SharedRegion(lineCount: load.sharedCacheLines, auditLimit: load.auditedAcquisitions)
        defer { shared.deallocate() }
        let workers = drains.enumerated().map { index, drain in
            TrialWorker(
                lock: lock, index: index, control: control, shared: shared, roundsPerNanosecond: roundsPerNanosecond,
                drain: drain)
        }
        defer { for worker in workers { lock.destroyContext(worker.context) } }
        let threads = try start(workers, control)
        control.start()
        let isStalled = control.conduct()
        for thread in threads { thread.join() }
        let audit = shared.auditEntries
        return ThreadLockResult(
            lock: name, claimsFirstComeFirstServed: Lock.isFirstComeFirstServed,
            windowNanoseconds: control.windowNanoseconds, threads: workers.map(\.window),
            exclusion: ExclusionEvidence(
                acquisitions: workers.reduce(0) { $0 + $1.acquisitionsInAll }, sharedCounter: shared.counter,
                tornInvariants: workers.reduce(0) { $0 + $1.tornInvariants }),
            order: audit.isEmpty ? nil : OrderAudit(audit), acquisitionOrder: shared.acquisitionOrder,
            isStalled: isStalled)
    }

    private static func start<Lock>(
        _ workers: [TrialWorker<Lock>], _ control: TrialControl
    ) throws(ThreadLockError) -> [TrialThread] {
        var threads: [TrialThread] = []
        for worker in workers {
            do throws(ThreadLockError) {
                threads.append(try TrialThread { worker.run() })
            } catch {
                control.cancel()
                for thread in threads { thread.join() }
                throw error
            }
        }
        return threads
    }
}

/// A sink on its way to a thread and back.
private final class SinkBox<Sink: LatencySink>: @unchecked Sendable {
    // @unchecked: used by one thread at a time; handed over by starting and joining it.
    var sink: Sink

    init(_ sink: Sink) {
        self.sink = sink
    }
}
