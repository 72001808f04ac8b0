/// Why a record or a results folder can't be read or written.
public enum RecordError: Error, Hashable, Sendable, CustomStringConvertible {
    /// The file or folder can't be opened or read.
    case unreadable(path: String, reason: String)
    /// The file ends in the middle.
    case truncated(path: String)
    /// The file is not JSON.
    case malformed(path: String, reason: String)
    /// The file is JSON of another sort.
    case otherSchema(path: String, found: String?, expected: String)
    /// The file was written by a newer program.
    case newerSchema(path: String, found: String, newest: String)
    /// A field has the wrong type, is missing or doesn't hold.
    case wrongField(path: String, field: String, reason: String)
    /// There is no run in the folder.
    case notResults(path: String)
    /// The folder can't be made or written into.
    case cannotCreate(path: String, reason: String)
    /// The folder holds results already, and they were not to be replaced.
    case alreadyThere(path: String)
    /// Writing a file failed.
    case cannotWrite(path: String, reason: String)
    /// The run ended before all of its trials had.
    case cutOff(path: String, trials: Int, planned: Int)
    /// A trial that the run lists is not there.
    case trialMissing(path: String)

    /// What is wrong and what to do.
    public var description: String {
        switch self {
        case .unreadable(let path, let reason): "can't read \(path): \(reason)"
        case .truncated(let path):
            "\(path) ends in the middle: the program or the copy that wrote it was cut off; run the trial again"
        case .malformed(let path, let reason): "\(path) is not JSON: \(reason)"
        case .otherSchema(let path, let found, let expected):
            "\(path) is not a \(expected) file" + (found.map { ": it says \($0)" } ?? ": it names no schema")
        case .newerSchema(let path, let found, let newest):
            "\(path) is of schema \(found), this program reads up to \(newest): use the newer coordbench"
        case .wrongField(let path, let field, let reason):
            "\(path) is damaged at '\(field)': \(reason)"
        case .notResults(let path):
            "\(path) holds no results (no run.json): name the folder that a run wrote, such as results/latest"
        case .cannotCreate(let path, let reason):
            "can't make results in \(path): \(reason); choose another folder or change its permissions"
        case .alreadyThere(let path):
            "\(path) holds the results of another run: choose another folder or remove it"
        case .cannotWrite(let path, let reason):
            "can't write \(path): \(reason); free some space or choose another folder"
        case .cutOff(let path, let trials, let planned):
            "the run in \(path) was cut off after \(trials) of \(planned) trials; run it again, into another folder to keep these"
        case .trialMissing(let path): "the trial \(path) is listed in run.json and not there"
        }
    }

    /// Whether the trouble is with creating (exit code 73), with writing (74) or with what was read (65).
    public enum Trouble: Sendable, Hashable {
        /// Reading found nothing, or nothing sound.
        case reading
        /// A folder or file can't be created.
        case creating
        /// Writing failed.
        case writing
    }

    /// Which of the three it is, for the exit code.
    public var trouble: Trouble {
        switch self {
        case .cannotCreate, .alreadyThere: .creating
        case .cannotWrite: .writing
        default: .reading
        }
    }
}
