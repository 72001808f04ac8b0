import Measurement
import ProtocolKit

/// How one node of a cluster runs.
public struct NodeConfiguration: Sendable {
    /// Which member it is.
    public var id: NodeID
    /// All members, 0 ..< n in order.
    public var members: [NodeID]
    /// The cluster's number: nodes and logs of different clusters refuse each other.
    public var cluster: UInt64
    /// How durable its log is.
    public var durability: Durability
    /// The folder of its log; needed unless the durability is `memory`.
    public var dataFolder: String?
    /// What its randomised time-outs are drawn from.
    public var seed: UInt64
    /// Where it listens for peers; port 0 for any.
    public var peerAddress: SocketAddress
    /// Where it listens for clients; port 0 for any.
    public var clientAddress: SocketAddress
    /// Most client connections.
    public var maximumClients: Int
    /// Planted faults of the log, for tests of the crash checks.
    public var logFaults: LogFaults
    /// The incarnation of a node that keeps everything in memory, whose starts nobody else counts.
    public var memoryIncarnation: UInt64 = 1
    /// Bytes of a log segment: what is filled with zeros ahead.
    public var segmentBytes = WriteAheadLog.defaultSegmentBytes
    /// A planted slowdown, for tests of gates.
    public var plantedDelay: PlantedDelay?
    /// How to read the process's allocation counts.
    public var allocations = AllocationCounter.unavailable

    /// A configuration with loopback addresses and free ports.
    public init(
        id: NodeID, members: [NodeID], cluster: UInt64, durability: Durability, dataFolder: String? = nil,
        seed: UInt64 = 1, peerAddress: SocketAddress = .anyLoopback, clientAddress: SocketAddress = .anyLoopback,
        maximumClients: Int = 10_000, logFaults: LogFaults = LogFaults()
    ) {
        self.id = id
        self.members = members
        self.cluster = cluster
        self.durability = durability
        self.dataFolder = dataFolder
        self.seed = seed
        self.peerAddress = peerAddress
        self.clientAddress = clientAddress
        self.maximumClients = maximumClients
        self.logFaults = logFaults
    }
}

/// Where a member can be reached.
public struct MemberAddress: Sendable, Hashable {
    /// The member.
    public var id: NodeID
    /// Its port for peers.
    public var peer: SocketAddress
    /// Its port for clients.
    public var client: SocketAddress

    /// An address of its parts.
    public init(id: NodeID, peer: SocketAddress, client: SocketAddress) {
        self.id = id
        self.peer = peer
        self.client = client
    }
}

/// What a node has done so far.
public struct NodeCounters: Sendable, Hashable {
    /// Messages sent to peers.
    public var messagesSent: UInt64 = 0
    /// Bytes sent to peers.
    public var peerBytesSent: UInt64 = 0
    /// Client requests received.
    public var requests: UInt64 = 0
    /// Bytes exchanged with clients.
    public var clientBytes: UInt64 = 0
    /// The log's writes, syncs and bytes.
    public var log = LogCounters()
    /// Protocol events by their raw values.
    public var events = [UInt64](repeating: 0, count: ProtocolEvent.allCases.count)

    /// Nothing yet.
    public init() {}
}
