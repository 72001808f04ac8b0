import ByteCoding
import ProtocolKit

/// Bounds on a configuration.
enum RaftLimits {
    /// Nodes of a cluster: votes are counted in 64 bits.
    static let members = 64
}

/// Which disk a node has: the incarnation in which it was empty, 0 for the first.
///
/// A node whose disk is lost is born again. It has forgotten its votes and what it acknowledged, so that to a
/// configuration it is another server under the same number.
public struct Birth: Identifier {
    /// The number.
    public let rawValue: UInt32
    /// Wraps a number.
    @inlinable
    public init(_ rawValue: UInt32) { self.rawValue = rawValue }
    /// A disk that was never lost.
    public static let first = Birth(0)
}

/// A server that votes: a node, with the disk that it had when it was admitted.
public struct Voter: Hashable, Sendable, BitwiseCopyable {
    /// The node.
    public let node: NodeID
    /// Its disk.
    public let birth: Birth
    /// A voter of its parts.
    public init(_ node: NodeID, _ birth: Birth = .first) {
        self.node = node
        self.birth = birth
    }
}

/// In which majorities a server counts.
@usableFromInline
struct Voice: OptionSet, Hashable, Sendable, BitwiseCopyable {
    @usableFromInline let rawValue: UInt8

    @inlinable
    init(rawValue: UInt8) { self.rawValue = rawValue }

    /// That of the configuration, or of C_new while two overlap.
    @inlinable static var incoming: Voice { Voice(rawValue: 1) }
    /// That of C_old while two overlap.
    @inlinable static var outgoing: Voice { Voice(rawValue: 2) }
}

/// Who votes and who only follows (section 6 of the paper; thesis, chapter 4).
///
/// Between one set of voters and the next stands the joint configuration C_old,new, in which elections and commitment
/// need a majority of each.
public struct RaftConfiguration: Hashable, Sendable {
    /// The voters by number; C_new while two configurations overlap.
    public var voters: [Voter]
    /// C_old while two overlap, else none.
    public var outgoing: [Voter] = []
    /// Servers that are sent the log and have no vote, by number.
    public var learners: [NodeID] = []

    /// The first voters of a cluster.
    public init(voters: [Voter], outgoing: [Voter] = [], learners: [NodeID] = []) {
        self.voters = voters
        self.outgoing = outgoing
        self.learners = learners
    }

    /// Nobody: what a server knows that has lost its disk.
    static let unknown = RaftConfiguration(voters: [])

    /// Whether two configurations overlap.
    public var isJoint: Bool { !outgoing.isEmpty }

    /// Where a server with this disk counts.
    func voice(of node: NodeID, birth: Birth) -> Voice {
        var voice: Voice = []
        if voters.contains(Voter(node, birth)) { voice.insert(.incoming) }
        if outgoing.contains(Voter(node, birth)) { voice.insert(.outgoing) }
        return voice
    }

    /// Whether a node takes part, with whatever disk.
    public func contains(_ node: NodeID) -> Bool {
        learners.contains(node) || voter(node) != nil || outgoing.contains { $0.node == node }
    }

    /// The voter of a number, of C_new where there are two.
    func voter(_ node: NodeID) -> Voter? { voters.first { $0.node == node } }

    /// The configuration that leads from this one to another: directly where the voters stay, else by the overlap.
    func leading(to target: RaftConfiguration) -> RaftConfiguration {
        var next = target
        if target.voters != voters { next.outgoing = voters }
        return next
    }

    /// C_new alone, after the overlap.
    var settled: RaftConfiguration { RaftConfiguration(voters: voters, learners: learners) }
}

extension RaftConfiguration: WireCodable {
    /// Appends the three lists.
    public func encode(into writer: inout ByteWriter) {
        for list in [voters, outgoing] {
            writer.write(UInt32(list.count))
            for voter in list {
                writer.write(voter.node.rawValue)
                writer.write(voter.birth.rawValue)
            }
        }
        writer.write(UInt32(learners.count))
        for learner in learners { writer.write(learner.rawValue) }
    }

    /// Reads the three lists.
    public init(from reader: inout ByteReader) throws(WireError) {
        func readVoters() throws(WireError) -> [Voter] {
            let count = try reader.readCount(limit: RaftLimits.members, of: "number of voters")
            var voters: [Voter] = []
            for _ in 0..<count { voters.append(Voter(NodeID(try reader.read()), Birth(try reader.read()))) }
            return voters
        }
        voters = try readVoters()
        outgoing = try readVoters()
        let count = try reader.readCount(limit: RaftLimits.members, of: "number of learners")
        for _ in 0..<count { learners.append(NodeID(try reader.read())) }
        guard !voters.isEmpty || (outgoing.isEmpty && learners.isEmpty) else {
            throw .invalid(what: "configuration without voters")
        }
    }
}

/// The configurations that a server knows: the last that is committed, and those after it in its log.
///
/// A server goes by the latest in its log, committed or not (section 6); truncation brings back the one before.
@usableFromInline
struct ConfigurationHistory: Sendable {
    @usableFromInline
    struct Entry: Sendable {
        let index: LogIndex
        let configuration: RaftConfiguration
    }

    /// In the order of the log; the first is committed, or the one to begin with.
    private(set) var entries: ContiguousArray<Entry>

    init(_ first: RaftConfiguration, at index: LogIndex = .zero) {
        entries = [Entry(index: index, configuration: first)]
    }

    /// The configuration in force.
    var latest: RaftConfiguration { entries[entries.count - 1].configuration }
    /// Where it stands in the log.
    @usableFromInline
    var latestIndex: LogIndex { entries[entries.count - 1].index }
    /// The last that is known to be committed.
    var committed: RaftConfiguration { entries[0].configuration }

    mutating func append(_ configuration: RaftConfiguration, at index: LogIndex) {
        entries.append(Entry(index: index, configuration: configuration))
    }

    /// Whether a server has a vote in the last configuration that is known to be committed, or in one after it.
    func hasVoter(_ node: NodeID, birth: Birth) -> Bool {
        entries.contains { !$0.configuration.voice(of: node, birth: birth).isEmpty }
    }

    /// Forgets what came before the last one that is committed.
    @usableFromInline
    mutating func commit(through index: LogIndex) {
        if let last = entries.lastIndex(where: { $0.index <= index }), last > 0 { entries.removeFirst(last) }
    }

    /// The log's entries from an index on are gone. True when that brings another configuration into force.
    mutating func truncate(from index: LogIndex) -> Bool {
        let count = entries.count
        while entries.count > 1, latestIndex >= index { entries.removeLast() }
        return entries.count < count
    }
}
