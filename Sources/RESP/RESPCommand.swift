import ByteCoding

/// One command as it lies in the connection's buffer: arguments in place, nothing copied.
///
/// Valid only while the buffer it was parsed from is untouched.
public struct RESPCommand {
    @usableFromInline let base: UnsafeRawPointer
    @usableFromInline let spans: [RESPSpan]

    @inlinable
    init(base: UnsafeRawPointer, spans: [RESPSpan]) {
        self.base = base
        self.spans = spans
    }

    /// Number of arguments, the command's name included.
    @inlinable
    public var count: Int { spans.count }

    /// An argument in place; 0 is the command's name.
    @inlinable
    public subscript(index: Int) -> UnsafeRawBufferPointer {
        let span = spans[index]
        return UnsafeRawBufferPointer(start: base + Int(span.lower), count: Int(span.count))
    }

    /// An argument as bytes of its own.
    @inlinable
    public func bytes(_ index: Int) -> Bytes {
        Bytes(copying: self[index])
    }

    /// An argument as text.
    public func text(_ index: Int) -> String {
        String(decoding: self[index], as: UTF8.self)
    }

    /// Whether an argument is this ASCII word (given in upper case), whatever its case.
    @inlinable
    public func matches(_ word: StaticString, at index: Int = 0) -> Bool {
        let argument = self[index]
        guard argument.count == word.utf8CodeUnitCount else { return false }
        let upper = word.utf8Start
        for offset in 0..<argument.count {
            let byte = argument[offset]
            let folded = byte >= 0x61 && byte <= 0x7A ? byte & 0xDF : byte
            if folded != upper[offset] { return false }
        }
        return true
    }

    /// An argument as a decimal integer, or nil when it isn't one.
    @inlinable
    public func integer(_ index: Int) -> Int64? {
        parseDecimal(self[index])
    }
}

/// Where an argument lies in the buffer.
@usableFromInline
struct RESPSpan {
    @usableFromInline var lower: UInt32
    @usableFromInline var count: UInt32

    @inlinable
    init(lower: UInt32, count: UInt32) {
        self.lower = lower
        self.count = count
    }
}

/// A decimal integer that fills all of `region`, or nil.
@inlinable
public func parseDecimal(_ region: UnsafeRawBufferPointer) -> Int64? {
    guard region.count > 0, region.count <= 20 else { return nil }
    let negative = region[0] == 0x2D
    let start = negative || region[0] == 0x2B ? 1 : 0
    guard start < region.count else { return nil }
    var magnitude: UInt64 = 0
    for offset in start..<region.count {
        let digit = region[offset] &- 0x30
        guard digit <= 9 else { return nil }
        let (scaled, overflow) = magnitude.multipliedReportingOverflow(by: 10)
        let (sum, carry) = scaled.addingReportingOverflow(UInt64(digit))
        guard !overflow, !carry else { return nil }
        magnitude = sum
    }
    if negative {
        guard magnitude <= UInt64(Int64.max) + 1 else { return nil }
        return magnitude == UInt64(Int64.max) + 1 ? Int64.min : -Int64(magnitude)
    }
    return Int64(exactly: magnitude)
}
