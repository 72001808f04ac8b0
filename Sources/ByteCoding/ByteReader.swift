/// Why bytes from outside couldn't be decoded.
public enum WireError: Error, Equatable, Sendable {
    /// The bytes end before the value does.
    case truncated
    /// A length or count exceeds its bound.
    case tooLarge(what: StaticString, value: UInt64, limit: UInt64)
    /// A tag names no known case.
    case unknownTag(what: StaticString, value: UInt64)
    /// The value is decoded and bytes are left over.
    case trailingBytes(Int)
    /// A value contradicts another.
    case invalid(what: StaticString)

    /// Equal cases with equal payloads.
    public static func == (left: WireError, right: WireError) -> Bool {
        left.description == right.description
    }
}

extension WireError: CustomStringConvertible {
    /// What is wrong, in words.
    public var description: String {
        switch self {
        case .truncated: "truncated: the bytes end before the value does"
        case .tooLarge(let what, let value, let limit): "\(what) is \(value), more than the limit of \(limit)"
        case .unknownTag(let what, let value): "unknown \(what): \(value)"
        case .trailingBytes(let count): "\(count) bytes left over after the value"
        case .invalid(let what): "invalid \(what)"
        }
    }
}

/// Reads values from a memory region that outlives the reader, with every length checked.
public struct ByteReader {
    @usableFromInline let base: UnsafeRawPointer?
    @usableFromInline let end: Int
    @usableFromInline var offset = 0

    /// A reader over a region; the region must stay valid while the reader is used.
    @inlinable
    public init(_ region: UnsafeRawBufferPointer) {
        base = region.baseAddress
        end = region.count
    }

    /// Bytes not yet read.
    @inlinable
    public var remaining: Int { end &- offset }

    @inlinable
    @inline(__always)
    mutating func take(_ count: Int) throws(WireError) -> UnsafeRawPointer {
        guard count >= 0, remaining >= count, let base else { throw .truncated }
        let pointer = base + offset
        offset &+= count
        return pointer
    }

    /// Reads an integer in little-endian order.
    @inlinable
    @inline(__always)
    public mutating func read<Number: FixedWidthInteger & BitwiseCopyable>(
        _ type: Number.Type = Number.self
    ) throws(WireError) -> Number {
        Number(littleEndian: try take(MemoryLayout<Number>.size).loadUnaligned(as: Number.self))
    }

    /// Reads a one-byte truth value, 0 or 1.
    @inlinable
    public mutating func readBool() throws(WireError) -> Bool {
        let byte = try read(UInt8.self)
        guard byte < 2 else { throw .unknownTag(what: "truth value", value: UInt64(byte)) }
        return byte == 1
    }

    /// Reads a count of at most `limit`.
    @inlinable
    public mutating func readCount(limit: Int, of what: StaticString) throws(WireError) -> Int {
        let value = try read(UInt32.self)
        guard value <= limit else { throw .tooLarge(what: what, value: UInt64(value), limit: UInt64(limit)) }
        return Int(value)
    }

    /// Reads bytes that follow their length in 32 bits, into storage of their own.
    @inlinable
    public mutating func readBytes(limit: Int = 1 << 30) throws(WireError) -> Bytes {
        let count = try readCount(limit: limit, of: "length")
        return Bytes(copying: try readRegion(count: count))
    }

    /// The next `count` bytes in place.
    @inlinable
    public mutating func readRegion(count: Int) throws(WireError) -> UnsafeRawBufferPointer {
        UnsafeRawBufferPointer(start: count == 0 ? base : try take(count), count: count)
    }

    /// Refuses left-over bytes.
    @inlinable
    public func expectEnd() throws(WireError) {
        guard remaining == 0 else { throw .trailingBytes(remaining) }
    }
}

/// A value with a bounded binary form: no reflection, no dictionaries, every length checked on the way in.
public protocol WireCodable {
    /// Appends the binary form.
    func encode(into writer: inout ByteWriter)
    /// Reads the binary form.
    init(from reader: inout ByteReader) throws(WireError)
}

extension WireCodable {
    /// The binary form in storage of its own.
    public func encoded() -> Bytes {
        var writer = ByteWriter(capacity: 256)
        encode(into: &writer)
        return writer.bytes()
    }

    /// Decodes all of `bytes`, which must hold nothing else.
    public init(decoding bytes: Bytes) throws(WireError) {
        self = try bytes.withUnsafeBytes { (region) throws(WireError) -> Self in
            var reader = ByteReader(region)
            let value = try Self(from: &reader)
            try reader.expectEnd()
            return value
        }
    }
}
