import Workload

/// A fault as it struck a trial.
public struct FaultRecord: Sendable, Codable, Hashable {
    /// What struck, with the nodes' numbers.
    public var fault: String
    /// When, after the window's start, in nanoseconds.
    public var afterNanoseconds: UInt64
    /// Why it could not be done; nil when it was.
    public var failure: String?

    /// A fault and when it struck.
    public init(fault: String, afterNanoseconds: UInt64, failure: String? = nil) {
        self.fault = fault
        self.afterNanoseconds = afterNanoseconds
        self.failure = failure
    }
}

/// How available a system was to the clients on one side of a partition, between one fault and the next.
public struct AvailabilityRecord: Sendable, Codable, Hashable {
    /// Which side: `majority` or `minority`, by the number of nodes there; `all` where nothing separates clients.
    public var side: String
    /// What had struck when the period began; empty before the first fault.
    public var since: String
    /// Where the period begins, after the window's start, in nanoseconds.
    public var fromNanoseconds: UInt64
    /// Where it ends.
    public var toNanoseconds: UInt64
    /// Clients on the side.
    public var clients: Int
    /// What came of the operations that began in the period, by kind; kinds that never came are left out.
    public var kinds: [KindAvailability]
    /// The longest time in the period without an answer to any client of the side, in nanoseconds.
    public var longestSilenceNanoseconds: UInt64
    /// The share of the period's 20 ms slots in which a client of the side got an answer, 0...1; nil where the period is
    /// shorter than that. Unlike the share of operations it doesn't depend on how fast users try again.
    public var servedShare: Double?

    /// A period of its parts.
    public init(
        side: String, since: String, fromNanoseconds: UInt64, toNanoseconds: UInt64, clients: Int,
        kinds: [KindAvailability], longestSilenceNanoseconds: UInt64, servedShare: Double?
    ) {
        self.side = side
        self.since = since
        self.fromNanoseconds = fromNanoseconds
        self.toNanoseconds = toNanoseconds
        self.clients = clients
        self.kinds = kinds
        self.longestSilenceNanoseconds = longestSilenceNanoseconds
        self.servedShare = servedShare
    }
}

/// What came of the operations of one kind.
public struct KindAvailability: Sendable, Codable, Hashable {
    /// The kind.
    public var kind: String
    /// Operations that began.
    public var attempted: UInt64
    /// Of them, answered.
    public var answered: UInt64
    /// Of them, surely without effect.
    public var refused: UInt64
    /// Of them, perhaps with their effect.
    public var indeterminate: UInt64

    /// Counts of one kind.
    public init(
        kind: String, attempted: UInt64 = 0, answered: UInt64 = 0, refused: UInt64 = 0, indeterminate: UInt64 = 0
    ) {
        self.kind = kind
        self.attempted = attempted
        self.answered = answered
        self.refused = refused
        self.indeterminate = indeterminate
    }

    /// The share answered, 0...1; nil when nothing was tried.
    public var availability: Double? { attempted == 0 ? nil : Double(answered) / Double(attempted) }
}

// Records written before there were faults have none of these lists: they are read as empty. Nor have they a shape.
extension KeyedDecodingContainer {
    func decode(_ type: RateShape.Type, forKey key: Key) throws -> RateShape {
        try decodeIfPresent(type, forKey: key) ?? .steady
    }

    func decode(_ type: [TimedFault].Type, forKey key: Key) throws -> [TimedFault] {
        try decodeIfPresent(type, forKey: key) ?? []
    }

    func decode(_ type: [CostAuditRecord].Type, forKey key: Key) throws -> [CostAuditRecord] {
        try decodeIfPresent(type, forKey: key) ?? []
    }

    func decode(_ type: [FaultRecord].Type, forKey key: Key) throws -> [FaultRecord] {
        try decodeIfPresent(type, forKey: key) ?? []
    }

    func decode(_ type: [AvailabilityRecord].Type, forKey key: Key) throws -> [AvailabilityRecord] {
        try decodeIfPresent(type, forKey: key) ?? []
    }
}
