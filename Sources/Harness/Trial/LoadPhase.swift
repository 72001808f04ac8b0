/// The stages of a trial's load. From `rest` to `drain` is a turn; after one the load rests again, until it is told to
/// take another turn or to finish.
enum LoadPhase: Int, Sendable, Comparable {
    /// Accounts are opened, values loaded.
    case prologue
    /// Nothing happens until a turn begins, or the end.
    case rest
    /// Load, before the window.
    case warmUp
    /// Load, measured.
    case window
    /// Nothing new is offered; what is under way ends.
    case drain
    /// The final state is read for the judge.
    case epilogue
    /// Nothing more happens.
    case ended

    static func < (left: LoadPhase, right: LoadPhase) -> Bool { left.rawValue < right.rawValue }
}
