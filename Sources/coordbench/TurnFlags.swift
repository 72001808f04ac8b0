import ArgumentParser
import Harness

/// How long the load stays with one cluster, as a flag.
struct TurnFlags: ParsableArguments {
    @Option(
        help: """
            How long the load stays with one cluster before the next has its turn; all are up at the same time. As long \
            as --duration or longer: each is measured in one piece.
            """)
    var turn: String?

    /// The time in nanoseconds.
    var nanoseconds: UInt64 {
        get throws(ScenarioError) {
            guard let turn else { return TurnTaking.usualTurnNanoseconds }
            let possible = PairedDesign.possibleTurns
            guard let nanoseconds = Quantity.duration(turn), possible.contains(nanoseconds) else {
                throw ScenarioError(
                    "'\(turn)' is not a time of \(Quantity.describe(nanoseconds: possible.lowerBound)) to "
                        + "\(Quantity.describe(nanoseconds: possible.upperBound)); for example 50ms",
                    at: .commandLine("--turn"))
            }
            return nanoseconds
        }
    }
}
