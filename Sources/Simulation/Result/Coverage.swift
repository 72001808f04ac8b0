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
    /// Messages that stood still on a clogged link and arrived later.
    public var messagesStalled = UInt64(0)
    /// Links that were clogged.
    public var clogs = UInt64(0)
    /// Connections that ended because too much waited for a path.
    public var queuesOverflowed = UInt64(0)
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
    /// Writes of which a crash left a part.
    public var writesTorn = UInt64(0)
    /// Disks of which something was damaged at rest.
    public var disksDamaged = UInt64(0)
    /// Nodes that found damage and refused to start.
    public var corruptionsDetected = UInt64(0)
    /// Nodes that stopped because a write or sync failed.
    public var stopsForDisk = UInt64(0)
    /// Nodes started with an empty disk in place of one that was lost.
    public var replacements = UInt64(0)
    /// Runs in which only a quorum was healed.
    public var quorumsHealed = UInt64(0)
    /// Runs at whose end replicas were compared and agreed.
    public var convergences = UInt64(0)
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
        total.messagesStalled += other.messagesStalled
        total.clogs += other.clogs
        total.queuesOverflowed += other.queuesOverflowed
        total.crashes += other.crashes
        total.restarts += other.restarts
        total.pauses += other.pauses
        total.partitions += other.partitions
        total.linksBroken += other.linksBroken
        total.clientsDisconnected += other.clientsDisconnected
        total.syncs += other.syncs
        total.unsyncedBytesLost += other.unsyncedBytesLost
        total.writesTorn += other.writesTorn
        total.disksDamaged += other.disksDamaged
        total.corruptionsDetected += other.corruptionsDetected
        total.stopsForDisk += other.stopsForDisk
        total.replacements += other.replacements
        total.quorumsHealed += other.quorumsHealed
        total.convergences += other.convergences
        total.batchedTurns += other.batchedTurns
        for index in total.events.indices { total.events[index] += other.events[index] }
    }
}
