/// The stages of a trial's load.
enum LoadPhase: Int, Sendable, Comparable {
    /// Accounts are opened, values loaded.
    case prologue
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
