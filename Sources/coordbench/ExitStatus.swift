import Analysis
import Harness
import LoopbackRuntime
import Measurement
import Placement
import ProtocolKit
import ThreadLocks
import Workload

/// The one table of exit codes. Never 1: that is what everything else exits with.
enum ExitStatus: Int32, CaseIterable {
    /// Done, pass, correct.
    case done = 0
    /// A threshold or gate failed, or B is worse than A.
    case thresholdFailed = 3
    /// A checker found a violation.
    case violated = 4
    /// Unknown or not valid.
    case inconclusive = 5
    /// The command line or scenario is wrong.
    case usage = 64
    /// Data is unreadable or corrupt.
    case unreadable = 65
    /// Something needed is missing or doesn't answer.
    case unavailable = 69
    /// Our own bug.
    case software = 70
    /// A file or folder can't be created.
    case cannotCreate = 73
    /// Writing failed.
    case cannotWrite = 74
    /// Interrupted; what was measured is saved.
    case interrupted = 130

    /// The status that an error stands for; nil where it is not one of ours.
    init?(for error: any Error) {
        switch error {
        case is ScenarioError, is OptionError, is FaultTextError, is WorkloadError, is ThresholdError,
            is CommandNameError:
            self = .usage
        case ComparisonError.otherHost, ComparisonError.unknownHost: self = .inconclusive
        case ComparisonError.notPaired: self = .unreadable
        case is ComparisonError, is PairedDesignError: self = .usage
        case CatalogueError.cannotRun: self = .unavailable
        case is CatalogueError: self = .usage
        case is UnreadableHistory, is BaselineError: self = .unreadable
        case let error as RecordError:
            switch error.trouble {
            case .reading: self = .unreadable
            case .creating: self = .cannotCreate
            case .writing: self = .cannotWrite
            }
        case is OutputError: self = .cannotWrite
        case BuildError.unreadable: self = .usage
        case BuildError.cannotKeep: self = .cannotCreate
        case BuildError.interrupted, is GateInterrupted: self = .interrupted
        case is BuildError: self = .unavailable
        case is TrialPoolError, ErrorRateError.damaged: self = .unreadable
        case ErrorRateError.notACluster, ErrorRateError.otherSubject: self = .usage
        case is ErrorRateError: self = .inconclusive
        case let error as RuntimeError:
            switch error {
            case .invalidAddress, .unsupportedFault: self = .usage
            case .cannotListen, .socket, .noAnswer, .nodeFailed: self = .unavailable
            case .cannotWrite: self = .cannotWrite
            case .cannotRead, .corrupt, .foreignData: self = .unreadable
            }
        case ThreadLockError.threadRefused: self = .unavailable
        case is ThreadLockError, is PlacementError: self = .usage
        case is MeasurementError, is TrialError: self = .unavailable
        default: return nil
        }
    }

    /// The status of a run.
    init(_ judgement: RunJudgement) {
        switch judgement {
        case .violated: self = .violated
        case .interrupted: self = .interrupted
        case .thresholdFailed: self = .thresholdFailed
        case .inconclusive: self = .inconclusive
        case .passed: self = .done
        }
    }
}
