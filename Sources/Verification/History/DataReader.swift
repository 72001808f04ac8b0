/// Reads values of EDN (github.com/edn-format/edn) and JSON (RFC 8259) one after the other.
///
/// Lenient where histories need no more: commas and, in JSON, colons between key and value are space, tags are dropped
/// (`#jepsen.history.Op{...}` is the map), lists, vectors and sets are all lists.
struct DataReader {
    /// What stands for a value that is to be ignored.
    static let discarded = DataValue.symbol("#_")
    private static let deepest = 64
    private static let longestText = 1 << 20
    private static let mostElements = 1 << 20

    let bytes: HistoryBytes
    /// Whether a key and its value are parted by a colon.
    let isJSON: Bool
    private var elementsLeft = 0

    init(_ bytes: HistoryBytes, isJSON: Bool) {
        self.bytes = bytes
        self.isJSON = isJSON
    }

    /// The next value; `nil` at the end of the bytes.
    mutating func next() throws(HistoryError) -> DataValue? {
        elementsLeft = Self.mostElements
        try skipSpace()
        return try bytes.peek() == nil ? nil : try value(depth: 0)
    }

    // MARK: Space

    /// Goes past space, commas, comments and values that are to be ignored.
    mutating func skipSpace() throws(HistoryError) {
        while let byte = try bytes.peek() {
            switch byte {
            case UInt8(ascii: " "), UInt8(ascii: "\t"), UInt8(ascii: "\n"), UInt8(ascii: "\r"), UInt8(ascii: ","),
                0xef, 0xbb, 0xbf:
                bytes.advance()
            case UInt8(ascii: ";") where !isJSON:
                while let byte = try bytes.peek(), byte != UInt8(ascii: "\n") { bytes.advance() }
            default: return
            }
        }
    }

    // MARK: Values

    private mutating func value(depth: Int) throws(HistoryError) -> DataValue {
        let line = bytes.line
        elementsLeft -= 1
        guard depth < Self.deepest, elementsLeft > 0 else {
            throw error(line, "a value that is nested or long beyond measure", "an operation's value is a few numbers")
        }
        try skipSpace()
        guard let byte = try bytes.peek() else { throw truncated(line) }
        switch byte {
        case UInt8(ascii: "{"): return .map(try pairs(depth))
        case UInt8(ascii: "["): return .list(try elements(until: UInt8(ascii: "]"), depth))
        case UInt8(ascii: "("): return .list(try elements(until: UInt8(ascii: ")"), depth))
        case UInt8(ascii: "\""): return .text(try text())
        case UInt8(ascii: "#") where !isJSON: return try tagged(depth)
        case UInt8(ascii: "}"), UInt8(ascii: "]"), UInt8(ascii: ")"):
            throw error(
                line, "a closing \(Character(UnicodeScalar(byte))) that nothing opened",
                "every map must have an even number of keys and values")
        default: return try atom()
        }
    }

    private mutating func elements(until end: UInt8, _ depth: Int) throws(HistoryError) -> [DataValue] {
        let line = bytes.line
        bytes.advance()
        var elements: [DataValue] = []
        while true {
            try skipSpace()
            guard let byte = try bytes.peek() else { throw truncated(line) }
            if byte == end {
                bytes.advance()
                return elements
            }
            if let element = try elementUnlessDiscarded(depth) { elements.append(element) }
        }
    }

    private mutating func elementUnlessDiscarded(_ depth: Int) throws(HistoryError) -> DataValue? {
        let element = try value(depth: depth + 1)
        return element == Self.discarded ? nil : element
    }

    private mutating func pairs(_ depth: Int) throws(HistoryError) -> [DataValue.Field] {
        let line = bytes.line
        bytes.advance()
        return try pairsOfOpenMap(line, depth)
    }

    /// The rest of a map whose opening brace, on `line`, has been passed.
    mutating func pairsOfOpenMap(
        _ line: Int, _ depth: Int = 0
    ) throws(HistoryError) -> [DataValue.Field] {
        elementsLeft = depth == 0 ? Self.mostElements : elementsLeft
        var pairs: [DataValue.Field] = []
        while true {
            try skipSpace()
            guard let byte = try bytes.peek() else { throw truncated(line) }
            if byte == UInt8(ascii: "}") {
                bytes.advance()
                return pairs
            }
            guard let key = try elementUnlessDiscarded(depth) else { continue }
            if isJSON {
                try skipSpace()
                guard try bytes.peek() == UInt8(ascii: ":") else {
                    throw error(bytes.line, "no colon behind the name \(key)", "write \"name\": value")
                }
                bytes.advance()
            }
            try skipSpace()
            guard try bytes.peek() != nil else { throw truncated(line) }
            pairs.append(DataValue.Field(key: key, value: try value(depth: depth + 1)))
        }
    }

