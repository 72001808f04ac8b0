import ByteCoding

/// A RESP2 value: what a server answers.
public enum RESPValue: Hashable, Sendable {
    /// A status line such as `OK`.
    case simple(Bytes)
    /// An error line; its first word is the kind (`ERR`, `MOVED`).
    case error(Bytes)
    /// A 64-bit integer.
    case integer(Int64)
    /// A string of bytes.
    case bulk(Bytes)
    /// The null bulk string or null array.
    case null
    /// An array of values.
    case array([RESPValue])

    /// The status `OK`; doesn't allocate.
    public static let ok = RESPValue.simple(okBytes)
    @usableFromInline static let okBytes: Bytes = "OK"
}

extension RESPValue {
    /// Reads one value from the start of `region`: the value and the bytes it took, or nil while it is incomplete.
    @inlinable
    public static func parse(
        _ region: UnsafeRawBufferPointer, limits: RESPLimits = RESPLimits()
    ) throws(RESPError) -> (value: RESPValue, consumed: Int)? {
        var offset = 0
        guard let value = try parse(region, &offset, limits, depth: 0) else {
            guard region.count <= limits.messageBytes else {
                throw .tooLarge(what: "value", limit: limits.messageBytes)
            }
            return nil
        }
        return (value, offset)
    }

    @usableFromInline
    static func parse(
        _ region: UnsafeRawBufferPointer, _ offset: inout Int, _ limits: RESPLimits, depth: Int
    ) throws(RESPError) -> RESPValue? {
        guard offset < region.count else { return nil }
        let tag = region[offset]
        guard let (start, end) = try line(region, from: offset + 1, limits) else { return nil }
        let body = UnsafeRawBufferPointer(rebasing: region[start..<end])
        switch tag {
        case 0x2B:
            offset = end + 2
            if body.count == 2, body[0] == 0x4F, body[1] == 0x4B { return .simple(okBytes) }
            return .simple(Bytes(copying: body))
        case 0x2D:
            offset = end + 2
            return .error(Bytes(copying: body))
        case 0x3A:
            guard let number = parseDecimal(body) else { throw .invalidNumber }
            offset = end + 2
            return .integer(number)
        case 0x24:
            return try bulk(region, &offset, limits, length: body, start: end + 2)
        case 0x2A:
            return try array(region, &offset, limits, length: body, start: end + 2, depth: depth)
        default:
            throw .unexpectedByte(tag, expected: "one of + - : $ *")
        }
    }

    private static func line(
        _ region: UnsafeRawBufferPointer, from start: Int, _ limits: RESPLimits
    ) throws(RESPError) -> (Int, Int)? {
        var end = start
        while end < region.count, region[end] != 0x0D { end += 1 }
        guard end - start <= limits.lineBytes else { throw .tooLarge(what: "line", limit: limits.lineBytes) }
        guard end + 1 < region.count else { return nil }
        guard region[end + 1] == 0x0A else { throw .unexpectedByte(region[end + 1], expected: "LF after CR") }
        return (start, end)
    }

    private static func bulk(
        _ region: UnsafeRawBufferPointer, _ offset: inout Int, _ limits: RESPLimits, length: UnsafeRawBufferPointer,
        start: Int
    ) throws(RESPError) -> RESPValue? {
        guard let count = parseDecimal(length), count >= -1 else { throw .invalidNumber }
        guard count >= 0 else {
            offset = start
            return .null
        }
        guard count <= limits.bulkBytes else { throw .tooLarge(what: "bulk string", limit: limits.bulkBytes) }
        let end = start + Int(count)
        guard region.count >= end + 2 else { return nil }
        guard region[end] == 0x0D, region[end + 1] == 0x0A else {
            throw .unexpectedByte(region[end], expected: "CR LF after a bulk string")
        }
        offset = end + 2
        return .bulk(Bytes(copying: UnsafeRawBufferPointer(rebasing: region[start..<end])))
    }

    private static func array(
        _ region: UnsafeRawBufferPointer, _ offset: inout Int, _ limits: RESPLimits, length: UnsafeRawBufferPointer,
        start: Int, depth: Int
    ) throws(RESPError) -> RESPValue? {
        guard let count = parseDecimal(length), count >= -1 else { throw .invalidNumber }
        guard depth < limits.depth else { throw .tooDeep(limit: limits.depth) }
        guard count <= limits.arguments else { throw .tooLarge(what: "array", limit: limits.arguments) }
        guard count >= 0 else {
            offset = start
            return .null
        }
        var elements: [RESPValue] = []
        var position = start
        for _ in 0..<count {
            guard let element = try parse(region, &position, limits, depth: depth + 1) else { return nil }
            elements.append(element)
        }
        offset = position
        return .array(elements)
    }
}
