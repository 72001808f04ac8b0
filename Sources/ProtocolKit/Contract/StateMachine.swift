import ByteCoding

/// A deterministic service that a consensus algorithm replicates: the same payloads in the same order give the same
/// state and the same answers on every replica.
public protocol StateMachine: SnapshottableState {
    /// What clients ask of it.
    associatedtype Request: ReplicatedRequest
    /// What clients are answered.
    associatedtype Response: ClientResponse

    /// Applies a command that is chosen at a log position.
    ///
    /// - Parameter payload: a request's ``ReplicatedRequest/payload``. One that can't be decoded gets a refusal.
    mutating func apply(_ payload: Bytes, at index: LogIndex) -> Response

    /// Moves replicated time forward (milliseconds since 1970 by the leaders' clocks): sessions expire by it.
    mutating func advance(toReplicatedMilliseconds time: UInt64)

    /// Answers a read without a log position of its own.
    func query(_ payload: Bytes) -> Response

    /// A digest of the state: replicas that applied the same commands agree on it.
    var digest: UInt64 { get }
}

/// A state that goes to disk and to peers in chunks.
public protocol SnapshottableState: Sendable {
    /// An empty state.
    init()

    /// The state in chunks: a frozen copy that later changes don't reach.
    associatedtype Snapshot: StateSnapshot
    /// A frozen copy.
    func snapshot() -> Snapshot

    /// Takes the next chunk of a snapshot into a state that began empty.
    mutating func restore(chunk: Bytes) throws(WireError)
}

/// A request that a log can carry.
public protocol ReplicatedRequest: ClientRequest {
    /// The binary form, for log and wire.
    var payload: Bytes { get }
    /// Whether it leaves the state as it is.
    var isRead: Bool { get }
    /// Takes the binary form over, unchecked: a state machine refuses what it can't decode.
    init(payload: Bytes)
}

/// A frozen state, given out in chunks.
public protocol StateSnapshot: Sendable {
    /// The next chunk of about `bytes` bytes (at least one whole item), or nil after the last.
    mutating func nextChunk(bytes: Int) -> Bytes?
}
