extension KeyValueOperation {
    /// The operation as a line of JSON that ``HistoryReader`` reads, without the line's end; see
    /// ``HistoryReader`` for the names.
    public var jsonLine: String {
        var line = "{\"client\":\(client),\"op\":\"\(Self.words[Int(kind.rawValue)])\",\"key\":\(key)"
        switch kind {
        case .get: if outcome == .ok { line += ",\"value\":\(Self.json(result))" }
        case .put: line += ",\"value\":\(Self.json(argument))"
        case .delete: if isTold { line += ",\"removed\":\(result != 0)" }
        case .compareAndSet: line += ",\"expected\":\(Self.json(result)),\"value\":\(Self.json(argument))"
        case .increment:
            line += ",\"delta\":\(Int64(bitPattern: argument))"
            if isTold, let value = ValueIdentity.integerValue(result) { line += ",\"value\":\(value)" }
        case .append, .concatenate:
            line += ",\"value\":\(Self.json(argument))"
            if kind == .append, isTold { line += ",\"count\":\(result)" }
        }
        line += ",\"outcome\":\"\(outcome)\",\"invoked\":\(invokedNanoseconds)"
        if hasReturned { line += ",\"returned\":\(returnedNanoseconds)" }
        return line + "}"
    }

    private static let words = ["get", "put", "delete", "cas", "increment", "append", "append"]

    private static func json(_ identity: UInt64) -> String {
        if identity == ValueIdentity.absent { return "null" }
        if identity < 1 << 60 { return "\(identity)" }
        if identity == 1 << 60 { return "0" }
        if let integer = ValueIdentity.integerValue(identity) { return "{\"integer\":\(integer)}" }
        return "{\"identity\":\"\(String(identity, radix: 16))\"}"
    }
}
