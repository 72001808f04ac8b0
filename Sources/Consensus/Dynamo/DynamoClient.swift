import ByteCoding
import ProtocolKit

/// A client of a Dynamo store: it asks a replica of the key, or any node, and, where writes carry contexts, remembers
/// what it has seen of each key, passes it on with its next write (section 4.4), and takes the latest writer's of several
/// siblings for its user.
///
/// A write that may have arrived is never sent again: made twice, it would be two versions.
public struct DynamoClient: ProtocolClient, Sendable {
    /// The nodes it talks to.
    public typealias Node = Dynamo
    /// What users ask: reads, writes and deletions.
    public typealias Operation = KeyValueCommand
    /// What users get.
    public typealias Result = KeyValueResponse

    private struct Pending: Sendable {
        var operation: OperationID
        var request: DynamoRequest
        var hash: UInt64
        var deadline: UInt64
        /// The position of the node that was asked; nil while it waits to be sent.
        var server: Int?
        var generation: UInt32
        var isFree = false
    }

    private static var patrol: TimerID { TimerID(1) }
    private static var retry: TimerID { TimerID(2) }
    private static var retryDelay: UInt64 { .milliseconds(20) }

    private let members: [NodeID]
    private let number: Int
    private let preferred: Int
    private let timeout: UInt64
    private let hasContexts: Bool
    /// The ring, where the client looks for the key's replicas itself.
    private let ring: PreferenceRing?
    /// Until when each node is avoided, on the monotonic clock: it couldn't be reached, or was silent.
    private var avoidedUntil: [UInt64]
    /// How often in a row each node failed: the longer it is avoided.
    private var failures: [UInt64]
    private var pending: ContiguousArray<Pending> = []
    private var freeSlots: ContiguousArray<UInt32> = []
    private var waiting = 0
    private var isRetrySet = false
    private var isPatrolSet = false
    private var seen = SeenContexts()

    /// A client of `members` that gives an operation `timeoutNanoseconds`.
    ///
    /// - Parameter number: which of the clients it is: clients spread over a key's replicas by it.
    public init(
        number: Int, members: [NodeID], preferred: NodeID, timeoutNanoseconds: UInt64, options: DynamoOptions,
        routing: DynamoRouting
    ) {
        let sorted = members.sorted()
        guard let position = sorted.firstIndex(of: preferred) else {
            preconditionFailure("the preferred server is one of the members")
        }
        self.members = sorted
        self.number = number
        self.preferred = position
        timeout = timeoutNanoseconds
        hasContexts = options.conflicts == .versionVectors
        ring = routing == .client ? PreferenceRing.shared(members: sorted, replicas: options.replicas) : nil
        avoidedUntil = Array(repeating: 0, count: sorted.count)
        failures = avoidedUntil
    }

    /// Handles one input.
    public mutating func step(_ input: ClientInput<Self>, at now: Now, effects: inout ClientEffects<Self>) {
        switch input {
        case .start, .connected: break
        case .invoke(let operation, let command): invoke(operation, command, now, &effects)
        case .response(let response, let request, let node): answer(response, request, node, now, &effects)
        case .disconnected(let node): lost(node, mayHaveArrived: true, now, &effects)
        case .unreachable(let node): lost(node, mayHaveArrived: false, now, &effects)
        case .timer(Self.patrol): patrol(now, &effects)
        case .timer: sendWaiting(now, &effects)
        }
    }

