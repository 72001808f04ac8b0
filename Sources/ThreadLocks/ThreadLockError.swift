/// Why a lock can't be made or a trial can't be run.
public enum ThreadLockError: Error, Equatable, Sendable, CustomStringConvertible {
    /// No lock has this name.
    case unknownLock(name: String, known: [String])
    /// The text isn't `name` or `name[option=value,...]`.
    case malformed(text: String)
    /// The lock has no such option.
    case unknownOption(lock: String, option: String, known: [String])
    /// The option was given twice.
    case repeatedOption(lock: String, option: String)
    /// The option's value isn't a whole number in its range.
    case optionOutOfRange(lock: String, option: String, value: String, allowed: ClosedRange<UInt32>)
    /// A part of the load isn't in its range.
    case loadOutOfRange(name: String, value: String, allowed: String)
    /// The system refused a thread.
    case threadRefused(errno: Int32)

    /// What is wrong, and what would be right.
    public var description: String {
        switch self {
        case .unknownLock(let name, let known):
            "no in-process lock is called '\(name)'; there are \(known.joined(separator: ", "))"
        case .malformed(let text):
            "'\(text)' is not a lock: write name or name[option=value,...]"
        case .unknownOption(let lock, let option, let known):
            known.isEmpty
                ? "\(lock) has no options, so none called '\(option)'"
                : "\(lock) has no option '\(option)'; there are \(known.joined(separator: ", "))"
        case .repeatedOption(let lock, let option):
            "option '\(option)' of \(lock) is given twice"
        case .optionOutOfRange(let lock, let option, let value, let allowed):
            "option '\(option)' of \(lock) is '\(value)'; it must be a whole number in "
                + "\(allowed.lowerBound)...\(allowed.upperBound)"
        case .loadOutOfRange(let name, let value, let allowed):
            "\(name) is \(value); it must be in \(allowed)"
        case .threadRefused(let errno):
            "the system refused to start a thread (error \(errno)); ask for fewer threads"
        }
    }
}
