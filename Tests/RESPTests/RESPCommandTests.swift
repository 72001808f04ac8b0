import ByteCoding
import Testing

@testable import RESP

/// All commands at the start of some bytes, and how many bytes they took.
private func commands(_ bytes: Bytes, _ limits: RESPLimits = RESPLimits()) throws(RESPError) -> ([[String]], Int) {
    try bytes.withUnsafeBytes { (region) throws(RESPError) in
        let parser = RESPCommandParser(limits: limits)
        var found: [[String]] = []
        var offset = 0
        while true {
            switch try parser.parse(UnsafeRawBufferPointer(rebasing: region[offset...])) {
            case .needMore: return (found, offset)
            case .nothing(let count): offset += count
            case .command(let command, let count):
                found.append((0..<command.count).map { command.text($0) })
                offset += count
            }
        }
    }
}

@Suite("RESP commands")
struct RESPCommandTests {
    private static let pipeline: Bytes =
        "*3\r\n$3\r\nSET\r\n$1\r\nk\r\n$6\r\na\r\nb\nc\r\n\r\nPING\r\n*0\r\n  GET   k  \n*-1\r\n*1\r\n$0\r\n\r\nQUIT\r\n"
    private static let expected = [["SET", "k", "a\r\nb\nc"], ["PING"], ["GET", "k"], [""], ["QUIT"]]

    @Test("arrays, inline lines, empty lines and empty arrays are told apart")
    func kinds() throws {
        let (found, consumed) = try commands(Self.pipeline)
        #expect(found == Self.expected)
        #expect(consumed == Self.pipeline.count)
    }

    @Test("a pipeline cut at any byte gives the same commands")
    func cuts() throws {
        for cut in 0...Self.pipeline.count {
            let (first, consumed) = try commands(Self.pipeline[0..<cut])
            let (rest, end) = try commands(Self.pipeline[consumed..<Self.pipeline.count])
            #expect(first + rest == Self.expected, "cut at \(cut)")
            #expect(consumed <= cut)
            #expect(consumed + end == Self.pipeline.count)
        }
    }

    @Test("bytes arriving one by one give the same commands")
    func trickle() throws {
        var writer = ByteWriter()
        var found: [[String]] = []
        for byte in Self.pipeline.array {
            writer.write(byte)
            let (some, consumed) = try commands(writer.bytes())
            found += some
            writer.consume(consumed)
        }
        #expect(found == Self.expected)
        #expect(writer.count == 0)
    }

    @Test("a command's words match in any case and its integers are read")
    func arguments() throws {
        let bytes: Bytes = "*4\r\n$3\r\nsEt\r\n$2\r\n-7\r\n$2\r\n7x\r\n$20\r\n-9223372036854775808\r\n"
        try bytes.withUnsafeBytes { (region) throws in
            guard case .command(let command, _) = try RESPCommandParser().parse(region) else {
                Issue.record("no command")
                return
            }
            #expect(command.matches("SET"))
            #expect(!command.matches("SETNX"))
            #expect(!command.matches("GET"))
            #expect(command.integer(1) == -7)
            #expect(command.integer(2) == nil)
            #expect(command.integer(3) == .min)
            #expect(command.bytes(2) == "7x")
        }
    }

    @Test(
        "what isn't a command is refused",
        arguments: [
            "*x\r\n", "*\r\n", "*-\r\n", "*1\r\n:1\r\n", "*1\r\n$\r\n", "*1\r\n$-1\r\n", "*1\r\n$x\r\n",
            "*1\r\n$1\r\nabc",
            "*1\rX", "*12345678901\r\n", "*1\r\n$12345678901\r\n", "*1\r\n\r\n", "*1\r\nPING\r\n", "*+1\r\n", "* 1\r\n",
            "*1\r\n$3\r\nabcd\r\n", "*1\r\n$3\r\nab\r\n\r\n",
        ])
    func malformed(text: String) {
        #expect(throws: RESPError.self) { try commands(Bytes(text)) }
    }

