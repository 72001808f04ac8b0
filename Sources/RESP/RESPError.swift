/// Why bytes aren't RESP2 (or exceed this codec's bounds). The connection can't be read any further.
public enum RESPError: Error, Equatable, Sendable {
    /// A line, bulk string or array longer than its bound.
    case tooLarge(what: String, limit: Int)
    /// A byte that can't stand where it does.
    case unexpectedByte(UInt8, expected: String)
    /// A length or number that isn't one.
    case invalidNumber
    /// Arrays nested deeper than the bound.
    case tooDeep(limit: Int)
}

extension RESPError: CustomStringConvertible {
    /// What is wrong, in the words that Redis clients show.
    public var description: String {
        switch self {
        case .tooLarge(let what, let limit): "Protocol error: \(what) exceeds the limit of \(limit)"
        case .unexpectedByte(let byte, let expected): "Protocol error: expected \(expected), got byte \(byte)"
        case .invalidNumber: "Protocol error: invalid length or number"
        case .tooDeep(let limit): "Protocol error: arrays nested deeper than \(limit)"
        }
    }
}
