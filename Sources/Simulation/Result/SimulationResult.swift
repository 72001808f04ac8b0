import ProtocolKit
import Verification

/// What came out of one simulated run.
public struct SimulationResult: Sendable {
    /// The seed.
    public var seed: UInt64
    /// What the service's judge says of the history.
    public var verdicts: [JudgedProperty]
    /// The first broken invariant, contract rule or codec; the run ended there.
    public var violation: InvariantViolation?
    /// Nodes that stopped themselves.
    public var halts: [Halt]
    /// Nodes that refused to start because their disk was damaged, and how they knew.
    public var detected: [Halt]
    /// The faults that struck and what ended them, in order: as a script they let the same run happen again.
    public var faults: [ScheduledFault]
    /// Whether all was answered after the faults had been healed.
    public var liveness: Liveness
    /// What the run went through.
    public var coverage: Coverage
    /// Inputs that nodes and clients handled, the ends of turns not counted.
    public var steps: UInt64
    /// How long the run took in virtual time, in nanoseconds.
    public var virtualNanoseconds: UInt64
    /// Operations answered.
    public var answered: Int
    /// Operations that surely had no effect.
    public var failed: Int
    /// Operations that may have had their effect.
    public var indeterminate: Int
    /// A digest of every event in order: equal for equal runs.
    public var fingerprint: UInt64
    /// The newest lines of the trace, where it was on.
    public var trace: String

    /// The name of what didn't hold: an invariant, a judged property, `halt` or `liveness`; nil where everything that was
    /// checked held or nothing was shown.
    public var brokenProperty: String? {
        guard outcome.isViolated else { return nil }
        if let violation { return violation.name }
        for judged in verdicts {
            if case .violated = judged.verdict { return judged.property }
        }
        return halts.isEmpty ? "liveness" : "halt"
    }

    /// What the run shows, worst first: a broken rule, then a missing answer, then an undecided judge.
    public var outcome: SimulationOutcome {
        if let violation {
            return .violated("\(violation.name): \(violation.message) (step \(violation.step))")
        }
        for judged in verdicts {
            if case .violated(let counterexample) = judged.verdict {
                return .violated("\(judged.property): \(counterexample.summary)")
            }
        }
        if let halt = halts.first { return .violated("node \(halt.node) halted: \(halt.reason)") }
        switch liveness {
        case .violated(let reason): return .violated("liveness: \(reason)")
        case .notChecked(let reason): return .unknown(reason)
        case .held: break
        }
        for judged in verdicts {
            if case .unknown(let reason) = judged.verdict { return .unknown("\(judged.property): \(reason)") }
        }
        return verdicts.isEmpty ? .unknown("nothing was judged") : .passed
    }
}

/// What a run shows.
public enum SimulationOutcome: Sendable, Hashable, CustomStringConvertible {
    /// Everything that was checked held.
    case passed
    /// Something didn't hold.
    case violated(String)
    /// Nothing is shown either way.
    case unknown(String)

    /// Whether something didn't hold.
    public var isViolated: Bool {
        if case .violated = self { true } else { false }
    }

    /// In words.
    public var description: String {
        switch self {
        case .passed: "passed"
        case .violated(let reason): "violated: \(reason)"
        case .unknown(let reason): "unknown: \(reason)"
        }
    }
}

/// A broken invariant and where.
public struct InvariantViolation: Sendable, Hashable {
    /// The invariant's name; `contract` and `codec` are the simulator's own.
    public var name: String
    /// What is wrong.
    public var message: String
    /// The step after which it was seen.
    public var step: UInt64
    /// The virtual time in nanoseconds.
    public var nanoseconds: UInt64
}

/// A node that stopped itself.
public struct Halt: Sendable, Hashable {
    /// Which.
    public var node: NodeID
    /// Why, in its own words.
    public var reason: String
}

/// Whether a healed cluster answers.
public enum Liveness: Sendable, Hashable {
    /// Everything was answered in time.
    case held
    /// Something wasn't.
    case violated(String)
    /// The run ended before.
    case notChecked(String)
}
