import ProtocolKit

extension Dynamo {
    /// Makes sure that somebody looks after the operations under way.
    mutating func setPatrol(at now: Now, effects: inout Effects<Self>) {
        guard !isPatrolSet else { return }
        isPatrolSet = true
        effects.setTimer(DynamoTimer.patrol, at: now.monotonic + max(options.quorumTimeout / 20, 1))
    }

    /// Looks for operations that replicas leave waiting.
    mutating func patrol(at now: Now, effects: inout Effects<Self>) {
        isPatrolSet = false
        for slot in operations.slots.indices where operations[slot].kind != .free {
            if operations[slot].deadline <= now.monotonic {
                expire(slot, at: now, effects: &effects)
            } else if operations[slot].silentAt <= now.monotonic {
                operations[slot].silentAt = now.monotonic + options.silence
                chase(slot, at: now, effects: &effects)
            }
        }
        if operations.count > 0 { setPatrol(at: now, effects: &effects) }
    }

    /// Looks after the replicas that haven't answered an operation for a while: they are taken to be down (section 4.8.3),
    /// asked again, and others in their place.
    private mutating func chase(_ slot: Int, at now: Now, effects: inout Effects<Self>) {
        if operations[slot].kind == .forward { return chaseForward(slot, at: now, effects: &effects) }
        let silent = silentReplicas(slot)
        for node in peers.indices
        where operations[slot].asked & ~operations[slot].answered & 1 << UInt64(node) != 0 {
            peers[node].suspectedUntil = now.monotonic + options.suspicion
        }
        switch (operations[slot].kind, operations[slot].isAnswered) {
        case (.read, true): endRead(slot, at: now, effects: &effects)
        case (.write, true): endWrite(slot, at: now, effects: &effects)
        default:
            for node in peers.indices where silent & 1 << UInt64(node) != 0 {
                if peers[node].isLinked { ask(node, slot, hintFor: nil) }
                findSubstitute(for: node, slot, at: now, effects: &effects)
            }
        }
    }

    /// The key's replicas that haven't answered, by position.
    private func silentReplicas(_ slot: Int) -> UInt64 {
        let replicas = ring.replicas(of: PreferenceRing.partition(of: operations[slot].hash))
        return replicas & ~operations[slot].answered & ~(1 << UInt64(me))
    }

    /// Ends a write that not all replicas have acknowledged: it is owed to those that haven't.
    private mutating func endWrite(_ slot: Int, at now: Now, effects: inout Effects<Self>) {
        let silent = silentReplicas(slot)
        if options.hasHints, silent != 0, let record = operations[slot].record {
            owe(record, to: silent, at: now, effects: &effects)
        }
        operations.remove(slot)
    }

    /// Gives an operation up. A read surely had no effect; a write may be stored at some replicas, so its client is not
    /// told anything: its connection ends.
    private mutating func expire(_ slot: Int, at now: Now, effects: inout Effects<Self>) {
        let (origin, isAnswered) = (operations[slot].origin, operations[slot].isAnswered)
        switch operations[slot].kind {
        case .free: return
        case .read:
            if !isAnswered { answer(.refused(.noLeader), to: origin, effects: &effects) }
            endRead(slot, at: now, effects: &effects)
        case .write:
            if !isAnswered { abandon(origin, effects: &effects) }
            endWrite(slot, at: now, effects: &effects)
        case .forward: endForward(slot, effects: &effects)
        }
    }

    /// Leaves a client without an answer. One whose request was forwarded is left by the node that forwarded it.
    func abandon(_ origin: DynamoOperation.Origin, effects: inout Effects<Self>) {
        if case .client(let token) = origin { effects.disconnect(token.connection) }
    }

    /// Messages to a peer may arrive from now on: it is asked what it wasn't, or what may have been lost.
    mutating func linkIsUp(to node: NodeID, at now: Now, effects: inout Effects<Self>) {
        guard let peer = position(of: node), peer != me else { return }
        peers[peer].isLinked = true
        peers[peer].suspectedUntil = 0
        for slot in operations.slots.indices
        where operations[slot].kind == .read || operations[slot].kind == .write {
            if silentReplicas(slot) & 1 << UInt64(peer) != 0 { ask(peer, slot, hintFor: nil) }
        }
        setHandoff(at: now, effects: &effects)
    }

    /// Messages to a peer may be lost.
    mutating func linkIsDown(to node: NodeID, at now: Now, effects: inout Effects<Self>) {
        guard let peer = position(of: node), peer != me else { return }
        peers[peer].isLinked = false
        peers[peer].handoff.outstanding = 0
        for slot in operations.slots.indices {
            switch operations[slot].kind {
            case .forward where operations[slot].asked & 1 << UInt64(peer) != 0:
                chaseForward(slot, at: now, effects: &effects)
            case .read, .write:
                if silentReplicas(slot) & 1 << UInt64(peer) != 0 {
                    findSubstitute(for: peer, slot, at: now, effects: &effects)
                }
            default: break
            }
        }
    }
}
