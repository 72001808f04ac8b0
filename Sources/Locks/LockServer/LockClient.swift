import ProtocolKit

/// The client of a lock server: one request for each operation, a time allowed for each, and nothing left held that its
/// user doesn't know of.
///
/// - Answers come in the order of the requests on a connection (RESP2), so a wait for a lock holds up the answers
///   behind it. Two waits on one connection could then deadlock with two on another, each holding a lock whose grant
///   stands behind a wait. So a client has one `LOCK` under way at a time and keeps the next ones; releases overtake.
/// - A `LOCK` whose time is up is followed by a `CANCEL`, so that a grant under way doesn't block the lock for a lease.
/// - Where locks are lost with their connection, releases and writes with tokens of an ended connection fail at once.
/// - A lost connection is tried again after a pause of 10 ms; nothing is ever sent twice.
public struct LockClient: ProtocolClient, Sendable {
    /// The nodes it talks to.
    public typealias Node = LockServer
    /// What users ask of it.
    public typealias Operation = LockOperation
    /// What users get.
    public typealias Result = LockResult

    static let timeoutTimer = TimerID(1)
    static let pauseTimer = TimerID(2)
    static let pauseNanoseconds: UInt64 = .milliseconds(10)

    private struct Pending: Sendable {
        var operation: LockOperation
        var id: OperationID
        var isSent = false
    }

    private let server: NodeID
    private let timeoutNanoseconds: UInt64
    private let losesLocksWithConnection: Bool
    private var nextRequest = UInt64(0)
    private var pending: [UInt64: Pending] = [:]
    /// Requests by the end of their time, which is the order of their numbers.
    private var deadlines = RequestQueue()
    /// Requests to be sent when the pause is over.
    private var outbox = RequestQueue()
    /// Acquisitions to be sent one after the other.
    private var acquisitions = RequestQueue()
    private var acquiring: UInt64?
    private var isPaused = false
    private var isTimerSet = false
    private var largestToken = UInt64(0)
    /// Tokens up to here were lost with their connection.
    private var lostTokens = UInt64(0)

    init(server: NodeID, timeoutNanoseconds: UInt64, losesLocksWithConnection: Bool) {
        self.server = server
        self.timeoutNanoseconds = timeoutNanoseconds
        self.losesLocksWithConnection = losesLocksWithConnection
    }

    /// Handles one input.
    public mutating func step(
        _ input: ClientInput<LockClient>, at now: Now, effects: inout ClientEffects<LockClient>
    ) {
        switch input {
        case .invoke(let id, let operation): invoke(id, operation, now.monotonic, &effects)
        case .response(let response, let request, _): answer(response, request.rawValue, &effects)
        case .disconnected:
            if losesLocksWithConnection { lostTokens = largestToken }
            endRequests(.indeterminate(.disconnected), now.monotonic, &effects)
        case .unreachable: endRequests(.failed(.unreachable), now.monotonic, &effects)
        case .timer(Self.timeoutTimer): timeOut(now.monotonic, &effects)
        case .timer(Self.pauseTimer):
            isPaused = false
            flush(&effects)
        case .start, .connected, .timer: break
        }
    }

    private mutating func invoke(
        _ id: OperationID, _ operation: LockOperation, _ now: UInt64, _ effects: inout ClientEffects<LockClient>
    ) {
        switch operation {
        case .release(_, _, let token), .fencedWrite(_, _, let token):
            guard token > lostTokens else { return effects.complete(id, .failed(.disconnected)) }
        case .acquire: break
        }
        nextRequest += 1
        pending[nextRequest] = Pending(operation: operation, id: id)
        deadlines.append(nextRequest, deadline: now + timeoutNanoseconds)
        if case .acquire = operation {
            acquisitions.append(nextRequest)
        } else {
            outbox.append(nextRequest)
        }
        flush(&effects)
        if !isTimerSet { armTimer(&effects) }
    }

    private mutating func flush(_ effects: inout ClientEffects<LockClient>) {
        guard !isPaused else { return }
        while let (number, _) = outbox.popFirst() { send(number, &effects) }
        while acquiring == nil, let (number, _) = acquisitions.popFirst() {
            if send(number, &effects) { acquiring = number }
        }
    }

    @discardableResult
    private mutating func send(_ number: UInt64, _ effects: inout ClientEffects<LockClient>) -> Bool {
        guard let request = pending[number] else { return false }
        pending[number]?.isSent = true
        effects.request(LockRequest(request.operation), id: RequestID(number), to: server)
        return true
    }

