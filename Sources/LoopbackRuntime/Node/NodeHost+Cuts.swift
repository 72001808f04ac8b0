import ProtocolKit

/// Which peers a node is cut off from.
public struct PeerCut: Sendable, Hashable {
    /// What is sent to these nodes is lost.
    public var sendingTo: [Int]
    /// What comes from these nodes is lost.
    public var receivingFrom: [Int]

    /// No cut: everything goes through.
    public static let none = PeerCut(sendingTo: [], receivingFrom: [])

    /// A cut of its parts.
    public init(sendingTo: [Int], receivingFrom: [Int]) {
        self.sendingTo = sendingTo
        self.receivingFrom = receivingFrom
    }

    /// The cut as a node's control line has it: `cut 1,2 0`, with `-` for none.
    var words: String {
        func list(_ nodes: [Int]) -> String {
            nodes.isEmpty ? "-" : nodes.map(String.init).joined(separator: ",")
        }
        return "cut \(list(sendingTo)) \(list(receivingFrom))"
    }

    /// Reads ``words``.
    @usableFromInline
    init?(words: [Substring]) {
        guard words.count == 3, words[0] == "cut" else { return nil }
        func nodes(_ word: Substring) -> [Int]? {
            if word == "-" { return [] }
            let numbers = word.split(separator: ",").map { Int($0) }
            return numbers.contains(nil) ? nil : numbers.compactMap { $0 }
        }
        guard let sending = nodes(words[1]), let receiving = nodes(words[2]) else { return nil }
        self.init(sendingTo: sending, receivingFrom: receiving)
    }
}

extension NodeHost {
    /// Cuts the node off from peers, in place of an earlier cut. Nobody is told, as with a cut wire; a link that was cut
    /// and isn't any more is made anew, so that its ends learn that something may be lost.
    public func cut(_ cut: PeerCut) {
        loop.perform { [self] in
            for place in peers.indices {
                let wasCut = peers[place].isCut
                peers[place].isMute = cut.sendingTo.contains(place)
                peers[place].isDeaf = cut.receivingFrom.contains(place)
                if wasCut, !peers[place].isCut, peers[place].channel != nil { loseLink(place) }
            }
        }
    }
}
