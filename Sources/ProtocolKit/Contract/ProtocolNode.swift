import ByteCoding

/// The server side of a distributed algorithm: a pure state machine that one runtime drives on sockets and disks and
/// another in simulated time.
///
/// A step never blocks, reads a clock, draws from a global source of randomness, or touches a file or socket: all of
/// that comes in with the input and `now`, and goes out through `effects`. It never iterates a `Dictionary` or `Set`,
/// whose order differs from process to process.
///
/// Inputs arrive in turns. A runtime steps everything that it has at hand, then sends ``Input/turnEnded`` once: the
/// place to send what the turn has collected (one batch for each peer instead of a message for each request).
public protocol ProtocolNode: Sendable {
    /// What nodes send each other.
    associatedtype Message: WireCodable & Sendable
    /// What clients ask.
    associatedtype Request: ClientRequest
    /// What clients are answered.
    associatedtype Response: ClientResponse

    /// Handles one input.
    mutating func step(_ input: Input<Self>, at now: Now, effects: inout Effects<Self>)

    /// A line on the node's state for people (`INFO`, traces), such as `role:leader term:3`.
    var status: NodeStatus { get }
}

/// What happens to a node.
public enum Input<Node: ProtocolNode> {
    /// The first input: what was recovered from disk.
    case start(Recovery)
    /// A message from a peer.
    case message(Node.Message, from: NodeID)
    /// A client's request, to be answered once with `reply`.
    case request(Node.Request, RequestToken)
    /// A client's connection is gone; replies to it are dropped.
    case clientGone(ConnectionID)
    /// A timer that was set has come due.
    case timer(TimerID)
    /// The link to a peer is up: messages sent from now on may arrive.
    case linkUp(NodeID)
    /// The link to a peer is down: messages sent before may be lost.
    case linkDown(NodeID)
    /// Everything up to and including this ticket is as durable as the run's durability says.
    case persisted(through: Ticket)
    /// A part of the stored snapshot that the node had asked for.
    case snapshotRead(SnapshotPart)
    /// Nothing more is at hand: send what has been collected.
    case turnEnded
}

/// What a node finds on its disk when it starts.
public struct Recovery: Sendable {
    /// Grows by one at every start of this node, durably: 1 at the first.
    public var incarnation: UInt64
    /// A seed of this start's own for time-outs and the like.
    public var seed: UInt64
    /// The last hard state written, or nil.
    public var hardState: Bytes?
    /// The last complete snapshot, or nil.
    public var snapshot: (mark: SnapshotMark, data: Bytes)?
    /// The records after the discarded prefix, in order, without gaps.
    public var log: [LogRecord]
    /// Whether the node replaces one of its name whose disk is lost: it remembers none of the promises that it gave, so
    /// it must not be counted on for them. The incarnation grows all the same. It is said at every start until something
    /// is durable: a node has to say what it is in the first thing that it stores.
    public var isReplacement = false

    /// What was recovered.
    public init(
        incarnation: UInt64, seed: UInt64, hardState: Bytes? = nil,
        snapshot: (mark: SnapshotMark, data: Bytes)? = nil, log: [LogRecord] = []
    ) {
        self.incarnation = incarnation
        self.seed = seed
        self.hardState = hardState
        self.snapshot = snapshot
        self.log = log
    }
}

/// One record of a node's log.
public struct LogRecord: Hashable, Sendable {
    /// Its position; each record's is one more than its predecessor's.
    public let index: LogIndex
    /// A number of the protocol's own beside the payload: Raft's term.
    public let tag: UInt64
    /// A kind of the protocol's own.
    public let kind: UInt8
    /// The content.
    public let payload: Bytes
    /// A record of its parts.
    @inlinable
    public init(index: LogIndex, tag: UInt64, kind: UInt8, payload: Bytes) {
        self.index = index
        self.tag = tag
        self.kind = kind
        self.payload = payload
    }
}

/// What a snapshot stands for: everything up to and including a log position.
public struct SnapshotMark: Hashable, Sendable, BitwiseCopyable {
    /// The last position that the snapshot contains.
    public let index: LogIndex
    /// The tag (Raft's term) of the record there.
    public let tag: UInt64
    /// A mark of its parts.
    @inlinable
    public init(index: LogIndex, tag: UInt64) {
        self.index = index
        self.tag = tag
    }
}

/// A part of a stored snapshot, read back to be sent to a peer.
public struct SnapshotPart: Hashable, Sendable {
    /// Whose transfer it is for, as the node named it.
    public let transfer: UInt64
    /// The snapshot it belongs to.
    public let mark: SnapshotMark
    /// Where the part starts, in bytes.
    public let offset: UInt64
    /// The part.
    public let data: Bytes
    /// Whether the snapshot ends with this part.
    public let isLast: Bool
    /// A part of its pieces.
    public init(transfer: UInt64, mark: SnapshotMark, offset: UInt64, data: Bytes, isLast: Bool) {
        self.transfer = transfer
        self.mark = mark
        self.offset = offset
        self.data = data
        self.isLast = isLast
    }
}

/// What a node tells people about itself.
public struct NodeStatus: Hashable, Sendable {
    /// Its part in the cluster: `leader`, `follower`, `coordinator` ...
    public var role: String
    /// Whether clients are best served here.
    public var isLeader: Bool
    /// The leader as far as the node knows.
    public var leader: NodeID?
    /// Further facts in order: (`term`, `3`) ...
    public var facts: [(name: String, value: String)]
    /// A status of its parts.
    public init(role: String, isLeader: Bool, leader: NodeID? = nil, facts: [(name: String, value: String)] = []) {
        self.role = role
        self.isLeader = isLeader
        self.leader = leader
        self.facts = facts
    }

    /// Equal in all parts.
    public static func == (left: NodeStatus, right: NodeStatus) -> Bool {
        left.role == right.role && left.isLeader == right.isLeader && left.leader == right.leader
            && left.facts.elementsEqual(right.facts) { $0 == $1 }
    }

    /// Hashes the role.
    public func hash(into hasher: inout Hasher) {
        hasher.combine(role)
        hasher.combine(leader)
    }
}
