import ByteCoding

extension ByteWriter {
    /// Appends `CR LF`.
    @inlinable
    @inline(__always)
    public mutating func writeLineEnd() {
        write(UInt16(0x0A0D))
    }

    /// Appends an integer's decimal digits.
    @inlinable
    public mutating func write(decimal value: Int) {
        if value >= 0 && value < 10 { return write(UInt8(0x30 + value)) }
        _ = fill(20) { digits in
            var magnitude = value.magnitude
            var count = value < 0 ? 1 : 0
            var rest = magnitude
            repeat {
                rest /= 10
                count += 1
            } while rest > 0
            if value < 0 { digits.storeBytes(of: 0x2D, as: UInt8.self) }
            var place = count
            repeat {
                place -= 1
                let digit = UInt8(truncatingIfNeeded: 0x30 + magnitude % 10)
                digits.storeBytes(of: digit, toByteOffset: place, as: UInt8.self)
                magnitude /= 10
            } while magnitude > 0
            return count
        }
    }

    /// Appends a status line.
    @inlinable
    public mutating func writeSimple(_ status: StaticString) {
        write(UInt8(0x2B))
        write(literal: status)
        writeLineEnd()
    }

    /// Appends an error line; line breaks in the text become spaces.
    public mutating func writeError(_ text: String) {
        writeLine(0x2D, Bytes(text))
    }

    /// Appends a line of text; line breaks in it become spaces, so that it can't end early.
    private mutating func writeLine(_ tag: UInt8, _ text: Bytes) {
        write(tag)
        text.withUnsafeBytes { for byte in $0 { write(byte == 0x0A || byte == 0x0D ? 0x20 : byte) } }
        writeLineEnd()
    }

    /// Appends an integer.
    @inlinable
    public mutating func writeInteger(_ value: Int64) {
        write(UInt8(0x3A))
        write(decimal: Int(value))
        writeLineEnd()
    }

    /// Appends the header of a bulk string of `count` bytes.
    @inlinable
    @inline(__always)
    public mutating func writeBulkHeader(_ count: Int) {
        write(UInt8(0x24))
        write(decimal: count)
        writeLineEnd()
    }

    /// Appends a bulk string.
    @inlinable
    public mutating func writeBulk(_ bytes: Bytes) {
        writeBulkHeader(bytes.count)
        write(raw: bytes)
        writeLineEnd()
    }

    /// Appends a bulk string.
    @inlinable
    public mutating func writeBulk(literal word: StaticString) {
        writeBulkHeader(word.utf8CodeUnitCount)
        write(literal: word)
        writeLineEnd()
    }

    /// Appends an integer as a bulk string of its digits.
    public mutating func writeBulk(decimal value: Int) {
        var count = value < 0 ? 2 : 1
        var rest = value.magnitude
        while rest >= 10 {
            rest /= 10
            count += 1
        }
        writeBulkHeader(count)
        write(decimal: value)
        writeLineEnd()
    }

    /// Appends the null bulk string.
    @inlinable
    public mutating func writeNull() {
        write(literal: "$-1\r\n")
    }

    /// Appends the header of an array (a command, too) of `count` elements.
    @inlinable
    public mutating func writeArrayHeader(_ count: Int) {
        write(UInt8(0x2A))
        write(decimal: count)
        writeLineEnd()
    }

    /// Appends any value.
    public mutating func write(_ value: RESPValue) {
        switch value {
        case .simple(let text): writeLine(0x2B, text)
        case .error(let text): writeLine(0x2D, text)
        case .integer(let number): writeInteger(number)
        case .bulk(let bytes): writeBulk(bytes)
        case .null: writeNull()
        case .array(let elements):
            writeArrayHeader(elements.count)
            for element in elements { write(element) }
        }
    }
}
