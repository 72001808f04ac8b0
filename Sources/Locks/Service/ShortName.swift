import ByteCoding
import RESP

/// The name of a lock or of an owner: up to 23 bytes, kept in place, so that a request allocates nothing for it.
public struct ShortName: Hashable, Sendable, BitwiseCopyable {
    /// Most bytes of a name.
    public static let limit = 23

    let low: UInt64
    let middle: UInt64
    /// The last seven bytes; the top byte is the length.
    let high: UInt64

    /// The bytes of a region, or nil when there are none or more than ``limit``.
    public init?(_ region: UnsafeRawBufferPointer) {
        guard region.count > 0, region.count <= Self.limit else { return nil }
        var words: (UInt64, UInt64, UInt64) = (0, 0, UInt64(region.count) << 56)
        for offset in 0..<region.count {
            let byte = UInt64(region[offset]) << UInt64(offset % 8 * 8)
            switch offset / 8 {
            case 0: words.0 |= byte
            case 1: words.1 |= byte
            default: words.2 |= byte
            }
        }
        (low, middle, high) = words
    }

    /// A prefix of at most 11 bytes and a number: `lock:17`.
    public init(_ prefix: StaticString, _ number: UInt32) {
        precondition(prefix.utf8CodeUnitCount <= 11, "a prefix has at most 11 bytes, a number at most 10 digits")
        self = withUnsafeTemporaryAllocation(byteCount: Self.limit, alignment: 8) { room in
            var count = prefix.utf8CodeUnitCount
            for offset in 0..<count { room[offset] = prefix.utf8Start[offset] }
            var divisor: UInt32 = 1
            while number / divisor >= 10 { divisor *= 10 }
            while divisor > 0 {
                room[count] = UInt8(0x30 + number / divisor % 10)
                count += 1
                divisor /= 10
            }
            guard let name = ShortName(UnsafeRawBufferPointer(rebasing: room[0..<count])) else {
                preconditionFailure("a prefix and a number fit a short name")
            }
            return name
        }
    }

    /// Number of bytes.
    public var count: Int { Int(high >> 56) }

    subscript(offset: Int) -> UInt8 {
        let word = offset < 8 ? low : offset < 16 ? middle : high
        return UInt8(truncatingIfNeeded: word >> UInt64(offset % 8 * 8))
    }
}

extension ShortName: CustomStringConvertible {
    /// The name as text.
    public var description: String {
        String(decoding: (0..<count).map { self[$0] }, as: UTF8.self)
    }
}

extension ByteWriter {
    /// Appends a name as a bulk string.
    mutating func writeBulk(_ name: ShortName) {
        writeBulkHeader(name.count)
        for offset in 0..<name.count { write(name[offset]) }
        writeLineEnd()
    }
}
