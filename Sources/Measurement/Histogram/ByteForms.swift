func appendBigEndian(_ value: some FixedWidthInteger, to bytes: inout [UInt8]) {
    withUnsafeBytes(of: value.bigEndian) { bytes.append(contentsOf: $0) }
}

struct BigEndianReader {
    var rest: ArraySlice<UInt8>

    init(_ bytes: ArraySlice<UInt8>) {
        rest = bytes
    }

    mutating func read<T: FixedWidthInteger>() throws(HistogramDecodingError) -> T {
        let size = T.bitWidth / 8
        guard rest.count >= size else { throw .wrongLength("the header is cut off") }
        defer { rest.removeFirst(size) }
        return rest.prefix(size).reduce(0) { $0 << 8 | T(truncatingIfNeeded: $1) }
    }
}

/// HdrHistogram's ZigZag LEB128: −1, 1, −2 become 1, 2, 3, then seven bits a byte, lowest first, the high bit saying that
/// more follow; the ninth byte has all eight bits, so 64 bits take nine bytes at most.
enum ZigZag {
    static func append(_ value: Int64, to bytes: inout [UInt8]) {
        var rest = UInt64(bitPattern: (value << 1) ^ (value >> 63))
        for _ in 0..<8 {
            guard rest > 0x7F else { break }
            bytes.append(UInt8(truncatingIfNeeded: rest) | 0x80)
            rest >>= 7
        }
        bytes.append(UInt8(truncatingIfNeeded: rest))
    }

    static func read(_ reader: inout BigEndianReader) throws(HistogramDecodingError) -> Int64 {
        var value: UInt64 = 0
        for position in 0..<9 as Range<UInt64> {
            guard let byte = reader.rest.popFirst() else { throw .badCounts("the last count is cut off") }
            if position == 8 {
                value |= UInt64(byte) << 56
            } else {
                value |= UInt64(byte & 0x7F) << (7 * position)
                if byte & 0x80 == 0 { break }
            }
        }
        return Int64(bitPattern: value >> 1) ^ -Int64(bitPattern: value & 1)
    }
}

/// zlib (RFC 1950) around deflate's stored blocks (RFC 1951, 3.2.4): a byte that says "stored" and "last", the length and
/// its complement, the bytes as they are; the Adler-32 sum at the end.
enum StoredZlib {
    static let largestBlock = 65_535

    static func wrap(_ bytes: [UInt8]) -> [UInt8] {
        // 0x78: deflate, 32 KiB window. 0x01: fastest level, and makes 0x7801 a multiple of 31.
        var stream: [UInt8] = [0x78, 0x01]
        var rest = bytes[...]
        repeat {
            let block = rest.prefix(largestBlock)
            rest = rest.dropFirst(largestBlock)
            let length = UInt16(block.count)
            stream.append(rest.isEmpty ? 1 : 0)
            appendBigEndian(length.byteSwapped, to: &stream)
            appendBigEndian((~length).byteSwapped, to: &stream)
            stream.append(contentsOf: block)
        } while !rest.isEmpty
        appendBigEndian(adler32(bytes[...]), to: &stream)
        return stream
    }

    static func unwrap(_ stream: ArraySlice<UInt8>) throws(HistogramDecodingError) -> [UInt8] {
        var reader = BigEndianReader(stream)
        let header: UInt16 = try reader.read()
        guard header % 31 == 0, header >> 8 & 0x0F == 8, header & 0x20 == 0 else { throw .badZlib("no zlib header") }
        var bytes: [UInt8] = []
        var isLast = false
        while !isLast {
            let kind: UInt8 = try reader.read()
            guard kind & 0b110 == 0 else { throw .compressed }
            isLast = kind & 1 == 1
            let length = (try reader.read() as UInt16).byteSwapped
            let complement = (try reader.read() as UInt16).byteSwapped
            guard length == ~complement else { throw .badZlib("a block's length is damaged") }
            guard reader.rest.count >= Int(length) else { throw .badZlib("a block is cut off") }
            bytes.append(contentsOf: reader.rest.prefix(Int(length)))
            reader.rest.removeFirst(Int(length))
        }
        let sum: UInt32 = try reader.read()
        guard reader.rest.isEmpty else { throw .badZlib("bytes after the end") }
        guard sum == adler32(bytes[...]) else { throw .badZlib("the checksum does not match") }
        return bytes
    }

    static func adler32(_ bytes: ArraySlice<UInt8>) -> UInt32 {
        var a: UInt32 = 1
        var b: UInt32 = 0
        for byte in bytes {
            a = (a + UInt32(byte)) % 65_521
            b = (b + a) % 65_521
        }
        return b << 16 | a
    }
}

/// Base64 (RFC 4648, section 4), with padding.
enum Base64 {
    private static let alphabet = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/".utf8)
    private static let values: [UInt8] = {
        var table = [UInt8](repeating: 0xFF, count: 256)
        for (value, letter) in alphabet.enumerated() { table[Int(letter)] = UInt8(value) }
        return table
    }()

    static func encode(_ bytes: [UInt8]) -> String {
        var text: [UInt8] = []
        text.reserveCapacity((bytes.count + 2) / 3 * 4)
        for start in stride(from: 0, to: bytes.count, by: 3) {
            let group = bytes[start..<min(start + 3, bytes.count)]
            let bits = group.reduce(UInt32(0)) { $0 << 8 | UInt32($1) } << UInt32(8 * (3 - group.count))
            for letter in 0..<4 as Range<UInt32> {
                let isPadding = letter > group.count
                text.append(isPadding ? UInt8(ascii: "=") : alphabet[Int(bits >> (18 - 6 * letter) & 63)])
            }
        }
        return String(decoding: text, as: UTF8.self)
    }

    static func decode(_ text: String) -> [UInt8]? {
        let letters = Array(text.utf8)
        guard letters.count % 4 == 0 else { return nil }
        let padding = letters.suffix(2).count { $0 == UInt8(ascii: "=") }
        let body = letters.dropLast(padding)
        var bytes: [UInt8] = []
        bytes.reserveCapacity(letters.count / 4 * 3)
        var bits: UInt32 = 0
        var held: UInt32 = 0
        for letter in body {
            let value = values[Int(letter)]
            guard value != 0xFF else { return nil }
            bits = bits << 6 | UInt32(value)
            held += 6
            if held >= 8 {
                held -= 8
                bytes.append(UInt8(truncatingIfNeeded: bits >> held))
            }
        }
        guard bits & ((1 << held) - 1) == 0 else { return nil }
        return bytes
    }
}
