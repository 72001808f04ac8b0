import Harness
import Measurement

/// How a check, a condition or a whole gate ended.
public enum GateOutcome: String, Sendable, Codable, CaseIterable, Comparable {
    /// What must hold holds.
    case passed
    /// Nothing can be said: data is missing, not valid, or from too different a machine. Not a pass.
    case inconclusive
    /// What must hold doesn't.
    case failed
    /// A checker found a broken promise.
    case violated

    private var rank: Int {
        switch self {
        case .passed: 0
        case .inconclusive: 1
        case .failed: 2
        case .violated: 3
        }
    }

    /// Worse is greater.
    public static func < (left: GateOutcome, right: GateOutcome) -> Bool { left.rank < right.rank }
}

/// What came of one condition on one subject.
public struct GateFinding: Sendable, Codable, Hashable {
    /// The cell, or the system and its number of nodes.
    public var subject: String
    /// The condition as it was written; for a paired check the metric and the margin.
    public var condition: String
    /// How it ended.
    public var outcome: GateOutcome
    /// The value found, as text in the metric's unit; nil where there is none.
    public var value: String?
    /// What it was compared with, likewise.
    public var bound: String?
    /// The outcome in a sentence with its numbers.
    public var reason: String
    /// What a paired comparison said.
    public var shift: MetricShift?

    /// A finding of its parts.
    public init(
        subject: String, condition: String, outcome: GateOutcome, value: String? = nil, bound: String? = nil,
        reason: String, shift: MetricShift? = nil
    ) {
        self.subject = subject
        self.condition = condition
        self.outcome = outcome
        self.value = value
        self.bound = bound
        self.reason = reason
        self.shift = shift
    }
}

/// What came of one check.
public struct CheckReport: Sendable, Codable {
    /// The check's name.
    public var name: String
    /// What was compared with what.
    public var kind: GateCheck.Kind
    /// Its findings, in order; a check without any is inconclusive.
    public var findings: [GateFinding]
    /// What else a reader should know.
    public var notes: [String]

    /// A report of its parts.
    public init(name: String, kind: GateCheck.Kind, findings: [GateFinding], notes: [String] = []) {
        self.name = name
        self.kind = kind
        self.findings = findings
        self.notes = notes
    }

    /// The worst of its findings; inconclusive without any.
    public var outcome: GateOutcome { findings.map(\.outcome).max() ?? .inconclusive }

    /// The findings that aren't passes, the worst first.
    public var objections: [GateFinding] {
        GateOutcome.allCases.sorted(by: >).flatMap { outcome in
            outcome == .passed ? [] : findings.filter { $0.outcome == outcome }
        }
    }

    private enum CodingKeys: String, CodingKey { case name, kind, findings, notes }
}

/// What came of a gate.
public struct GateReport: Sendable, Codable {
    /// The version of this form.
    public static let currentSchema = "coordbench.gate/1"

    /// ``currentSchema`` at the time of writing.
    public var schema = GateReport.currentSchema
    /// The gate's name.
    public var gate: String
    /// What it is for.
    public var summary: String
    /// How it ended: the worst of its checks.
    public private(set) var outcome: GateOutcome
    /// Its checks, in the file's order.
    public let checks: [CheckReport]

    /// A report of its parts; a gate without checks is inconclusive.
    public init(gate: String, summary: String = "", checks: [CheckReport]) {
        self.gate = gate
        self.summary = summary
        self.checks = checks
        outcome = checks.map(\.outcome).max() ?? .inconclusive
    }

    /// The whole in a sentence.
    public var sentence: String {
        func list(_ outcome: GateOutcome) -> String {
            let names = checks.filter { $0.outcome == outcome }.map { "'\($0.name)'" }
            return names.joined(separator: ", ")
        }
        let conditions = checks.reduce(0) { $0 + $1.findings.count }
        switch outcome {
        case .passed:
            let all = conditions == 1 ? "the one condition" : "all \(conditions) conditions"
            return "\(gate): passed; \(all) of \(checks.count) \(checks.count == 1 ? "check" : "checks") "
                + "\(conditions == 1 ? "holds" : "hold")."
        case .inconclusive:
            return "\(gate): inconclusive, which is not a pass: nothing can be said of \(list(.inconclusive))."
        case .failed: return "\(gate): failed: \(list(.failed))."
        case .violated: return "\(gate): a promise is broken: \(list(.violated))."
        }
    }
}
