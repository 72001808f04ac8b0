import Workload

/// Reads recorded traces of arrivals from disk.
enum TraceFile {
    /// The trace of a file.
    ///
    /// - Throws: `RecordError` where it can't be read or is too large, `WorkloadError` at the line that is wrong.
    static func read(_ path: String) throws -> ArrivalTrace {
        guard let size = AtomicFile.size(of: path) else {
            throw RecordError.unreadable(
                path: path, reason: AtomicFile.exists(path) ? "not a plain file" : "no such file")
        }
        guard size <= ArrivalTrace.largestBytes else {
            throw RecordError.unreadable(
                path: path, reason: "it has \(size) bytes; a trace has at most \(ArrivalTrace.largestBytes)")
        }
        return try ArrivalTrace(parsing: try AtomicFile.read(path), name: path)
    }

    /// What a plan keeps of a trace, and how long the trace lasts as it is replayed: from the first arrival to the last,
    /// and a mean gap more.
    ///
    /// - Parameter rate: the mean rate to replay it at; nil for the recorded one.
    static func reference(
        to path: String, rate: Double?
    ) throws -> (reference: PlannedTrial.TraceReference, lengthNanoseconds: UInt64) {
        let own = try read(path)
        let trace = try rate.map { try own.scaled(toRatePerSecond: $0) } ?? own
        let reference = PlannedTrial.TraceReference(
            path: path, arrivals: trace.starts.count, perSecond: rate ?? trace.ratePerSecond ?? 0,
            isScaled: rate != nil, fingerprint: own.fingerprint)
        let gap = trace.starts.count > 1 ? trace.spanNanoseconds / UInt64(trace.starts.count - 1) : 0
        return (reference, trace.spanNanoseconds + max(1, gap))
    }

    /// The trace that a trial replays, scaled; nil where it replays none.
    ///
    /// - Throws: `TrialError.traceChanged` where the file is another than at the time of planning.
    static func trace(of plan: PlannedTrial) throws -> ArrivalTrace? {
        guard case .trace(let reference) = plan.arrival else { return nil }
        let trace = try read(reference.path)
        guard trace.fingerprint == reference.fingerprint else {
            throw TrialError.traceChanged(path: reference.path)
        }
        return reference.isScaled ? try trace.scaled(toRatePerSecond: reference.perSecond) : trace
    }
}
