import Testing

@testable import ByteCoding

/// One of each thing that a reader reads.
private struct Sample: WireCodable, Equatable {
    var small: UInt8 = 7
    var flag = true
    var middle: UInt32 = 1 << 20
    var wide: Int64 = -3
    var text: Bytes = "text"
    var list: [UInt16] = [1, 2, 3]

    init() {}

    func encode(into writer: inout ByteWriter) {
        writer.write(small)
        writer.write(UInt8(flag ? 1 : 0))
        writer.write(middle)
        writer.write(wide)
        writer.write(text)
        writer.write(UInt32(list.count))
        for number in list { writer.write(number) }
    }

    init(from reader: inout ByteReader) throws(WireError) {
        small = try reader.read()
        flag = try reader.readBool()
        middle = try reader.read()
        wide = try reader.read()
        text = try reader.readBytes(limit: 16)
        list = []
        for _ in 0..<(try reader.readCount(limit: 8, of: "numbers")) { list.append(try reader.read()) }
    }
}

@Suite("Byte reader")
struct ByteReaderTests {
    @Test("reads back what was written")
    func roundTrip() throws {
        #expect(try Sample(decoding: Sample().encoded()) == Sample())
    }

    @Test("refuses the value cut at every length")
    func truncation() {
        let whole = Sample().encoded()
        for count in 0..<whole.count {
            #expect(throws: WireError.truncated) { try Sample(decoding: whole[0..<count]) }
        }
    }

    @Test("refuses left-over bytes and says how many", arguments: 1...3)
    func trailing(count: Int) {
        let bytes = Bytes(Sample().encoded().array + [UInt8](repeating: 0, count: count))
        #expect(throws: WireError.trailingBytes(count)) { try Sample(decoding: bytes) }
    }

    @Test("refuses a length over its limit, and takes one at the limit")
    func limits() {
        var long = Sample()
        long.text = Bytes([UInt8](repeating: 1, count: 17))
        #expect(throws: WireError.tooLarge(what: "length", value: 17, limit: 16)) {
            try Sample(decoding: long.encoded())
        }
        long.text = Bytes([UInt8](repeating: 1, count: 16))
        #expect(throws: Never.self) { try Sample(decoding: long.encoded()) }
        long.list = Array(repeating: 1, count: 9)
        #expect(throws: WireError.tooLarge(what: "numbers", value: 9, limit: 8)) {
            try Sample(decoding: long.encoded())
        }
    }

    @Test("refuses a claimed length before looking for the bytes")
    func claim() {
        _ = Bytes([0xFF, 0xFF, 0xFF, 0xFF]).withUnsafeBytes { region in
            #expect(throws: WireError.tooLarge(what: "length", value: 0xFFFF_FFFF, limit: 1 << 30)) {
                var reader = ByteReader(region)
                _ = try reader.readBytes()
            }
        }
    }

    @Test("refuses a truth value that is neither 0 nor 1", arguments: [UInt8(2), 3, 0x7F, 0x80, 0xFF])
    func truth(byte: UInt8) {
        _ = Bytes([byte]).withUnsafeBytes { region in
            #expect(throws: WireError.unknownTag(what: "truth value", value: UInt64(byte))) {
                var reader = ByteReader(region)
                _ = try reader.readBool()
            }
        }
    }

    @Test("an empty region holds nothing, and an empty part of it is fine")
    func empty() throws {
        var reader = ByteReader(UnsafeRawBufferPointer(start: nil, count: 0))
        #expect(reader.remaining == 0)
        let part = try reader.readRegion(count: 0)
        #expect(part.isEmpty)
        try reader.expectEnd()
        #expect(throws: WireError.truncated) {
            var reader = ByteReader(UnsafeRawBufferPointer(start: nil, count: 0))
            _ = try reader.read(UInt8.self)
        }
    }

    @Test("refuses a negative count")
    func negative() {
        _ = Bytes("abc").withUnsafeBytes { region in
            #expect(throws: WireError.truncated) {
                var reader = ByteReader(region)
                _ = try reader.readRegion(count: -1)
            }
        }
    }
}
