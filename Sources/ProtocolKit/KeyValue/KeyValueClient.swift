import ByteCoding

/// A client of a replicated key-value store: finds the leader, follows redirects, and, with a session, sends a command
/// again until it is answered once.
///
/// Without a session a command that may have arrived is never sent again: its outcome is reported as indeterminate.
public struct KeyValueClient<Node: ProtocolNode>: ProtocolClient, Sendable
where Node.Request: RequestEnvelope, Node.Request.Content == KeyValueRequest, Node.Response == KeyValueResponse {
    /// What users ask.
    public typealias Operation = KeyValueCommand
    /// What users get.
    public typealias Result = KeyValueResponse

    @usableFromInline
    struct Pending: Sendable {
        var operation: OperationID
        var request: KeyValueRequest
        var deadline: UInt64
        var server: NodeID
        var generation: UInt32
        var sequence: UInt64
        var state: State
        /// Whether an earlier sending of it may have had its effect.
        var mayHaveHappened: Bool
    }

    @usableFromInline
    enum State: Sendable {
        case free, waiting, sent
    }

    private static var patrol: TimerID { TimerID(1) }
    private static var retry: TimerID { TimerID(2) }
    private static var retryDelay: UInt64 { .milliseconds(20) }
    private static var sessionRequest: RequestID { RequestID(.max) }

    private let members: [NodeID]
    private let timeout: UInt64
    private let usesSession: Bool
    private var server: NodeID
    private var pending: ContiguousArray<Pending> = []
    private var freeSlots: ContiguousArray<UInt32> = []
    private var waitingCount = 0
    private var isRetrySet = false
    private var isPatrolSet = false
    private var session = SessionID.none
    private var isSessionAsked = false
    private var nextSequence: UInt64 = 1

    /// A client of `members` that asks `preferred` first and gives an operation `timeoutNanoseconds`.
    public init(members: [NodeID], preferred: NodeID, timeoutNanoseconds: UInt64, usesSession: Bool = false) {
        precondition(members.contains(preferred), "the preferred server is one of the members")
        self.members = members
        self.server = preferred
        timeout = timeoutNanoseconds
        self.usesSession = usesSession
    }

    /// Handles one input.
    public mutating func step(_ input: ClientInput<Self>, at now: Now, effects: inout ClientEffects<Self>) {
        switch input {
        case .start: break
        case .invoke(let operation, let command): invoke(operation, command, now, &effects)
        case .response(let response, let request, let node): answer(response, request, node, now, &effects)
        case .connected: break
        case .disconnected(let node): disconnected(node, now, &effects)
        case .unreachable(let node): unreachable(node, now, &effects)
        case .timer(Self.patrol): patrol(now, &effects)
        case .timer: retryWaiting(now, &effects)
        }
    }

    private mutating func invoke(
        _ operation: OperationID, _ command: KeyValueCommand, _ now: Now, _ effects: inout ClientEffects<Self>
    ) {
        var sequence: UInt64 = 0
        var request = KeyValueRequest(command)
        if usesSession, !request.isRead, session != .none {
            (request, sequence) = stamped(command)
        }
        let slot: Int
        let next = Pending(
            operation: operation, request: request, deadline: now.monotonic &+ timeout, server: server, generation: 0,
            sequence: sequence, state: .waiting, mayHaveHappened: false)
        if let free = freeSlots.popLast() {
            slot = Int(free)
            let generation = pending[slot].generation
            pending[slot] = next
            pending[slot].generation = generation
        } else {
            slot = pending.count
            pending.append(next)
        }
        waitingCount += 1
        if !isPatrolSet {
            isPatrolSet = true
            effects.setTimer(Self.patrol, at: now.monotonic &+ max(timeout / 20, 1))
        }
        if usesSession && session == .none {
            openSession(now, &effects)
        } else {
            send(slot, &effects)
        }
    }

    private mutating func stamped(_ command: KeyValueCommand) -> (KeyValueRequest, UInt64) {
        let sequence = nextSequence
        nextSequence += 1
        var lowest = sequence
        for entry in pending where entry.state != .free && entry.sequence > 0 { lowest = min(lowest, entry.sequence) }
        let stamp = SessionStamp(session: session, sequence: sequence, acknowledgedBelow: lowest)
        return (KeyValueRequest(command, stamp: stamp), sequence)
    }

    private mutating func send(_ slot: Int, _ effects: inout ClientEffects<Self>) {
        pending[slot].state = .sent
        pending[slot].server = server
        waitingCount -= 1
        effects.request(Node.Request(carrying: pending[slot].request), id: requestID(slot), to: server)
    }

    private func requestID(_ slot: Int) -> RequestID {
        RequestID(UInt64(pending[slot].generation) << 32 | UInt64(slot))
    }

    private func slot(of request: RequestID) -> Int? {
        let slot = Int(truncatingIfNeeded: request.rawValue & 0xFFFF_FFFF)
        guard slot < pending.count, pending[slot].state == .sent,
            UInt64(pending[slot].generation) == request.rawValue >> 32
        else { return nil }
        return slot
    }

    private mutating func answer(
        _ response: KeyValueResponse, _ request: RequestID, _ node: NodeID, _ now: Now,
        _ effects: inout ClientEffects<Self>
    ) {
        if request == Self.sessionRequest { return sessionAnswered(response, now, &effects) }
        guard let slot = slot(of: request) else { return }
        guard case .refused(let refusal) = response else { return finish(slot, .answered(response), &effects) }
        switch refusal {
        case .redirect(let leader) where members.contains(leader):
            if server == node { server = leader }
            hold(slot, now, &effects, promptly: server != node)
        case .redirect, .noLeader:
            if server == node { server = successor(of: node) }
            hold(slot, now, &effects, promptly: false)
        case .overloaded: fail(slot, .overloaded, &effects)
        case .rejected: fail(slot, .rejected, &effects)
        case .sessionExpired:
            fail(slot, .sessionExpired, &effects)
            session = .none
        }
    }

    /// Keeps an operation that surely didn't happen at its last server, to be sent again.
    private mutating func hold(
        _ slot: Int, _ now: Now, _ effects: inout ClientEffects<Self>, promptly: Bool
    ) {
        pending[slot].state = .waiting
        pending[slot].generation &+= 1
        waitingCount += 1
        if promptly {
            send(slot, &effects)
        } else {
            setRetry(now, &effects)
        }
    }

    private mutating func setRetry(_ now: Now, _ effects: inout ClientEffects<Self>) {
        guard !isRetrySet else { return }
        isRetrySet = true
        effects.setTimer(Self.retry, at: now.monotonic &+ Self.retryDelay)
    }

    private mutating func finish(
        _ slot: Int, _ completion: Completion<KeyValueResponse>, _ effects: inout ClientEffects<Self>
    ) {
        if pending[slot].state == .waiting { waitingCount -= 1 }
        effects.complete(pending[slot].operation, completion)
        pending[slot].state = .free
        pending[slot].generation &+= 1
        freeSlots.append(UInt32(slot))
    }

    /// Ends an operation without an answer: failed if it surely had no effect.
    private mutating func fail(_ slot: Int, _ error: OperationError, _ effects: inout ClientEffects<Self>) {
        finish(slot, pending[slot].mayHaveHappened ? .indeterminate(error) : .failed(error), &effects)
    }

    private func successor(of node: NodeID) -> NodeID {
        let place = members.firstIndex(of: node) ?? 0
        return members[(place + 1) % members.count]
    }

    private mutating func disconnected(_ node: NodeID, _ now: Now, _ effects: inout ClientEffects<Self>) {
        if server == node { server = successor(of: node) }
        isSessionAsked = false
        for slot in pending.indices where pending[slot].state == .sent && pending[slot].server == node {
            let isRepeatable = pending[slot].request.isRead || pending[slot].sequence > 0
            pending[slot].mayHaveHappened = true
            if isRepeatable {
                hold(slot, now, &effects, promptly: false)
            } else {
                fail(slot, .disconnected, &effects)
            }
        }
        if waitingCount > 0 { setRetry(now, &effects) }
    }

    /// Nothing was sent: everything for that server is tried elsewhere, after a while.
    private mutating func unreachable(_ node: NodeID, _ now: Now, _ effects: inout ClientEffects<Self>) {
        if server == node { server = successor(of: node) }
        isSessionAsked = false
        for slot in pending.indices where pending[slot].state == .sent && pending[slot].server == node {
            hold(slot, now, &effects, promptly: false)
        }
        if waitingCount > 0 { setRetry(now, &effects) }
    }

    private mutating func retryWaiting(_ now: Now, _ effects: inout ClientEffects<Self>) {
        isRetrySet = false
        guard waitingCount > 0 else { return }
        if usesSession && session == .none { return openSession(now, &effects) }
        for slot in pending.indices where pending[slot].state == .waiting { send(slot, &effects) }
    }

    /// Looks for operations past their time, some twenty times per time-out.
    private mutating func patrol(_ now: Now, _ effects: inout ClientEffects<Self>) {
        isPatrolSet = false
        var isAnyLeft = false
        for slot in pending.indices where pending[slot].state != .free {
            guard pending[slot].deadline <= now.monotonic else {
                isAnyLeft = true
                continue
            }
            if pending[slot].state == .sent {
                pending[slot].mayHaveHappened = true
                if server == pending[slot].server { server = successor(of: server) }
            }
            fail(slot, .timedOut, &effects)
        }
        guard isAnyLeft else { return }
        isPatrolSet = true
        effects.setTimer(Self.patrol, at: now.monotonic &+ max(timeout / 20, 1))
    }

    private mutating func openSession(_ now: Now, _ effects: inout ClientEffects<Self>) {
        setRetry(now, &effects)
        guard !isSessionAsked else { return }
        isSessionAsked = true
        effects.request(Node.Request(carrying: KeyValueRequest(.openSession)), id: Self.sessionRequest, to: server)
    }

    private mutating func sessionAnswered(
        _ response: KeyValueResponse, _ now: Now, _ effects: inout ClientEffects<Self>
    ) {
        isSessionAsked = false
        switch response {
        case .integer(let id) where id > 0:
            session = SessionID(UInt64(id))
            nextSequence = 1
            for slot in pending.indices where pending[slot].state == .waiting {
                if pending[slot].mayHaveHappened, pending[slot].sequence > 0 {
                    // It may have been applied in the former session: in a new one it would be applied again.
                    fail(slot, .sessionExpired, &effects)
                    continue
                }
                if !pending[slot].request.isRead, let command = KeyValueCommand(pending[slot].request) {
                    (pending[slot].request, pending[slot].sequence) = stamped(command)
                }
                send(slot, &effects)
            }
        case .refused(.redirect(let leader)) where members.contains(leader):
            server = leader
            setRetry(now, &effects)
        default:
            server = successor(of: server)
            setRetry(now, &effects)
        }
    }
}

extension KeyValueCommand {
    /// The command that a request codes, without its stamp; nil when it is malformed.
    public init?(_ request: KeyValueRequest) {
        let command = request.payload.withUnsafeBytes { region -> KeyValueCommand? in
            guard let view = KeyValueView(region) else { return nil }
            let key = Bytes(copying: view.key)
            switch view.tag {
            case CommandTag.get: return .get(key: key)
            case CommandTag.put: return .put(key: key, value: Bytes(copying: view.tail))
            case CommandTag.delete: return .delete(key: key)
            case CommandTag.append: return .append(key: key, value: Bytes(copying: view.tail))
            case CommandTag.putIfAbsent:
                return .compareAndSet(key: key, expected: nil, value: Bytes(copying: view.tail))
            case CommandTag.compareAndSet:
                return view.pair.map {
                    .compareAndSet(key: key, expected: Bytes(copying: $0.expected), value: Bytes(copying: $0.value))
                }
            case CommandTag.increment: return view.delta.map { .increment(key: key, by: $0) }
            case CommandTag.openSession: return .openSession
            default: return nil
            }
        }
        guard let command else { return nil }
        self = command
    }
}
