/// A text that isn't a fault, and what would be one.
public struct FaultTextError: Error, Sendable, Hashable, CustomStringConvertible {
    /// What is wrong and what is possible.
    public let description: String
    init(_ text: String, _ wanted: String) {
        description = "'\(text)' isn't a fault: \(wanted)"
    }

    /// A part of a script that doesn't begin with a time.
    public init(scriptPart text: String) {
        description = "'\(text)' isn't part of a script of faults: write '@1s kill 0; @2s restart 0'"
    }

    /// A fault that must say when it strikes, and doesn't.
    public init(missingTimeIn text: String) {
        description = "'\(text)' doesn't say when: write it as '2s \(text)'"
    }
}

extension Fault {
    /// Every form a fault's text can have, with an example of each.
    public static let forms = [
        "kill 0", "restart 0", "pause 0", "resume 0", "partition 0,c1|rest", "one-way 0>1,2", "heal", "delay 0>1 5ms",
        "clog 0>1 50ms", "loss 0.1", "duplicate 0.1", "reorder 0.1", "slow disk 0 x10", "sync error 0", "disk full 0",
        "disk free 0", "lost suffix 0", "torn write 0", "bit flip 0", "misdirected write 0", "wipe 0",
        "clock skew 0 50ms", "clock jump 0 -2s", "disconnect c1 0",
    ]

    /// The form whose words a text begins with, and the words that follow.
    private static func form(of words: [Substring]) -> (example: String, name: String, rest: [Substring])? {
        for example in forms {
            let name = example.split(separator: " ").prefix { $0.allSatisfy { $0.isLetter || $0 == "-" } }
            guard words.count >= name.count, zip(words, name).allSatisfy({ $0 == $1 }) else { continue }
            return (example, name.joined(separator: " "), Array(words.dropFirst(name.count)))
        }
        return nil
    }

    /// Reads a fault as ``description`` writes it.
    ///
    /// - Throws: ``FaultTextError`` that names the form that is meant, or all of them.
    public init(parsing text: String) throws(FaultTextError) {
        let words = text.split(separator: " ")
        guard let (example, name, rest) = Self.form(of: words) else {
            throw FaultTextError(text, "possible are " + Self.forms.map { "'\($0)'" }.joined(separator: ", "))
        }
        let reader = FaultReader(text: text, example: example)
        let wanted = example.split(separator: " ").count - name.split(separator: " ").count
        guard rest.count == wanted else { throw reader.wanted }
        switch name {
        case "heal": self = .heal
        case "partition": self = try reader.partition(rest[0])
        case "one-way":
            let (from, to) = try reader.arrow(rest[0])
            self = .oneWay(from: from, to: to)
        case "delay":
            let (from, to, time) = try reader.path(rest)
            self = .delay(from: from, to: to, nanoseconds: time)
        case "clog":
            let (from, to, time) = try reader.path(rest)
            self = .clog(from: from, to: to, nanoseconds: time)
        case "loss": self = .loss(try reader.probability(rest[0]))
        case "duplicate": self = .duplicate(try reader.probability(rest[0]))
        case "reorder": self = .reorder(try reader.probability(rest[0]))
        case "slow disk": self = .slowDisk(try reader.node(rest[0]), factor: try reader.factor(rest[1]))
        case "clock skew": self = .clockSkew(try reader.node(rest[0]), nanoseconds: try reader.signed(rest[1]))
        case "clock jump": self = .clockJump(try reader.node(rest[0]), nanoseconds: try reader.signed(rest[1]))
        case "disconnect": self = .disconnect(client: try reader.client(rest[0]), try reader.node(rest[1]))
        default: self = try Self.onOneNode(name, try reader.node(rest[0]), reader)
        }
    }

    private static func onOneNode(_ name: String, _ node: NodeID, _ reader: FaultReader) throws(FaultTextError) -> Fault
    {
        switch name {
        case "kill": .kill(node)
        case "restart": .restart(node)
        case "pause": .pause(node)
        case "resume": .resume(node)
        case "sync error": .syncError(node)
        case "disk full": .diskFull(node)
        case "disk free": .diskFree(node)
        case "lost suffix": .lostSuffix(node)
        case "torn write": .tornWrite(node)
        case "bit flip": .bitFlip(node)
        case "misdirected write": .misdirectedWrite(node)
        case "wipe": .wipe(node)
        default: throw reader.wanted
        }
    }
}

/// Reads the parts of a fault's text.
private struct FaultReader {
    let text: String
    let example: String

    var wanted: FaultTextError { FaultTextError(text, "write it as '\(example)'") }

    func node(_ word: Substring) throws(FaultTextError) -> NodeID {
        guard let number = UInt32(word) else {
            throw FaultTextError(text, "'\(word)' isn't a node's number; write it as '\(example)'")
        }
        return NodeID(number)
    }

    func client(_ word: Substring) throws(FaultTextError) -> Int {
        guard word.first == "c", let number = Int(word.dropFirst()), number >= 0 else {
            throw FaultTextError(text, "'\(word)' isn't a client, such as c1")
        }
        return number
    }

    func nodes(_ word: Substring) throws(FaultTextError) -> [NodeID] {
        var all: [NodeID] = []
        for part in word.split(separator: ",", omittingEmptySubsequences: false) { all.append(try node(part)) }
        return all
    }

    func arrow(_ word: Substring) throws(FaultTextError) -> ([NodeID], [NodeID]) {
        let ends = word.split(separator: ">", omittingEmptySubsequences: false)
        guard ends.count == 2 else {
            throw FaultTextError(text, "'\(word)' doesn't say from where to where, as 0>1 does")
        }
        return (try nodes(ends[0]), try nodes(ends[1]))
    }

    /// One node to another and a time.
    func path(_ words: [Substring]) throws(FaultTextError) -> (NodeID, NodeID, UInt64) {
        let (from, to) = try arrow(words[0])
        guard from.count == 1, to.count == 1 else { throw wanted }
        return (from[0], to[0], try duration(words[1]))
    }

    func partition(_ word: Substring) throws(FaultTextError) -> Fault {
        let sides = word.split(separator: "|", omittingEmptySubsequences: false)
        guard sides.count == 2, sides[1] == "rest" else { throw wanted }
        var members: [NodeID] = []
        var clients: [Int] = []
        for part in sides[0].split(separator: ",", omittingEmptySubsequences: false) {
            if part.first == "c" { clients.append(try client(part)) } else { members.append(try node(part)) }
        }
        return .partition(members, clients: clients)
    }

    func probability(_ word: Substring) throws(FaultTextError) -> Double {
        guard let chance = Double(word), (0...1).contains(chance) else {
            throw FaultTextError(text, "a probability from 0 to 1 is needed, as in '\(example)'")
        }
        return chance
    }

    func factor(_ word: Substring) throws(FaultTextError) -> UInt64 {
        guard word.first == "x", let factor = UInt64(word.dropFirst()), factor > 0, factor <= 1_000_000 else {
            throw wanted
        }
        return factor
    }

    func duration(_ word: Substring) throws(FaultTextError) -> UInt64 {
        guard let nanoseconds = DurationText.read(word) else {
            throw FaultTextError(text, "'\(word)' isn't a time, such as 5ms, of a day at most")
        }
        return nanoseconds
    }

    func signed(_ word: Substring) throws(FaultTextError) -> Int64 {
        let magnitude = Int64(try duration(word.first == "-" ? word.dropFirst() : word))
        return word.first == "-" ? -magnitude : magnitude
    }
}
