import ProtocolKit

/// What a run, or many, went through: a campaign that never crashed a node has shown little.
public struct Coverage: Sendable, Hashable {
    /// Messages between nodes that were sent.
    public var messagesSent = UInt64(0)
    /// Messages lost, by chance, by a partition or with a connection.
    public var messagesDropped = UInt64(0)
    /// Messages that arrived twice.
    public var messagesDuplicated = UInt64(0)
    /// Messages that could be overtaken.
    public var messagesReordered = UInt64(0)
    /// Nodes killed.
    public var crashes = UInt64(0)
    /// Nodes started again.
    public var restarts = UInt64(0)
    /// Nodes paused.
    public var pauses = UInt64(0)
    /// Partitions, one-way ones included.
    public var partitions = UInt64(0)
    /// Connections between nodes that broke.
    public var linksBroken = UInt64(0)
    /// Connections of clients that broke.
    public var clientsDisconnected = UInt64(0)
    /// Syncs done.
    public var syncs = UInt64(0)
    /// Bytes that crashes took because they weren't synced.
    public var unsyncedBytesLost = UInt64(0)
    /// Turns with more than one input.
    public var batchedTurns = UInt64(0)
    /// Events that protocols counted, by raw value of ``ProtocolEvent``.
    public var events = [UInt64](repeating: 0, count: ProtocolEvent.allCases.count)

    /// Nothing yet.
    public init() {}

    /// How often a protocol event happened.
    public subscript(event: ProtocolEvent) -> UInt64 {
        events[Int(event.rawValue)]
    }

    /// Adds another run's.
    public static func += (total: inout Coverage, other: Coverage) {
        total.messagesSent += other.messagesSent
        total.messagesDropped += other.messagesDropped
        total.messagesDuplicated += other.messagesDuplicated
        total.messagesReordered += other.messagesReordered
        total.crashes += other.crashes
        total.restarts += other.restarts
        total.pauses += other.pauses
        total.partitions += other.partitions
        total.linksBroken += other.linksBroken
        total.clientsDisconnected += other.clientsDisconnected
        total.syncs += other.syncs
        total.unsyncedBytesLost += other.unsyncedBytesLost
        total.batchedTurns += other.batchedTurns
        for index in total.events.indices { total.events[index] += other.events[index] }
    }
}