    @Test("limits hold at their edges")
    func limits() throws {
        let limits = RESPLimits(arguments: 3, bulkBytes: 4, lineBytes: 10, depth: 2)
        #expect(try commands("*3\r\n$1\r\na\r\n$1\r\nb\r\n$4\r\ncccc\r\n", limits).0 == [["a", "b", "cccc"]])
        #expect(throws: RESPError.tooLarge(what: "argument count", limit: 3)) { try commands("*4\r\n", limits) }
        #expect(throws: RESPError.tooLarge(what: "bulk string", limit: 4)) { try commands("*1\r\n$5\r\n", limits) }
        #expect(try commands("abcdefghij\n", limits).0 == [["abcdefghij"]])
        #expect(throws: RESPError.tooLarge(what: "inline command", limit: 10)) {
            try commands("abcdefghijk\n", limits)
        }
        #expect(throws: RESPError.tooLarge(what: "inline command", limit: 10)) {
            try commands("abcdefghijk", limits)
        }
        #expect(throws: RESPError.tooLarge(what: "argument count", limit: 3)) { try commands("a b c d\n", limits) }
    }

    @Test("a command of many large arguments is refused before it fills the memory")
    func total() {
        var limits = RESPLimits(arguments: 100, bulkBytes: 1000)
        limits.messageBytes = 2500
        var text = "*100\r\n"
        for _ in 0..<2 { text += "$1000\r\n" + String(repeating: "x", count: 1000) + "\r\n" }
        #expect(throws: Never.self) { try commands(Bytes(text), limits) }
        text += "$1000\r\n"
        #expect(throws: RESPError.tooLarge(what: "command", limit: 2500)) { try commands(Bytes(text), limits) }
    }

    @Test("random bytes never trap", arguments: UInt64(1)...20)
    func random(seed: UInt64) {
        var draws = Draws(seed)
        for _ in 0..<500 {
            let bytes = draws.bytesLikeRESP(upTo: 60)
            do {
                let (found, consumed) = try commands(bytes)
                #expect(consumed <= bytes.count)
                #expect(found.allSatisfy { !$0.isEmpty })
            } catch {
                #expect(!"\(error)".isEmpty)
            }
        }
    }
}

@Suite("Decimal integers")
struct DecimalTests {
    @Test(
        "64-bit integers are read to their bounds",
        arguments: [
            ("0", 0), ("-0", 0), ("+5", 5), ("007", 7), ("9223372036854775807", Int64.max),
            ("-9223372036854775808", Int64.min), ("+9223372036854775807", Int64.max), ("-1", -1),
        ])
    func valid(text: String, number: Int64) {
        #expect(Bytes(text).withUnsafeBytes { parseDecimal($0) } == number)
    }

    @Test(
        "what isn't one, or lies beyond, isn't",
        arguments: [
            "", "-", "+", "9223372036854775808", "-9223372036854775809", "18446744073709551616", "99999999999999999999",
            "1 ", " 1", "1.5", "0x1", "--1", "000000000000000000001", "１",
        ])
    func invalid(text: String) {
        #expect(Bytes(text).withUnsafeBytes { parseDecimal($0) } == nil)
    }

    @Test("integers are written as they are read", arguments: [Int64.min, -10, -9, -1, 0, 9, 10, 12345, .max])
    func round(number: Int64) throws {
        var writer = ByteWriter(capacity: 64)
        writer.writeInteger(number)
        #expect(writer.bytes() == Bytes(":\(number)\r\n"))
        let parsed = try RESPValue.parse(writer.readable)
        #expect(parsed?.value == .integer(number))
    }
}

/// Reproducible draws; the codec's rooms depend on no generator.
struct Draws {
    private var state: UInt64

    init(_ seed: UInt64) {
        state = seed
    }

    mutating func below(_ bound: Int) -> Int {
        state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
        return Int(state >> 33) % bound
    }

    /// Bytes made of what the protocol is made of, so that many get far into the parser.
    mutating func bytesLikeRESP(upTo count: Int) -> Bytes {
        let alphabet = Array("*$+-:0123459\r\n\r\n ab".utf8) + [0, 0xFF]
        return Bytes((0..<below(count)).map { _ in alphabet[below(alphabet.count)] })
    }
}
