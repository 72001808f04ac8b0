import ByteCoding

/// One thing that a node wants done.
public enum Effect<Node: ProtocolNode> {
    /// Send a message once `after` is durable.
    case send(Node.Message, to: NodeID, after: Ticket)
    /// Answer a request once `after` is durable.
    case reply(Node.Response, to: RequestToken, after: Ticket)
    /// End a client's connection: what it still waits for won't be answered here, and it should ask elsewhere.
    case disconnect(ConnectionID)
    /// Append a record to the log.
    case append(LogRecord)
    /// Remove the records from a position on.
    case truncateSuffix(from: LogIndex)
    /// The records up to and including a position are no longer needed.
    case discardPrefix(through: LogIndex)
    /// Replace the hard state.
    case writeHardState(Bytes)
    /// Begin a new snapshot, giving up one that was begun and not committed.
    case beginSnapshot(SnapshotMark)
    /// Add to the begun snapshot.
    case writeSnapshot(Bytes)
    /// The begun snapshot is complete and replaces the former.
    case commitSnapshot
    /// Read a part of the stored snapshot; it comes back as ``Input/snapshotRead(_:)``.
    case readSnapshot(transfer: UInt64, offset: UInt64, maximumBytes: Int)
    /// Set a timer to come due at a monotonic time, replacing one of the same name.
    case setTimer(TimerID, at: UInt64)
    /// Cancel a timer.
    case cancelTimer(TimerID)
    /// Something worth counting happened.
    case count(ProtocolEvent)
    /// The node can't go on: it stops, with the reason.
    case halt(String)
}

/// Events that runs count and simulations report as covered.
public enum ProtocolEvent: UInt8, CaseIterable, Sendable {
    /// A node started an election.
    case electionStarted
    /// A node became leader.
    case leaderElected
    /// A leader stepped down.
    case leaderSteppedDown
    /// A suffix of a log was removed because it conflicted.
    case conflictTruncated
    /// A snapshot of the own state was stored.
    case snapshotTaken
    /// A snapshot from a peer was stored and taken over.
    case snapshotInstalled
    /// A request was sent elsewhere.
    case redirected
    /// A request was refused for lack of room.
    case refused
    /// A retried command was answered from its session.
    case duplicateAnswered
    /// A session expired.
    case sessionExpired
    /// A lock was granted.
    case lockGranted
    /// A lock's lease expired before its holder released it.
    case leaseExpired
    /// A transaction committed.
    case transactionCommitted
    /// A transaction aborted.
    case transactionAborted
    /// A participant asked for the outcome of a transaction in doubt.
    case outcomeInquired
    /// A node recovered state from its disk.
    case recovered
    /// A ballot was begun: the first phase of Paxos.
    case ballotStarted
    /// A proposer met a higher ballot and gave way.
    case ballotPreempted
    /// A follower's history was brought into line with its leader's.
    case followerSynchronised
    /// A reader wrote back what it had read.
    case writtenBack
    /// A replica that a read found stale was brought up to date.
    case readRepaired
    /// A write was kept for a node that couldn't be reached.
    case hintStored
    /// A kept write was delivered to the node it was meant for.
    case hintDelivered
    /// Two replicas compared what they hold.
    case replicasCompared
    /// A key came to hold concurrent values.
    case siblingsKept
    /// A backup took over from a primary.
    case failedOver
    /// A change of the membership was committed.
    case membershipChanged
    /// A leader handed its office to another node.
    case leadershipTransferred
}

/// The buffer that a step appends its effects to; the runtime reuses it from step to step.
///
/// Every persisting effect (record, truncation, discard, hard state, committed snapshot) gets the next ticket. Tickets
/// complete in order. A `send` or `reply` with a ticket waits until that ticket is durable, so a promise can't leave
/// before what it promises is kept.
public struct Effects<Node: ProtocolNode> {
    /// What the step wants done, in order.
    public var list: [Effect<Node>] = []
    @usableFromInline var ticketsIssued = UInt64(0)
    /// The last ticket given out.
    @inlinable
    public var lastTicket: Ticket { Ticket(ticketsIssued) }

    /// An empty buffer.
    @inlinable
    public init() {
        list.reserveCapacity(64)
    }

    /// Forgets the effects, keeping the room and the tickets.
    @inlinable
    public mutating func removeAll() {
        list.removeAll(keepingCapacity: true)
    }

    @inlinable
    @inline(__always)
    mutating func issue(_ effect: Effect<Node>) -> Ticket {
        ticketsIssued &+= 1
        list.append(effect)
        return lastTicket
    }

    /// Sends a message once `after` is durable.
    @inlinable
    public mutating func send(_ message: Node.Message, to peer: NodeID, after ticket: Ticket = .none) {
        list.append(.send(message, to: peer, after: ticket))
    }

    /// Answers a request once `after` is durable.
    @inlinable
    public mutating func reply(_ response: Node.Response, to token: RequestToken, after ticket: Ticket = .none) {
        list.append(.reply(response, to: token, after: ticket))
    }

    /// Ends a client's connection, where requests can't be answered any more; answers that wait for a ticket are dropped.
    /// The node hears of it as ``Input/clientGone(_:)``.
    @inlinable
    public mutating func disconnect(_ connection: ConnectionID) {
        list.append(.disconnect(connection))
    }

    /// Appends a record to the log.
    @inlinable
    @discardableResult
    public mutating func append(_ record: LogRecord) -> Ticket {
        issue(.append(record))
    }

    /// Removes the records from a position on.
    @inlinable
    @discardableResult
    public mutating func truncateSuffix(from index: LogIndex) -> Ticket {
        issue(.truncateSuffix(from: index))
    }

    /// Gives up the records up to and including a position.
    @inlinable
    @discardableResult
    public mutating func discardPrefix(through index: LogIndex) -> Ticket {
        issue(.discardPrefix(through: index))
    }

    /// Replaces the hard state (term and vote, ballot, epoch).
    @inlinable
    @discardableResult
    public mutating func writeHardState(_ state: Bytes) -> Ticket {
        issue(.writeHardState(state))
    }

    /// Begins a new snapshot, giving up one that was begun and not committed.
    @inlinable
    public mutating func beginSnapshot(_ mark: SnapshotMark) {
        list.append(.beginSnapshot(mark))
    }

    /// Adds to the begun snapshot.
    @inlinable
    public mutating func writeSnapshot(_ data: Bytes) {
        list.append(.writeSnapshot(data))
    }

    /// Completes the begun snapshot, which then replaces the former; what is recovered is always a complete one.
    @inlinable
    @discardableResult
    public mutating func commitSnapshot() -> Ticket {
        issue(.commitSnapshot)
    }

    /// Asks for a part of the stored snapshot.
    @inlinable
    public mutating func readSnapshot(transfer: UInt64, offset: UInt64, maximumBytes: Int) {
        list.append(.readSnapshot(transfer: transfer, offset: offset, maximumBytes: maximumBytes))
    }

    /// Sets a timer to come due at a monotonic time in nanoseconds, replacing one of the same name.
    @inlinable
    public mutating func setTimer(_ timer: TimerID, at deadline: UInt64) {
        list.append(.setTimer(timer, at: deadline))
    }

    /// Cancels a timer.
    @inlinable
    public mutating func cancelTimer(_ timer: TimerID) {
        list.append(.cancelTimer(timer))
    }

    /// Counts an event.
    @inlinable
    public mutating func count(_ event: ProtocolEvent) {
        list.append(.count(event))
    }

    /// Stops the node for a reason that people read.
    @inlinable
    public mutating func halt(_ reason: String) {
        list.append(.halt(reason))
    }
}
