/// A stretch of a trial's load: some time before the window, then the window.
struct LoadTurn {
    /// Time before the window, excluded from all figures, in nanoseconds.
    var warmUpNanoseconds: UInt64
    /// The measured time in nanoseconds.
    var windowNanoseconds: UInt64
    /// What an open loop's random starts are drawn by.
    var seed: UInt64
}

/// A trial whose cluster is up and whose load waits: measured turn by turn, until it is finished or let go.
///
/// One thread at a time may use it.
protocol HeldTrial: Sendable {
    /// Makes load on the calling thread.
    ///
    /// - Returns: whether anything has been measured so far; false after a request to stop that came before.
    func take(_ turn: LoadTurn) throws -> Bool
    /// Reads the final state and judges; nothing more can be measured.
    func finish() -> TrialRecord
    /// Ends the cluster and removes its files; nothing else may be called afterwards.
    func stop()
}
