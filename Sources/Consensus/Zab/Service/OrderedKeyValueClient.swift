import ByteCoding
import ProtocolKit

/// A client of an ordered key-value store: stays with one server while that serves it, and carries the last identifier
/// that it has seen to the next.
///
/// A write that may have arrived is never sent again: its outcome is reported as indeterminate.
public struct OrderedKeyValueClient<Node: ProtocolNode>: ProtocolClient, Sendable
where Node.Request == OrderedRequest<KeyValueRequest>, Node.Response == OrderedResponse<KeyValueResponse> {
    /// What users ask.
    public typealias Operation = KeyValueCommand
    /// What users get.
    public typealias Result = OrderedAnswer

    private struct Pending: Sendable {
        var operation: OperationID
        var request: KeyValueRequest
        var deadline: UInt64
        var server: NodeID
        var generation: UInt32
        var state: State
        /// Whether an earlier sending of it may have had its effect.
        var mayHaveHappened: Bool
    }

    private enum State: Sendable {
        case free, waiting, sent
    }

    private static var patrol: TimerID { TimerID(1) }
    private static var retry: TimerID { TimerID(2) }
    private static var retryDelay: UInt64 { .milliseconds(20) }
    private static var patience: Int { 10 }

    private let members: [NodeID]
    private let timeout: UInt64
    private var server: NodeID
    /// Refusals in a row by that server: an election takes a moment, and the client would rather stay.
    private var refusals = 0
    /// The latest state that was seen, over all servers.
    private var lastSeen = Zxid.zero
    private var pending: ContiguousArray<Pending> = []
    private var freeSlots: ContiguousArray<UInt32> = []
    private var waitingCount = 0
    private var isRetrySet = false
    private var isPatrolSet = false

    /// A client of `members` that asks `preferred` first and gives an operation `timeoutNanoseconds`.
    public init(members: [NodeID], preferred: NodeID, timeoutNanoseconds: UInt64) {
        precondition(members.contains(preferred), "the preferred server is one of the members")
        self.members = members
        server = preferred
        timeout = timeoutNanoseconds
    }

    /// Handles one input.
    public mutating func step(_ input: ClientInput<Self>, at now: Now, effects: inout ClientEffects<Self>) {
        switch input {
        case .start, .connected: break
        case .invoke(let operation, let command): invoke(operation, command, now, &effects)
        case .response(let response, let request, let node): answer(response, request, node, now, &effects)
        case .disconnected(let node): lost(node, wasSent: true, now, &effects)
        case .unreachable(let node): lost(node, wasSent: false, now, &effects)
        case .timer(Self.patrol): patrol(now, &effects)
        case .timer: retryWaiting(&effects)
        }
    }

    private mutating func invoke(
        _ operation: OperationID, _ command: KeyValueCommand, _ now: Now, _ effects: inout ClientEffects<Self>
    ) {
        var next = Pending(
            operation: operation, request: KeyValueRequest(command), deadline: now.monotonic &+ timeout,
            server: server, generation: 0, state: .waiting, mayHaveHappened: false)
        let slot: Int
        if let free = freeSlots.popLast() {
            slot = Int(free)
            next.generation = pending[slot].generation
            pending[slot] = next
        } else {
            slot = pending.count
            pending.append(next)
        }
        waitingCount += 1
        if !isPatrolSet {
            isPatrolSet = true
            effects.setTimer(Self.patrol, at: now.monotonic &+ max(timeout / 20, 1))
        }
        send(slot, &effects)
    }

    private mutating func send(_ slot: Int, _ effects: inout ClientEffects<Self>) {
        pending[slot].state = .sent
        pending[slot].server = server
        waitingCount -= 1
        let id = RequestID(UInt64(pending[slot].generation) << 32 | UInt64(slot))
        effects.request(OrderedRequest(pending[slot].request, after: lastSeen), id: id, to: server)
    }

    private func slot(of request: RequestID) -> Int? {
        let slot = Int(truncatingIfNeeded: request.rawValue & 0xFFFF_FFFF)
        guard slot < pending.count, pending[slot].state == .sent,
            UInt64(pending[slot].generation) == request.rawValue >> 32
        else { return nil }
        return slot
    }

    private mutating func answer(
        _ response: OrderedResponse<KeyValueResponse>, _ request: RequestID, _ node: NodeID, _ now: Now,
        _ effects: inout ClientEffects<Self>
    ) {
        guard let slot = slot(of: request) else { return }
        switch response {
        case .ordered(let content, let zxid):
            refusals = 0
            if zxid > lastSeen { lastSeen = zxid }
            finish(slot, .answered(OrderedAnswer(content, at: zxid)), &effects)
        case .behind:
            turnAway(from: node)
            hold(slot, now, &effects)
        case .plain(.refused(let refusal)): refused(refusal, slot, node, now, &effects)
        case .plain: fail(slot, .malformedAnswer, &effects)
        }
    }

    private mutating func refused(
        _ refusal: Refusal, _ slot: Int, _ node: NodeID, _ now: Now, _ effects: inout ClientEffects<Self>
    ) {
        switch refusal {
        case .redirect(let other) where members.contains(other):
            if server == node { server = other }
            hold(slot, now, &effects, promptly: server != node)
        case .redirect, .noLeader:
            refusals += 1
            if refusals >= Self.patience { turnAway(from: node) }
            hold(slot, now, &effects)
        case .overloaded: fail(slot, .overloaded, &effects)
        case .rejected: fail(slot, .rejected, &effects)
        case .sessionExpired: fail(slot, .sessionExpired, &effects)
        }
    }

    private mutating func turnAway(from node: NodeID) {
        guard server == node else { return }
        refusals = 0
        let place = members.firstIndex(of: node) ?? 0
        server = members[(place + 1) % members.count]
    }

    /// Keeps an operation that surely didn't happen at its last server, to be sent again.
    private mutating func hold(
        _ slot: Int, _ now: Now, _ effects: inout ClientEffects<Self>, promptly: Bool = false
    ) {
        pending[slot].state = .waiting
        pending[slot].generation &+= 1
        waitingCount += 1
        if promptly {
            send(slot, &effects)
        } else if !isRetrySet {
            isRetrySet = true
            effects.setTimer(Self.retry, at: now.monotonic &+ Self.retryDelay)
        }
    }

    private mutating func finish(
        _ slot: Int, _ completion: Completion<OrderedAnswer>, _ effects: inout ClientEffects<Self>
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

    /// A server is gone: what surely or without harm wasn't done there is tried elsewhere.
    private mutating func lost(
        _ node: NodeID, wasSent: Bool, _ now: Now, _ effects: inout ClientEffects<Self>
    ) {
        turnAway(from: node)
        for slot in pending.indices where pending[slot].state == .sent && pending[slot].server == node {
            if !wasSent || pending[slot].request.isRead {
                hold(slot, now, &effects)
            } else {
                pending[slot].mayHaveHappened = true
                fail(slot, .disconnected, &effects)
            }
        }
    }

    private mutating func retryWaiting(_ effects: inout ClientEffects<Self>) {
        isRetrySet = false
        guard waitingCount > 0 else { return }
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
                turnAway(from: pending[slot].server)
            }
            fail(slot, .timedOut, &effects)
        }
        guard isAnyLeft else { return }
        isPatrolSet = true
        effects.setTimer(Self.patrol, at: now.monotonic &+ max(timeout / 20, 1))
    }
}
