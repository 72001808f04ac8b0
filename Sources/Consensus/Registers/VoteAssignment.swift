/// How many votes each replica has, and how many a read and a write must collect (Gifford 1979, section 2); a majority of
/// nodes with a vote each is the case of Attiya, Bar-Noy & Dolev.
public struct VoteAssignment: Hashable, Sendable {
    /// Votes by place; a weak representative has none.
    public let votes: ContiguousArray<Int>
    /// Votes of a read quorum.
    public let read: Int
    /// Votes of a write quorum.
    public let write: Int

    /// All votes.
    public var total: Int { votes.reduce(0, +) }
    /// The places that have votes.
    public var voters: [Int] { votes.indices.filter { votes[$0] > 0 } }

    /// Why votes don't make quorums.
    public enum Misfit: Error, Hashable, Sendable, CustomStringConvertible {
        /// Another number of weights than of nodes.
        case count(weights: Int, nodes: Int)
        /// Nobody has a vote.
        case noVotes
        /// A quorum of more votes than there are, or of none.
        case outOfRange(name: String, votes: Int, total: Int)
        /// A read quorum need not contain a replica that has the last write.
        case readMissesWrite(read: Int, write: Int, total: Int)
        /// Two write quorums need not have a replica in common, so that a version may be given out twice.
        case writesMiss(write: Int, total: Int)

        /// What is wrong and what would be right.
        public var description: String {
            switch self {
            case .count(let weights, let nodes): "\(weights) weights for \(nodes) nodes"
            case .noVotes: "at least one node needs a vote"
            case .outOfRange(let name, let votes, let total): "\(name)=\(votes) of \(total) votes; valid: 1...\(total)"
            case .readMissesWrite(let read, let write, let total):
                "r + w must exceed the number of votes, so that every read quorum meets every write quorum: "
                    + "\(read) + \(write) ≤ \(total)"
            case .writesMiss(let write, let total):
                "2w must exceed the number of votes, so that every two write quorums meet: 2 × \(write) ≤ \(total)"
            }
        }
    }

    /// A majority of nodes with a vote each.
    public init(majorityOf nodes: Int) {
        votes = ContiguousArray(repeating: 1, count: nodes)
        read = nodes / 2 + 1
        write = nodes / 2 + 1
    }

    /// Votes as Gifford's rules have them.
    ///
    /// - Parameters:
    ///   - read: nil for as few as meet every write quorum, or a majority where `write` is nil too.
    ///   - write: nil for as few as meet every read quorum and each other.
    /// - Throws: ``Misfit`` naming the rule that is broken.
    public init(votes: [Int], read: Int?, write: Int?) throws(Misfit) {
        let total = votes.reduce(0, +)
        guard total > 0 else { throw .noVotes }
        let majority = total / 2 + 1
        let chosenWrite = write ?? read.map { max(total + 1 - $0, majority) } ?? majority
        let chosenRead = read ?? write.map { total + 1 - $0 } ?? majority
        guard (1...total).contains(chosenWrite) else {
            throw .outOfRange(name: "w", votes: chosenWrite, total: total)
        }
        guard (1...total).contains(chosenRead) else { throw .outOfRange(name: "r", votes: chosenRead, total: total) }
        guard chosenRead + chosenWrite > total else {
            throw .readMissesWrite(read: chosenRead, write: chosenWrite, total: total)
        }
        guard 2 * chosenWrite > total else { throw .writesMiss(write: chosenWrite, total: total) }
        self.init(unchecked: votes, read: chosenRead, write: chosenWrite)
    }

    /// Votes that may break the rules, for planted faults.
    init(unchecked votes: [Int], read: Int, write: Int) {
        self.votes = ContiguousArray(votes)
        self.read = read
        self.write = write
    }
}
