import ProtocolKit

/// A node whose leader replicates a log of entries that carry the term in which they were made, as in Raft and in
/// primary-backup: what the invariants that both keep look at.
protocol LeaderReplica: ProtocolNode {
    /// What the nodes call a term, for messages.
    static var termName: String { get }
    var id: NodeID { get }
    /// The term that the node is in.
    var leaderTerm: Term { get }
    var isLeader: Bool { get }
    var log: RaftLog { get }
    var commitIndex: LogIndex { get }
    var lastApplied: LogIndex { get }
    /// Whether what is applied stays so. Otherwise nodes may apply different entries at an index.
    var appliesForGood: Bool { get }
    var stateDigest: UInt64 { get }
}

extension Raft: LeaderReplica {
    static var termName: String { "term" }
    var leaderTerm: Term { currentTerm }
    var isLeader: Bool { role == .leader }
    var appliesForGood: Bool { true }
    var stateDigest: UInt64 { machine.digest }
}

extension PrimaryBackup: LeaderReplica {
    static var termName: String { "epoch" }
    var leaderTerm: Term { promised }
    var isLeader: Bool { role == .primary }
    /// An asynchronous primary takes back what a failover has lost.
    var appliesForGood: Bool { options.isSynchronous }
    var stateDigest: UInt64 { machine.digest }
}
