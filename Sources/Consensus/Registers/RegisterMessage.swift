import ByteCoding
import ProtocolKit

/// What replicas say to each other. A round is one phase of many operations at once: one message to each replica and one
/// back. Its number is the coordinator's incarnation and a count, never used twice.
public enum RegisterMessage: Hashable, Sendable {
    /// First phase: which tags, and for reads which values, do you hold?
    case query(RegisterQuery)
    /// The answer to it.
    case answer(RegisterAnswer)
    /// Second phase: hold these values, unless you hold newer ones.
    case store(RegisterStoreRequest)
    /// It is done, durably.
    case stored(RegisterAcknowledgement)
    /// A replica that lost its disk asks for everything.
    case transferRequest(RegisterTransferRequest)
    /// A part of everything.
    case transferPart(RegisterTransferPart)
}

/// The first phase of some operations.
public struct RegisterQuery: Hashable, Sendable {
    /// The round.
    public var round: UInt64
    /// Number of keys.
    public var count: Int
    /// For each key: the tag whose value the coordinator holds itself, the key's length, the key. A value comes back only
    /// with a higher tag, so that a writer, who needs none, says that it holds the highest.
    public var body: Bytes
}

/// What a replica holds of a query's keys.
public struct RegisterAnswer: Hashable, Sendable {
    /// The query's round.
    public var round: UInt64
    /// What the replica knows of lost disks.
    public var replacements: Replacements
    /// Number of keys.
    public var count: Int
    /// For each key in the query's order: ``Holding``, tag, and where there is one the value after its length.
    public var body: Bytes

    /// How a replica holds a key's value.
    struct Holding: OptionSet {
        let rawValue: UInt8
        /// The value is durable.
        static let durable = Holding(rawValue: 1)
        /// The value follows.
        static let value = Holding(rawValue: 2)
        /// The value is newer than the coordinator's and finds no room in this message.
        static let omitted = Holding(rawValue: 4)
        static let all: Holding = [.durable, .value, .omitted]
    }
}

/// The second phase of some operations.
public struct RegisterStoreRequest: Hashable, Sendable {
    /// The round.
    public var round: UInt64
    /// Number of entries.
    public var count: Int
    /// The entries.
    public var body: Bytes
}

/// Some rounds' entries, or newer ones, are durable at a replica.
public struct RegisterAcknowledgement: Hashable, Sendable {
    /// What the replica knows of lost disks.
    public var replacements: Replacements
    /// The rounds.
    public var rounds: ContiguousArray<UInt64>
}

/// A replica that lost its disk asks for everything from a position on.
public struct RegisterTransferRequest: Hashable, Sendable {
    /// The incarnation in which the replica came back without its disk.
    public var replacedIn: UInt64
    /// The replica's incarnation now.
    public var incarnation: UInt64
    /// Where to go on, in the order of the asked replica.
    public var position: RegisterPosition
}

/// A part of everything that a replica holds.
public struct RegisterTransferPart: Hashable, Sendable {
    /// The incarnation of the replica that asked.
    public var incarnation: UInt64
    /// The position that it asked for.
    public var position: RegisterPosition
    /// Where to go on; nil when this is the end.
    public var next: RegisterPosition?
    /// Number of entries.
    public var count: Int
    /// The entries.
    public var body: Bytes
}
