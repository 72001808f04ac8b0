/// A text that isn't a fault, and what would be one.
public struct FaultTextError: Error, Sendable, Hashable, CustomStringConvertible {
    /// What is wrong and what is possible.
    public let description: String
    init(_ text: String, _ wanted: String) {
        description = "'\(text)' isn't a fault: \(wanted)"
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
        "loss 0.1", "duplicate 0.1", "reorder 0.1", "slow disk 0 x10", "clock jump 0 -2s", "disconnect c1 0",
    ]

    /// Reads a fault as ``description`` writes it.
    ///
    /// - Throws: ``FaultTextError`` that names the form that is meant, or all of them.
    public init(parsing text: String) throws(FaultTextError) {
        let words = text.split(separator: " ")
        let reader = FaultReader(text: text)
        func form(_ example: String, _ count: Int) throws(FaultTextError) {
            guard words.count == count else { throw reader.wants(example) }
        }
        switch words.first {
        case "kill", "restart", "pause", "resume":
            try form("\(words[0]) 0", 2)
            let node = try reader.node(words[1])
            self =
                switch words[0] {
                case "kill": .kill(node)
                case "restart": .restart(node)
                case "pause": .pause(node)
                default: .resume(node)
                }
        case "heal":
            try form("heal", 1)
            self = .heal
        case "partition":
            try form("partition 0,c1|rest", 2)
            self = try reader.partition(words[1])
        case "one-way":
            try form("one-way 0>1,2", 2)
            let (from, to) = try reader.arrow(words[1])
            self = .oneWay(from: from, to: to)
        case "delay":
            try form("delay 0>1 5ms", 3)
            let (from, to) = try reader.arrow(words[1])
            guard from.count == 1, to.count == 1 else { throw reader.wants("delay 0>1 5ms") }
            self = .delay(from: from[0], to: to[0], nanoseconds: UInt64(try reader.duration(words[2])))
        case "loss", "duplicate", "reorder":
            try form("\(words[0]) 0.1", 2)
            guard let chance = Double(words[1]), (0...1).contains(chance) else {
                throw FaultTextError(text, "a probability from 0 to 1 is needed, as in '\(words[0]) 0.1'")
            }
            self = words[0] == "loss" ? .loss(chance) : words[0] == "duplicate" ? .duplicate(chance) : .reorder(chance)
        case "slow" where words.count == 4 && words[1] == "disk":
            guard words[3].first == "x", let factor = UInt64(words[3].dropFirst()), factor > 0 else {
                throw reader.wants("slow disk 0 x10")
            }
            self = .slowDisk(try reader.node(words[2]), factor: factor)
        case "clock" where words.count == 4 && words[1] == "jump":
            self = .clockJump(try reader.node(words[2]), nanoseconds: try reader.signedDuration(words[3]))
        case "disconnect":
            try form("disconnect c1 0", 3)
            self = .disconnect(client: try reader.client(words[1]), try reader.node(words[2]))
        default:
            throw FaultTextError(text, "possible are " + Self.forms.map { "'\($0)'" }.joined(separator: ", "))
        }
    }
}

/// Reads the parts of a fault's text.
private struct FaultReader {
    let text: String

    func wants(_ example: String) -> FaultTextError { FaultTextError(text, "write it as '\(example)'") }

    func node(_ word: Substring) throws(FaultTextError) -> NodeID {
        guard let number = UInt32(word) else { throw FaultTextError(text, "'\(word)' isn't a node's number") }
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

    func partition(_ word: Substring) throws(FaultTextError) -> Fault {
        let sides = word.split(separator: "|", omittingEmptySubsequences: false)
        guard sides.count == 2, sides[1] == "rest" else { throw wants("partition 0,c1|rest") }
        var members: [NodeID] = []
        var clients: [Int] = []
        for part in sides[0].split(separator: ",", omittingEmptySubsequences: false) {
            if part.first == "c" { clients.append(try client(part)) } else { members.append(try node(part)) }
        }
        return .partition(members, clients: clients)
    }

    func duration(_ word: Substring) throws(FaultTextError) -> Int64 {
        let nanoseconds = try signedDuration(word)
        guard nanoseconds >= 0 else { throw FaultTextError(text, "'\(word)' is before its beginning") }
        return nanoseconds
    }

    func signedDuration(_ word: Substring) throws(FaultTextError) -> Int64 {
        let units: [(name: String, nanoseconds: Double)] = [("ns", 1), ("us", 1e3), ("ms", 1e6), ("s", 1e9)]
        for unit in units where word.hasSuffix(unit.name) {
            guard let number = Double(word.dropLast(unit.name.count)) else { continue }
            let product = (number * unit.nanoseconds).rounded()
            if abs(product) < 9e18 { return Int64(product) }
        }
        throw FaultTextError(text, "'\(word)' isn't a time, such as 5ms")
    }
}