    /// What follows a number sign: a set, a value to be ignored, or a value whose tag is dropped.
    private mutating func tagged(_ depth: Int) throws(HistoryError) -> DataValue {
        bytes.advance()
        switch try bytes.peek() {
        case UInt8(ascii: "{"): return .list(try elements(until: UInt8(ascii: "}"), depth))
        case UInt8(ascii: "_"):
            bytes.advance()
            _ = try value(depth: depth + 1)
            return Self.discarded
        default:
            _ = try token()
            return try value(depth: depth + 1)
        }
    }

    // MARK: Atoms

    private mutating func atom() throws(HistoryError) -> DataValue {
        let line = bytes.line
        let token = try token()
        guard let first = token.utf8.first else {
            throw error(line, "a byte that begins no value", "is this a history in EDN or JSON?")
        }
        switch token {
        case "nil", "null": return .null
        case "true": return .boolean(true)
        case "false": return .boolean(false)
        default: break
        }
        guard first == UInt8(ascii: "-") || first == UInt8(ascii: "+") || (0x30...0x39).contains(first) else {
            return .symbol(token)
        }
        let digits = token.hasSuffix("N") ? String(token.dropLast()) : token
        if let integer = Int64(digits) { return .integer(integer) }
        return token.count == 1 ? .symbol(token) : .number(token)
    }

    /// The bytes up to the next one that parts values.
    private mutating func token() throws(HistoryError) -> String {
        let line = bytes.line
        var token: [UInt8] = []
        while let byte = try bytes.peek(), !Self.isDelimiter(byte) || (isEscape(token) && byte > 32) {
            // A second colon would begin the next keyword in JSON only.
            if isJSON, byte == UInt8(ascii: ":") { break }
            token.append(byte)
            bytes.advance()
            if token.count > Self.longestText { throw tooLong(line) }
        }
        return String(decoding: token, as: UTF8.self)
    }

    /// A backslash before a character takes the next byte whatever it is.
    private func isEscape(_ token: [UInt8]) -> Bool { !isJSON && token == [UInt8(ascii: "\\")] }

    private static func isDelimiter(_ byte: UInt8) -> Bool {
        switch byte {
        case 0...32, UInt8(ascii: ","), UInt8(ascii: ";"), UInt8(ascii: "\""), UInt8(ascii: "("), UInt8(ascii: ")"),
            UInt8(ascii: "["), UInt8(ascii: "]"), UInt8(ascii: "{"), UInt8(ascii: "}"):
            true
        default: false
        }
    }

    private mutating func text() throws(HistoryError) -> String {
        let line = bytes.line
        bytes.advance()
        var text: [UInt8] = []
        while let byte = try bytes.peek() {
            bytes.advance()
            if byte == UInt8(ascii: "\"") { return String(decoding: text, as: UTF8.self) }
            if byte == UInt8(ascii: "\\") {
                try unescape(into: &text, line)
            } else {
                text.append(byte)
            }
            if text.count > Self.longestText { throw tooLong(line) }
        }
        throw truncated(line)
    }

    private mutating func unescape(into text: inout [UInt8], _ line: Int) throws(HistoryError) {
        guard let byte = try bytes.peek() else { throw truncated(line) }
        bytes.advance()
        switch byte {
        case UInt8(ascii: "n"): text.append(10)
        case UInt8(ascii: "t"): text.append(9)
        case UInt8(ascii: "r"): text.append(13)
        case UInt8(ascii: "b"): text.append(8)
        case UInt8(ascii: "f"): text.append(12)
        case UInt8(ascii: "u"):
            var scalar = try hexadecimal(line)
            if scalar & 0xfc00 == 0xd800, try bytes.peek() == UInt8(ascii: "\\") {
                bytes.advance()
                if try bytes.peek() == UInt8(ascii: "u") { bytes.advance() }
                scalar = try 0x10000 + (scalar & 0x3ff) << 10 + hexadecimal(line) & 0x3ff
            }
            text += Array(String(UnicodeScalar(scalar).map(Character.init) ?? "\u{fffd}").utf8)
        default: text.append(byte)
        }
    }

    private mutating func hexadecimal(_ line: Int) throws(HistoryError) -> UInt32 {
        var digits: [UInt8] = []
        while digits.count < 4, let byte = try bytes.peek() {
            digits.append(byte)
            bytes.advance()
        }
        guard let scalar = UInt32(String(decoding: digits, as: UTF8.self), radix: 16) else {
            throw error(line, "an escape \\u without four hexadecimal digits", "write it as \\u00e9")
        }
        return scalar
    }

    // MARK: Errors

    private func error(_ line: Int, _ what: String, _ remedy: String) -> HistoryError {
        HistoryError(line: line, what, remedy: remedy)
    }

    private func truncated(_ line: Int) -> HistoryError {
        error(
            line, "the file ends in the middle of what begins here",
            "it was cut off: copy it again, or drop the unfinished rest")
    }

    private func tooLong(_ line: Int) -> HistoryError {
        error(line, "a value longer than \(Self.longestText) bytes", "is this a history?")
    }
}
