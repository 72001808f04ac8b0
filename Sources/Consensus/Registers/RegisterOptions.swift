import ProtocolKit

/// What a reader does with what it has read, before it answers.
public enum RegisterReads: Hashable, Sendable {
    /// Writes it back to a write quorum, always (Attiya, Bar-Noy & Dolev 1995, section 3).
    case alwaysWriteBack
    /// Writes it back unless a write quorum holds it already, durably, by the very answers that the reader has: then the
    /// second phase would change nothing.
    case writeBackUnlessAgreed
    /// Answers at once: a later read may return an older value than an earlier one while a write is under way.
    case neverWriteBack
}

/// Rules that can be left out, for tests of the checkers.
public enum RegisterMutation: String, Sendable, CaseIterable {
    /// A read answers after its first phase.
    case skipWriteBack = "skip-write-back"
    /// A replica acknowledges what isn't durable.
    case skipSync = "skip-sync"
    /// A quorum is one vote smaller than a majority.
    case smallQuorum = "quorum-too-small"
    /// A replica takes over every store, an older one too.
    case overwriteNewer = "overwrite-newer"
    /// Tags and the counter in them begin again after a restart.
    case forgetIncarnation = "forget-incarnation"
    /// A tag is sequence, node and incarnation.
    case forgetCounter = "forget-counter"
    /// A tag is the sequence alone, as in the register of one writer.
    case forgetWriter = "forget-writer"
    /// An answer that arrives twice is two votes.
    case countTwice = "count-twice"
    /// Rounds are numbered from 1 in every incarnation.
    case staleAnswers = "stale-answers"
    /// A read that skips its second phase counts replicas that hold the value in memory only.
    case assumeDurable = "assume-durable"
    /// A replica whose disk was lost answers queries at once.
    case trustReplacement = "trust-replacement"
    /// Acknowledgements that a replica gave before its disk was lost still count.
    case forgetReplacement = "forget-replacement"
    /// A query counts representatives, not votes.
    case countRepresentatives = "count-representatives"
    /// r + w equals the number of votes.
    case narrowRead = "narrow-read"
    /// 2w doesn't exceed the number of votes.
    case narrowWrite = "narrow-write"
    /// A write takes the version that its coordinator holds for the last.
    case ownVersion = "own-version"
    /// A write is answered once its coordinator holds it.
    case acknowledgeBeforeQuorum = "ack-before-quorum"
    /// A read writes back what its coordinator holds, not the newest that it found.
    case staleWriteBack = "stale-write-back"

    /// The rule that is broken.
    var breaks: String {
        switch self {
        case .skipWriteBack: "a read stores what it returns at a quorum before it returns it (ABD, section 3)"
        case .skipSync: "a value is durable before it is acknowledged"
        case .smallQuorum: "any two quorums have a replica in common (ABD, section 3)"
        case .overwriteNewer: "a replica keeps the value with the highest tag (ABD, section 3)"
        case .forgetIncarnation: "no tag is given out twice, after a restart neither"
        case .forgetCounter: "no tag is given out twice, to two clients of one node neither"
        case .forgetWriter: "two writers' tags differ (Lynch & Shvartsman, section 3)"
        case .countTwice: "a quorum is a set: each replica counts once"
        case .staleAnswers: "an answer counts for the round that it answers"
        case .assumeDurable: "a read skips its second phase only if a quorum holds the value durably"
        case .trustReplacement:
            "a replica that lost its disk recovers from a quorum before it answers (Michael et al. 2017)"
        case .forgetReplacement: "what a replica acknowledged before it lost its disk no longer counts"
        case .countRepresentatives: "quorums are counted in votes (Gifford, section 2)"
        case .narrowRead: "r + w exceeds the number of votes (Gifford, section 2)"
        case .narrowWrite: "2w exceeds the number of votes"
        case .ownVersion: "a write learns the last version from a quorum (Gifford, section 3)"
        case .acknowledgeBeforeQuorum: "a write is answered once w votes hold it (Gifford, section 3)"
        case .staleWriteBack: "a read writes back the newest value that it found"
        }
    }
}

/// What a replica is set to.
public struct RegisterOptions: Sendable {
    /// What a reader does with what it has read.
    public var reads = RegisterReads.alwaysWriteBack
    /// The most operations in a message.
    public var batchOperations = 1_024
    /// About the most payload bytes in a message; a larger operation goes alone.
    public var batchBytes = 1 << 20
    /// The most rounds of a phase under way; operations that come when there are as many share the next.
    public var window = 16
    /// Nanoseconds after which a message that wasn't answered is sent again; doubled every time.
    public var resendInterval = UInt64.milliseconds(100)
    /// Bytes of stored entries after which a snapshot is taken.
    public var snapshotBytes = 8 << 20
    /// Bytes of a piece in which snapshots are written.
    public var snapshotChunkBytes = 64 << 10
    /// The most operations that a node coordinates at once before it refuses requests.
    public var maximumOperations = 1 << 16
    /// The most payload bytes of such operations.
    public var maximumBytes = 64 << 20
    /// A rule left out on purpose.
    public var mutation: RegisterMutation?

    /// The defaults.
    public init() {}
}
