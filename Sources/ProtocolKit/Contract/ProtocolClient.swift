/// The client side of an algorithm, under the same contract as its nodes: where a lock recipe, an optimistic retry or a
/// quorum client lives, and where redirects and retries are followed.
public protocol ProtocolClient: Sendable {
    /// The nodes it talks to.
    associatedtype Node: ProtocolNode
    /// What users ask of it.
    associatedtype Operation: Sendable
    /// What users get.
    associatedtype Result: Sendable

    /// Handles one input.
    mutating func step(_ input: ClientInput<Self>, at now: Now, effects: inout ClientEffects<Self>)
}

/// What happens to a client.
public enum ClientInput<Client: ProtocolClient> {
    /// The first input, with a seed of the client's own.
    case start(seed: UInt64)
    /// A user starts an operation; it ends with one `complete`.
    case invoke(OperationID, Client.Operation)
    /// A server's answer to a request.
    case response(Client.Node.Response, to: RequestID, from: NodeID)
    /// A connection that requests had asked for is up.
    case connected(NodeID)
    /// A server couldn't be connected to: requests to it since the last connection were never sent.
    case unreachable(NodeID)
    /// A connection ended: requests not yet answered on it never will be, and may have had their effect.
    case disconnected(NodeID)
    /// A timer that was set has come due.
    case timer(TimerID)
}

/// How an operation ended.
public enum Completion<Result: Sendable>: Sendable {
    /// It was answered.
    case answered(Result)
    /// It surely had no effect.
    case failed(OperationError)
    /// It may have had its effect, or may still have it.
    case indeterminate(OperationError)
}

/// Why an operation wasn't answered; each kind is counted apart.
public enum OperationError: UInt8, CaseIterable, Sendable, Error {
    /// No answer within the time allowed.
    case timedOut
    /// The connection ended first.
    case disconnected
    /// No server could be reached.
    case unreachable
    /// Servers know no leader.
    case noLeader
    /// The server refused for lack of room.
    case overloaded
    /// The session had expired.
    case sessionExpired
    /// The server called the request wrong.
    case rejected
    /// The server's answer couldn't be understood.
    case malformedAnswer

    /// The name that reports use.
    public var name: String {
        switch self {
        case .timedOut: "timed_out"
        case .disconnected: "disconnected"
        case .unreachable: "unreachable"
        case .noLeader: "no_leader"
        case .overloaded: "overloaded"
        case .sessionExpired: "session_expired"
        case .rejected: "rejected"
        case .malformedAnswer: "malformed_answer"
        }
    }
}

/// One thing that a client wants done.
public enum ClientEffect<Client: ProtocolClient> {
    /// Send a request to a server, connecting first where there is no connection.
    case request(Client.Node.Request, id: RequestID, to: NodeID)
    /// End an operation.
    case complete(OperationID, Completion<Client.Result>)
    /// Set a timer to come due at a monotonic time, replacing one of the same name.
    case setTimer(TimerID, at: UInt64)
    /// Cancel a timer.
    case cancelTimer(TimerID)
}

/// The buffer that a client's step appends its effects to.
public struct ClientEffects<Client: ProtocolClient> {
    /// What the step wants done, in order.
    public var list: [ClientEffect<Client>] = []

    /// An empty buffer.
    @inlinable
    public init() {
        list.reserveCapacity(16)
    }

    /// Forgets the effects, keeping the room.
    @inlinable
    public mutating func removeAll() {
        list.removeAll(keepingCapacity: true)
    }

    /// Sends a request to a server, connecting first where there is no connection.
    @inlinable
    public mutating func request(_ request: Client.Node.Request, id: RequestID, to server: NodeID) {
        list.append(.request(request, id: id, to: server))
    }

    /// Ends an operation.
    @inlinable
    public mutating func complete(_ operation: OperationID, _ completion: Completion<Client.Result>) {
        list.append(.complete(operation, completion))
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
}
