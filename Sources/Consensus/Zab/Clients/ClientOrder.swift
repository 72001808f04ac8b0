import ByteCoding
import ProtocolKit

/// A read that a client waits for.
@usableFromInline
struct WaitingRead: Sendable {
    @usableFromInline let token: RequestToken
    /// Whether the client asked for the zxid.
    @usableFromInline let isOrdered: Bool
    @usableFromInline let payload: Bytes
    /// The number of the last write that the same connection had sent before.
    @usableFromInline let after: UInt64

    @inlinable
    init(token: RequestToken, isOrdered: Bool, payload: Bytes, after: UInt64) {
        self.token = token
        self.isOrdered = isOrdered
        self.payload = payload
        self.after = after
    }
}

/// Keeps each client's operations in the order in which it sent them: a read that follows a write on its connection
/// waits until that write is delivered here.
@usableFromInline
struct ClientOrder: Sendable {
    /// The number of the last write of each connection, by ``LocalWrites``.
    @usableFromInline var lastWrite: [ConnectionID: UInt64] = [:]
    /// Connections that were ended and not yet closed: what still comes on them came too late.
    @usableFromInline var ended: Set<ConnectionID> = []
    /// Reads by the write that they wait for.
    @usableFromInline var waiting: [UInt64: [WaitingRead]] = [:]
    @usableFromInline var waitingCount = 0

    @inlinable
    init() {}

    @inlinable
    mutating func note(_ connection: ConnectionID, write number: UInt64) {
        lastWrite[connection] = number
    }

    @usableFromInline
    mutating func wait(_ read: WaitingRead) {
        waiting[read.after, default: []].append(read)
        waitingCount += 1
    }

    /// The reads that wait for a write, in order.
    @usableFromInline
    mutating func takeReads(after number: UInt64) -> [WaitingRead] {
        let reads = waiting.removeValue(forKey: number) ?? []
        waitingCount -= reads.count
        return reads
    }

    mutating func forget(_ connection: ConnectionID) {
        lastWrite[connection] = nil
        ended.remove(connection)
    }
}