    private mutating func invoke(
        _ operation: OperationID, _ command: KeyValueCommand, _ now: Now, _ effects: inout ClientEffects<Self>
    ) {
        let request: DynamoRequest
        switch command {
        case .get(let key): request = DynamoRequest(.get, key: key, context: hasContexts ? Bytes() : nil)
        case .put(let key, let value):
            request = DynamoRequest(.put, key: key, value: value, context: hasContexts ? seen[key] : nil)
        case .delete(let key): request = DynamoRequest(.delete, key: key, context: hasContexts ? seen[key] : nil)
        case .compareAndSet, .increment, .append, .openSession:
            return effects.complete(operation, .failed(.rejected))
        }
        var next = Pending(
            operation: operation, request: request, hash: KeyHash.hash(request.key),
            deadline: now.monotonic &+ timeout, server: nil, generation: 0)
        let slot: Int
        if let free = freeSlots.popLast() {
            slot = Int(free)
            next.generation = pending[slot].generation
            pending[slot] = next
        } else {
            slot = pending.count
            pending.append(next)
        }
        waiting += 1
        setPatrol(now, &effects)
        send(slot, now, &effects)
    }

    /// Sends an operation to the node that is best to ask now.
    private mutating func send(_ slot: Int, _ now: Now, _ effects: inout ClientEffects<Self>) {
        let server = choose(pending[slot].hash, now)
        pending[slot].server = server
        waiting -= 1
        let id = RequestID(UInt64(pending[slot].generation) << 32 | UInt64(slot))
        effects.request(pending[slot].request, id: id, to: members[server])
    }

    /// The first node that isn't avoided: of the key's replicas, beginning with the own node or a place of the client's
    /// number, and then of all; where all are avoided, the one that was avoided first.
    private func choose(_ hash: UInt64, _ now: Now) -> Int {
        if let ring {
            let partition = PreferenceRing.partition(of: hash)
            if ring.isReplica(preferred, of: partition), avoidedUntil[preferred] <= now.monotonic { return preferred }
            for offset in 0..<ring.replicas {
                let node = ring.node(partition, rank: (number + offset) % ring.replicas)
                if avoidedUntil[node] <= now.monotonic { return node }
            }
        }
        for offset in members.indices {
            let node = (preferred + offset) % members.count
            if avoidedUntil[node] <= now.monotonic { return node }
        }
        return members.indices.min { avoidedUntil[$0] < avoidedUntil[$1] } ?? preferred
    }

    private mutating func answer(
        _ response: DynamoResponse, _ id: RequestID, _ node: NodeID, _ now: Now, _ effects: inout ClientEffects<Self>
    ) {
        let slot = Int(truncatingIfNeeded: id.rawValue & 0xFFFF_FFFF)
        guard slot < pending.count, !pending[slot].isFree, pending[slot].server != nil,
            UInt64(pending[slot].generation) == id.rawValue >> 32
        else { return }
        if response.refusal == nil, let server = pending[slot].server {
            avoidedUntil[server] = 0
            failures[server] = 0
        }
        switch response {
        case .done: finish(slot, .answered(.done), &effects)
        case .value(let value): finish(slot, .answered(.value(value)), &effects)
        case .absent: finish(slot, .answered(.absent), &effects)
        case .integer(let count): finish(slot, .answered(.integer(count)), &effects)
        case .versions(let context, let values): finish(slot, resolve(slot, context, values), &effects)
        case .refused(.overloaded): finish(slot, .failed(.overloaded), &effects)
        case .refused(.noLeader), .refused(.redirect):
            // A quorum can't be reached from there.
            if let server = pending[slot].server { avoid(server, now) }
            hold(slot, now, &effects)
        case .refused: finish(slot, .failed(.rejected), &effects)
        }
    }

    /// What the user gets of siblings: the latest writer's value; what was seen is remembered.
    private mutating func resolve(_ slot: Int, _ context: Bytes, _ values: [Bytes]) -> Completion<KeyValueResponse> {
        let request = pending[slot].request
        let hadSeen = request.context?.isEmpty == false
        if hasContexts { seen.add(context, to: request.key) }
        switch request.kind {
        case .get: return .answered(values.first.map { .value($0) } ?? .absent)
        case .put: return .answered(.done)
        case .delete: return .answered(.integer(hadSeen ? 1 : 0))
        }
    }

    /// Asks others first for a while: at first as long as a retry takes, at most sixteen times that.
    private mutating func avoid(_ server: Int, _ now: Now) {
        avoidedUntil[server] = now.monotonic &+ Self.retryDelay << failures[server]
        failures[server] = min(failures[server] + 1, 4)
    }

