import ProtocolKit

/// A script of faults as text: `@1s kill 0; @1500ms restart 0`. Times count from the end of the prologue.
public enum FaultScript {
    /// Most faults of a script.
    public static let bound = 100_000

    /// A script without faults.
    public static let empty = "@"

    /// The text; ``read(_:)`` gives back the same faults.
    public static func write(_ faults: [ScheduledFault]) -> String {
        guard !faults.isEmpty else { return empty }
        return faults.map { "@\(DurationText.write($0.nanoseconds)) \($0.fault)" }.joined(separator: "; ")
    }

    /// The faults of a text, in the order written.
    ///
    /// - Throws: `FaultTextError` that names what is possible.
    public static func read(_ text: String) throws(FaultTextError) -> [ScheduledFault] {
        var faults: [ScheduledFault] = []
        if text == empty { return faults }
        for part in text.split(whereSeparator: { $0 == ";" || $0 == "\n" }) {
            let words = part.split(separator: " ", maxSplits: 1)
            guard let first = words.first else { continue }
            guard words.count == 2, first.first == "@", let time = DurationText.read(first.dropFirst()) else {
                throw FaultTextError(scriptPart: String(part))
            }
            faults.append(ScheduledFault(at: time, try Fault(parsing: String(words[1]))))
            guard faults.count <= bound else { throw FaultTextError(scriptPart: "more than \(bound) faults") }
        }
        return faults
    }
}
