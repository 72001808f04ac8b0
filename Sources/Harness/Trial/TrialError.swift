import ProtocolKit

/// Why a trial couldn't be run.
public enum TrialError: Error, Sendable, CustomStringConvertible {
    /// An operation that prepares the load kept failing.
    case preparationFailed(operation: Int, of: Int, error: String)
    /// The servers under `--connect` don't answer.
    case cannotReach(address: String, reason: String)
    /// The file of a trace isn't what it was when the trial was planned.
    case traceChanged(path: String)

    /// What happened and what to do.
    public var description: String {
        switch self {
        case .preparationFailed(let operation, let count, let error):
            "preparing the load failed at operation \(operation) of \(count): \(error)"
        case .cannotReach(let address, let reason):
            "no server answers at \(address): \(reason); start it, or correct --connect"
        case .traceChanged(let path): "the trace \(path) has changed since the trial was planned; run it again"
        }
    }
}