    /// Keeps an operation that surely had no effect, to be sent again.
    private mutating func hold(_ slot: Int, _ now: Now, _ effects: inout ClientEffects<Self>) {
        pending[slot].server = nil
        pending[slot].generation &+= 1
        waiting += 1
        guard !isRetrySet else { return }
        isRetrySet = true
        effects.setTimer(Self.retry, at: now.monotonic &+ Self.retryDelay)
    }

    private mutating func sendWaiting(_ now: Now, _ effects: inout ClientEffects<Self>) {
        isRetrySet = false
        guard waiting > 0 else { return }
        for slot in pending.indices where !pending[slot].isFree && pending[slot].server == nil {
            send(slot, now, &effects)
        }
    }

    private mutating func finish(
        _ slot: Int, _ completion: Completion<KeyValueResponse>, _ effects: inout ClientEffects<Self>
    ) {
        if pending[slot].server == nil { waiting -= 1 }
        effects.complete(pending[slot].operation, completion)
        pending[slot].isFree = true
        pending[slot].generation &+= 1
        pending[slot].request = DynamoRequest(.get, key: Bytes())
        freeSlots.append(UInt32(slot))
    }

    /// A connection has ended or was never made.
    private mutating func lost(
        _ node: NodeID, mayHaveArrived: Bool, _ now: Now, _ effects: inout ClientEffects<Self>
    ) {
        guard let server = members.firstIndex(of: node) else { return }
        avoid(server, now)
        for slot in pending.indices where !pending[slot].isFree && pending[slot].server == server {
            if mayHaveArrived, pending[slot].request.kind != .get {
                finish(slot, .indeterminate(.disconnected), &effects)
            } else {
                hold(slot, now, &effects)
            }
        }
    }

    private mutating func setPatrol(_ now: Now, _ effects: inout ClientEffects<Self>) {
        guard !isPatrolSet else { return }
        isPatrolSet = true
        effects.setTimer(Self.patrol, at: now.monotonic &+ max(timeout / 20, 1))
    }

    /// Looks for operations past their time, some twenty times per time-out.
    private mutating func patrol(_ now: Now, _ effects: inout ClientEffects<Self>) {
        isPatrolSet = false
        var isAnyLeft = false
        for slot in pending.indices where !pending[slot].isFree {
            guard pending[slot].deadline <= now.monotonic else {
                isAnyLeft = true
                continue
            }
            let isHarmless = pending[slot].server == nil || pending[slot].request.kind == .get
            if let server = pending[slot].server { avoid(server, now) }
            finish(slot, isHarmless ? .failed(.timedOut) : .indeterminate(.timedOut), &effects)
        }
        if isAnyLeft { setPatrol(now, &effects) }
    }
}

/// What a client has seen of each key, for the latest keys that it has asked for.
private struct SeenContexts: Sendable {
    /// How many keys are remembered.
    private static let limit = 1 << 16
    private var contexts: [Bytes: Bytes] = [:]
    /// The keys in the order in which they came.
    private var order = Fifo<Bytes>()

    /// The context for a write of a key, empty where nothing is remembered.
    subscript(key: Bytes) -> Bytes { contexts[key] ?? Bytes() }

    /// Adds what an answer shows to what was seen before: answers may come in another order than they were given.
    mutating func add(_ context: Bytes, to key: Bytes) {
        guard !context.isEmpty else { return }
        guard let old = contexts[key] else {
            if contexts.count >= Self.limit, let oldest = order.first {
                order.removeFirst()
                contexts[oldest] = nil
            }
            order.append(key)
            contexts[key] = context
            return
        }
        guard old != context, let new = try? VersionVector(decoding: context) else { return }
        guard var joined = try? VersionVector(decoding: old) else { return }
        joined.join(new)
        contexts[key] = joined == new ? context : joined.encoded()
    }
}
