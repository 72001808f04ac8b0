import ProtocolKit

/// A fault and when it strikes: `2s partition leader,c0,c1|rest`.
///
/// `leader` stands for whichever node leads when the window begins; where there is no leader, for node 0.
public struct TimedFault: Sendable, Hashable, Codable {
    /// When it strikes, after the window's start, in nanoseconds.
    public var afterNanoseconds: UInt64
    /// The fault, as ``Fault`` reads it, with `leader` for a node.
    public var text: String

    /// Reads a time and a fault.
    ///
    /// - Throws: `FaultTextError` that says what is possible.
    public init(parsing text: String) throws(FaultTextError) {
        let parts = text.split(separator: " ", maxSplits: 1)
        guard parts.count == 2, let time = Quantity.duration(String(parts[0])) else {
            // Read for its own complaint; what has no time may be no fault either.
            _ = try Fault(parsing: Self.resolve(text, leader: NodeID(0)))
            throw FaultTextError(missingTimeIn: text)
        }
        afterNanoseconds = time
        self.text = String(parts[1])
        _ = try fault(leader: NodeID(0))
    }

    private static func resolve(_ text: String, leader: NodeID) -> String {
        var resolved = ""
        var word = ""
        for character in text + " " {
            if character.isLetter || character == "-" {
                word.append(character)
                continue
            }
            resolved += word == "leader" ? "\(leader)" : word
            word = ""
            resolved.append(character)
        }
        return String(resolved.dropLast())
    }

    /// The fault, with `leader` resolved.
    public func fault(leader: NodeID) throws(FaultTextError) -> Fault {
        try Fault(parsing: Self.resolve(text, leader: leader))
    }

    /// Whether real nodes on real sockets can suffer it.
    var isForRealNodes: Bool { (try? fault(leader: NodeID(0)))?.isForRealNodes ?? false }

    /// Clients that a partition puts on the side that it names; nil for another fault.
    var separatedClients: [Int]? {
        guard case .partition(_, let clients)? = try? fault(leader: NodeID(0)) else { return nil }
        return clients
    }
}

extension Fault {
    /// Whether every node that it names has a number below `count`.
    func names(onlyNodesBelow count: Int) -> Bool {
        let named: [NodeID] =
            switch self {
            case .kill(let node), .restart(let node), .pause(let node), .resume(let node): [node]
            case .partition(let nodes, _): nodes
            case .oneWay(let from, let to): from + to
            default: []
            }
        return named.allSatisfy { Int($0.rawValue) < count }
    }
}
