import ByteCoding

/// Reads commands (arrays of bulk strings, or inline lines as a person types them) from a buffer.
///
/// Source: the RESP2 protocol specification of Redis.
public struct RESPCommandParser {
    /// What a parse found.
    public enum Step {
        /// A command and the number of bytes it took.
        case command(RESPCommand, consumed: Int)
        /// An empty line or empty array, to be skipped.
        case nothing(consumed: Int)
        /// The command isn't complete yet.
        case needMore
    }

    /// The bounds in force.
    public let limits: RESPLimits

    /// A parser with bounds.
    public init(limits: RESPLimits = RESPLimits()) {
        self.limits = limits
    }

    /// Reads one command from the start of `region`.
    @inlinable
    public func parse(_ region: UnsafeRawBufferPointer) throws(RESPError) -> Step {
        guard let base = region.baseAddress, region.count > 0 else { return .needMore }
        guard region[0] == 0x2A else { return try parseInline(region) }
        guard let (count, header) = try readLength(region, at: 1, limit: limits.arguments, what: "argument count")
        else {
            return .needMore
        }
        guard count > 0 else { return .nothing(consumed: header) }
        var spans: [RESPSpan] = []
        spans.reserveCapacity(min(count, 16))
        var offset = header
        for _ in 0..<count {
            guard offset < region.count else { return .needMore }
            guard region[offset] == 0x24 else { throw .unexpectedByte(region[offset], expected: "'$'") }
            guard
                let (length, start) = try readLength(
                    region, at: offset + 1, limit: limits.bulkBytes, what: "bulk string")
            else { return .needMore }
            guard length >= 0 else { throw .invalidNumber }
            guard start + length <= limits.messageBytes else {
                throw .tooLarge(what: "command", limit: limits.messageBytes)
            }
            guard region.count >= start + length + 2 else { return .needMore }
            guard region[start + length] == 0x0D, region[start + length + 1] == 0x0A else {
                throw .unexpectedByte(region[start + length], expected: "CR LF after a bulk string")
            }
            spans.append(RESPSpan(lower: UInt32(start), count: UInt32(length)))
            offset = start + length + 2
        }
        return .command(RESPCommand(base: base, spans: spans), consumed: offset)
    }

    /// Reads `number CR LF` at an offset: the number and the offset after it; nil while it is incomplete.
    @inlinable
    func readLength(
        _ region: UnsafeRawBufferPointer, at start: Int, limit: Int, what: StaticString
    ) throws(RESPError) -> (Int, Int)? {
        var offset = start
        var value = 0
        var negative = false
        if offset < region.count, region[offset] == 0x2D {
            negative = true
            offset += 1
        }
        let digits = offset
        while offset < region.count, region[offset] != 0x0D {
            let digit = region[offset] &- 0x30
            guard digit <= 9, offset - digits < 10 else { throw .invalidNumber }
            value = value * 10 + Int(digit)
            offset += 1
        }
        guard offset + 1 < region.count else { return nil }
        guard offset > digits, region[offset + 1] == 0x0A else { throw .invalidNumber }
        if negative { value = -value }
        guard value <= limit else { throw .tooLarge(what: "\(what)", limit: limit) }
        return (value, offset + 2)
    }

    @usableFromInline
    func parseInline(_ region: UnsafeRawBufferPointer) throws(RESPError) -> Step {
        guard let newline = region.firstIndex(of: 0x0A) else {
            guard region.count <= limits.lineBytes else {
                throw .tooLarge(what: "inline command", limit: limits.lineBytes)
            }
            return .needMore
        }
        guard newline <= limits.lineBytes else { throw .tooLarge(what: "inline command", limit: limits.lineBytes) }
        let end = newline > 0 && region[newline - 1] == 0x0D ? newline - 1 : newline
        var spans: [RESPSpan] = []
        var offset = 0
        while offset < end {
            if region[offset] == 0x20 {
                offset += 1
                continue
            }
            let start = offset
            while offset < end, region[offset] != 0x20 { offset += 1 }
            guard spans.count < limits.arguments else {
                throw .tooLarge(what: "argument count", limit: limits.arguments)
            }
            spans.append(RESPSpan(lower: UInt32(start), count: UInt32(offset - start)))
        }
        guard !spans.isEmpty, let base = region.baseAddress else { return .nothing(consumed: newline + 1) }
        return .command(RESPCommand(base: base, spans: spans), consumed: newline + 1)
    }
}
