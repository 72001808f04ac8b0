import Testing

@testable import ByteCoding

@Suite("Bytes")
struct BytesTests {
    @Test("a slice shares its storage, a compacted one has its own")
    func storage() {
        let whole = Bytes("hello world")
        let slice = whole[6..<11]
        let base = whole.withUnsafeBytes { $0.baseAddress! }
        #expect(slice.withUnsafeBytes { $0.baseAddress! } == base + 6)
        #expect(slice == "world")
        let own = slice.compacted()
        #expect(own.withUnsafeBytes { $0.baseAddress! } != base + 6)
        #expect(own == slice)
        #expect(own.storage.count == 5)
        #expect(whole.compacted().withUnsafeBytes { $0.baseAddress! } == base)
    }

    @Test("a slice of a slice counts from the slice's start")
    func nested() {
        let slice = Bytes("abcdefgh")[2..<7]
        #expect(slice[1..<3] == "de")
        #expect(slice[0] == 0x63)
        #expect(slice[4] == 0x67)
        #expect(slice.array == Array("cdefg".utf8))
        #expect(slice[5..<5].isEmpty)
    }

    @Test("equality and hash go by the contents, wherever they are stored")
    func contents() {
        let one = Bytes("xxkey")[2..<5]
        let other = Bytes("keyyy")[0..<3]
        #expect(one == other)
        #expect(one.hashValue == other.hashValue)
        #expect(Bytes() == Bytes("abc")[1..<1])
        #expect(Bytes().hashValue == Bytes("abc")[1..<1].hashValue)
        #expect(one != "kez")
        #expect(one != "ke")
    }

    @Test("order is that of unsigned bytes, a prefix first")
    func order() {
        let ascending: [Bytes] = [
            Bytes(), Bytes([0]), Bytes([0, 0]), Bytes([0, 255]), Bytes([1]), "a", "ab", "b", Bytes([0x80]),
            Bytes([0xFF]),
        ]
        #expect(Array(ascending.reversed()).sorted() == ascending)
        for (left, right) in zip(ascending, ascending.dropFirst()) {
            #expect(left < right)
            #expect(!(right < left))
        }
    }

    @Test("bytes that aren't UTF-8 show replacement characters")
    func text() {
        #expect(Bytes([0x61, 0xFF, 0x62]).text == "a\u{FFFD}b")
        #expect("\(Bytes("né"))" == "né")
    }
}
