import ByteCoding
import Testing

@testable import RESP

@Suite("RESP values")
struct RESPValueTests {
    private func parse(
        _ bytes: Bytes, _ limits: RESPLimits = RESPLimits()
    ) throws(RESPError) -> (value: RESPValue, consumed: Int)? {
        try bytes.withUnsafeBytes { (region) throws(RESPError) in try RESPValue.parse(region, limits: limits) }
    }

    private static let nested = RESPValue.array([
        .ok, .simple("PONG"), .simple(""), .error("ERR no"), .integer(.min), .integer(.max), .bulk("a\r\nb"),
        .bulk(Bytes()), .null, .array([]), .array([.array([.bulk("deep"), .null])]),
    ])

    @Test("every kind, nested, reads back as written")
    func roundTrip() throws {
        var writer = ByteWriter()
        writer.write(Self.nested)
        let parsed = try #require(try parse(writer.bytes()))
        #expect(parsed.value == Self.nested)
        #expect(parsed.consumed == writer.count)
    }

    @Test(
        "a number as a bulk string has as many digits as it says", arguments: [0, 9, 10, -1, -10, 99, 100, .max, .min])
    func decimals(number: Int) throws {
        var writer = ByteWriter()
        writer.writeBulk(decimal: number)
        let parsed = try #require(try parse(writer.bytes()))
        #expect(parsed.value == .bulk(Bytes("\(number)")) && parsed.consumed == writer.count)
    }

    @Test("a value cut at any byte is incomplete, never wrong")
    func cuts() throws {
        var writer = ByteWriter()
        writer.write(Self.nested)
        let whole = writer.bytes()
        for cut in 0..<whole.count {
            let parsed = try parse(whole[0..<cut])
            #expect(parsed == nil, "cut at \(cut)")
        }
    }

    @Test("what follows a value is left alone")
    func consumed() throws {
        let parsed = try #require(try parse("+OK\r\n:1\r\n"))
        #expect(parsed.value == .ok)
        #expect(parsed.consumed == 5)
    }

    @Test("both forms of null are null")
    func nulls() throws {
        #expect(try parse("$-1\r\n")?.value == .null)
        #expect(try parse("*-1\r\n")?.value == .null)
    }

    @Test("line breaks can't be smuggled into a line", arguments: ["a\r\n+OK", "a\nb", "\r"])
    func lines(text: String) throws {
        for value in [RESPValue.simple(Bytes(text)), .error(Bytes(text))] {
            var writer = ByteWriter()
            writer.write(value)
            let parsed = try #require(try parse(writer.bytes()))
            #expect(parsed.consumed == writer.count)
        }
    }

    @Test("an error line keeps bytes that aren't UTF-8")
    func rawError() throws {
        let value = RESPValue.error(Bytes([0x45, 0xFF, 0xFE]))
        var writer = ByteWriter()
        writer.write(value)
        #expect(try parse(writer.bytes())?.value == value)
    }

    @Test(
        "what isn't a value is refused",
        arguments: [
            "?\r\n", "x1\r\n", ":\r\n", ":1x\r\n", ":9223372036854775808\r\n", "$x\r\n", "$-2\r\n", "$1\r\nabc",
            "*-2\r\n",
            "*x\r\n", "+a\rb", "*1\r\n?\r\n", "$1\r\na\nb",
        ])
    func malformed(text: String) {
        #expect(throws: RESPError.self) { try parse(Bytes(text)) }
    }

    @Test("limits hold at their edges")
    func limits() throws {
        let limits = RESPLimits(arguments: 2, bulkBytes: 3, lineBytes: 5, depth: 2)
        #expect(try parse("$3\r\nabc\r\n", limits)?.value == .bulk("abc"))
        #expect(throws: RESPError.tooLarge(what: "bulk string", limit: 3)) { try parse("$4\r\n", limits) }
        #expect(try parse("+abcde\r\n", limits)?.value == .simple("abcde"))
        #expect(throws: RESPError.tooLarge(what: "line", limit: 5)) { try parse("+abcdef\r\n", limits) }
        #expect(throws: RESPError.tooLarge(what: "line", limit: 5)) { try parse("+abcdef", limits) }
        #expect(throws: RESPError.tooLarge(what: "array", limit: 2)) { try parse("*3\r\n", limits) }
        #expect(try parse("*1\r\n*1\r\n:1\r\n", limits)?.value == .array([.array([.integer(1)])]))
        #expect(throws: RESPError.tooDeep(limit: 2)) { try parse("*1\r\n*1\r\n*1\r\n:1\r\n", limits) }
    }

    @Test("an unfinished value that grows beyond the bound is refused")
    func total() {
        var limits = RESPLimits(arguments: 100)
        limits.messageBytes = 50
        var text = "*100\r\n"
        for _ in 0..<8 { text += ":1234\r\n" }
        #expect(throws: RESPError.tooLarge(what: "value", limit: 50)) { try parse(Bytes(text), limits) }
        #expect(throws: Never.self) { try parse(Bytes(String(text.prefix(30))), limits) }
    }

    @Test("random bytes never trap, and what is read takes no more than there is", arguments: UInt64(1)...20)
    func random(seed: UInt64) {
        var draws = Draws(seed)
        for _ in 0..<1_000 {
            let bytes = draws.bytesLikeRESP(upTo: 50)
            do {
                let parsed = try parse(bytes)
                #expect((parsed?.consumed ?? 0) <= bytes.count)
            } catch {
                #expect(!"\(error)".isEmpty)
            }
        }
    }

    @Test("random values read back as written", arguments: UInt64(1)...20)
    func randomRoundTrip(seed: UInt64) throws {
        var draws = Draws(seed)
        func value(_ depth: Int) -> RESPValue {
            let text = Bytes((0..<draws.below(8)).map { _ in UInt8(0x20 + draws.below(90)) })
            switch draws.below(depth < 4 ? 6 : 5) {
            case 0: return .simple(text)
            case 1: return .error(text)
            case 2: return .integer(Int64(draws.below(1 << 30)) - 1 << 29)
            case 3: return .bulk(Bytes((0..<draws.below(20)).map { _ in UInt8(draws.below(256)) }))
            case 4: return .null
            default: return .array((0..<draws.below(5)).map { _ in value(depth + 1) })
            }
        }
        for _ in 0..<50 {
            let original = value(0)
            var writer = ByteWriter()
            writer.write(original)
            let parsed = try #require(try parse(writer.bytes()))
            #expect(parsed.value == original)
            #expect(parsed.consumed == writer.count)
        }
    }
}
