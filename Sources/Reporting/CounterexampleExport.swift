import Harness
import Verification

/// Drawings of what broke a promise: a timeline for each violated property whose counter-example has events.
public enum CounterexampleExport {
    /// A file to write below ``ResultsFolder/counterexamples``.
    public struct File: Sendable {
        /// The trial's stem and the property, `.svg`.
        public var name: String
        /// The drawing.
        public var text: String
    }

    /// A trial's drawings; none for a trial that kept its promises.
    public static func files(of record: TrialRecord) -> [File] {
        record.verdicts.compactMap { judged in
            guard let name = name(of: judged.property, in: record), let example = judged.verdict.counterexample else {
                return nil
            }
            return File(name: name, text: example.svg)
        }
    }

    /// The name of a property's drawing; nil where there is nothing to draw.
    static func name(of property: String, in record: TrialRecord) -> String? {
        guard let judged = record.verdicts.first(where: { $0.property == property }),
            judged.verdict.counterexample?.events.isEmpty == false
        else { return nil }
        let word = String(property.map { $0.isASCII && ($0.isLetter || $0.isNumber) ? $0 : "-" })
        return "\(ResultsFolder.fileStem(of: record.plan))-\(word).svg"
    }
}
