/// A lock of the catalogue with its options, read from text such as `mcs` or `ttas[max-back-off=128,spin-limit=0]`.
public struct ThreadLockVariant: Sendable, CustomStringConvertible {
    /// The lock.
    public let entry: ThreadLockEntry
    /// The values of `entry.options`, in their order.
    public let values: [UInt32]

    /// Reads a variant.
    ///
    /// - Throws: `ThreadLockError` that says what isn't understood.
    public init(_ text: String) throws(ThreadLockError) {
        let (name, assignments) = try Self.split(text)
        guard let entry = ThreadLockCatalogue.entry(named: name) else {
            throw .unknownLock(name: name, known: ThreadLockCatalogue.entries.map(\.name))
        }
        var values = entry.options.map(\.defaultValue)
        var given = Set<Int>()
        for (option, value) in assignments {
            guard let index = entry.options.firstIndex(where: { $0.name == option }) else {
                throw .unknownOption(lock: name, option: option, known: entry.options.map(\.name))
            }
            guard given.insert(index).inserted else { throw .repeatedOption(lock: name, option: option) }
            let allowed = entry.options[index].allowed
            guard let number = UInt32(value), allowed.contains(number) else {
                throw .optionOutOfRange(lock: name, option: option, value: value, allowed: allowed)
            }
            values[index] = number
        }
        self.entry = entry
        self.values = values
    }

    private static func split(
        _ text: String
    ) throws(ThreadLockError) -> (name: String, assignments: [(option: String, value: String)]) {
        guard let bracket = text.firstIndex(of: "[") else { return (text, []) }
        guard text.last == "]" else { throw .malformed(text: text) }
        let inside = text[text.index(after: bracket)...].dropLast()
        var assignments: [(String, String)] = []
        for part in inside.split(separator: ",", omittingEmptySubsequences: false) {
            let sides = part.split(separator: "=", omittingEmptySubsequences: false)
            guard sides.count == 2, !sides[0].isEmpty, !sides[1].isEmpty else { throw .malformed(text: text) }
            assignments.append((String(sides[0]), String(sides[1])))
        }
        return (String(text[..<bracket]), assignments)
    }

    /// The text that makes this variant: the name, and the options that differ from their defaults.
    public var description: String {
        let changed = zip(entry.options, values).filter { $0.defaultValue != $1 }.map { "\($0.name)=\($1)" }
        return changed.isEmpty ? entry.name : "\(entry.name)[\(changed.joined(separator: ","))]"
    }
}