    private mutating func answer(
        _ response: LockResponse, _ number: UInt64, _ effects: inout ClientEffects<LockClient>
    ) {
        if acquiring == number { acquiring = nil }
        // A late answer's request was given up, and cancelled where it was for a lock.
        if let request = pending.removeValue(forKey: number) {
            let completion = completion(of: request.operation, response)
            if case .answered(.granted(let grant)) = completion { largestToken = max(largestToken, grant.token) }
            effects.complete(request.id, completion)
        }
        while let (first, _) = deadlines.first, pending[first] == nil { deadlines.removeFirst() }
        flush(&effects)
    }

    private func completion(of operation: LockOperation, _ response: LockResponse) -> Completion<LockResult> {
        switch (operation, response) {
        case (.acquire, .granted(let grant)): .answered(.granted(grant))
        case (.acquire, .withdrawn): .answered(.withdrawn)
        case (.release, .number(let number)): .answered(.released(number > 0))
        case (.fencedWrite, .number(let number)):
            .answered(.written(number > 0, decision: number.magnitude))
        case (_, .refused(let refusal)):
            switch refusal {
            case .overloaded: .failed(.overloaded)
            case .redirect, .noLeader: .failed(.noLeader)
            case .sessionExpired: .failed(.sessionExpired)
            case .rejected: .failed(.rejected)
            }
        default: .indeterminate(.malformedAnswer)
        }
    }

    private mutating func timeOut(_ now: UInt64, _ effects: inout ClientEffects<LockClient>) {
        isTimerSet = false
        while let (number, deadline) = deadlines.first {
            guard let request = pending[number] else {
                deadlines.removeFirst()
                continue
            }
            guard deadline <= now else { break }
            deadlines.removeFirst()
            pending[number] = nil
            guard request.isSent else {
                effects.complete(request.id, .failed(.timedOut))
                continue
            }
            effects.complete(request.id, .indeterminate(.timedOut))
            if case .acquire(let lock, let owner, _) = request.operation {
                // The connection keeps order, so the cancellation meets the request and not the next one.
                nextRequest += 1
                effects.request(
                    .cancel(name: ShortName("lock:", lock), owner: ShortName("user:", owner)),
                    id: RequestID(nextRequest), to: server)
                if acquiring == number { acquiring = nil }
            }
        }
        flush(&effects)
        armTimer(&effects)
    }

    private mutating func armTimer(_ effects: inout ClientEffects<LockClient>) {
        guard let (_, deadline) = deadlines.first else { return }
        isTimerSet = true
        effects.setTimer(Self.timeoutTimer, at: deadline)
    }

    /// Ends what was sent on a connection that is gone, or never was, and waits a little before the next attempt.
    private mutating func endRequests(
        _ completion: Completion<LockResult>, _ now: UInt64, _ effects: inout ClientEffects<LockClient>
    ) {
        acquiring = nil
        for number in deadlines.numbers {
            guard let request = pending[number], request.isSent else { continue }
            pending[number] = nil
            effects.complete(request.id, completion)
        }
        isPaused = true
        effects.setTimer(Self.pauseTimer, at: now + Self.pauseNanoseconds)
    }
}

extension LockRequest {
    /// The request of a user's operation: locks are named `lock:n`, owners `user:n`.
    init(_ operation: LockOperation) {
        switch operation {
        case .acquire(let lock, let owner, let lease):
            self = .acquire(
                name: ShortName("lock:", lock), owner: ShortName("user:", owner), leaseMilliseconds: lease)
        case .release(let lock, let owner, let token):
            self = .release(name: ShortName("lock:", lock), owner: ShortName("user:", owner), token: token)
        case .fencedWrite(let lock, _, let token): self = .fencedWrite(name: ShortName("lock:", lock), token: token)
        }
    }
}

/// Request numbers in order, taken from the front without moving the rest each time.
struct RequestQueue: Sendable {
    private var items: [(number: UInt64, deadline: UInt64)] = []
    private var head = 0

    var first: (number: UInt64, deadline: UInt64)? { head < items.count ? items[head] : nil }

    mutating func append(_ number: UInt64, deadline: UInt64 = 0) {
        items.append((number, deadline))
    }

    mutating func removeFirst() {
        head += 1
        if head == items.count {
            items.removeAll(keepingCapacity: true)
            head = 0
        } else if head >= 1_024, head * 2 >= items.count {
            items.removeSubrange(0..<head)
            head = 0
        }
    }

    mutating func popFirst() -> (number: UInt64, deadline: UInt64)? {
        guard let first else { return nil }
        removeFirst()
        return first
    }

    var numbers: [UInt64] { items[head...].map(\.number) }
}
