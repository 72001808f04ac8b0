import ByteCoding
import ProtocolKit

extension Dynamo {
    /// Makes the new version, stores it here and has the other replicas store it, all at once.
    mutating func beginWrite(
        _ request: DynamoRequest, hash: UInt64, for origin: DynamoOperation.Origin, at now: Now,
        effects: inout Effects<Self>
    ) {
        let made: NewVersion
        switch options.conflicts {
        case .lastWriterWins: made = nextRegister(request, hash: hash, at: now)
        case .versionVectors:
            switch nextSiblings(request, hash: hash, at: now) {
            case .success(let next): made = next
            case .failure(let refused):
                return answer(.refused(.rejected(refused.reason)), to: origin, effects: &effects)
            }
        }
        let record = VersionedRecord(key: request.key, hash: hash, cell: made.cell)
        guard storeOwn(record, generation: made.generation, at: now, effects: &effects) else {
            effects.count(.refused)
            return answer(.refused(.overloaded), to: origin, effects: &effects)
        }
        let ticket = effects.lastTicket
        let quorum = options.mutation == .acknowledgeBeforeW ? 1 : writeQuorum
        let slot = open(.write, request, hash: hash, for: origin, quorum: quorum, at: now, effects: &effects)
        operations[slot].record = record
        operations[slot].response = made.response
        operations[slot].asked = 1 << UInt64(me)
        let name = operations.name(slot, incarnation: incarnation)
        askReplicas(slot, at: now, effects: &effects)
        if ticket <= persistedThrough {
            noteWritten(name, by: me, effects: &effects)
        } else {
            ownWrites.append(OwnWrite(ticket: ticket, name: name))
        }
    }

    /// The coordinator's own copy: in its store, or kept for the replicas that can't be reached.
    ///
    /// - Returns: whether there was room.
    private mutating func storeOwn(
        _ record: VersionedRecord, generation: UInt32, at now: Now, effects: inout Effects<Self>
    ) -> Bool {
        let partition = PreferenceRing.partition(of: record.hash)
        if ring.isReplica(me, of: partition) {
            takeOver(record, at: now, effects: &effects)
            return true
        }
        var missing: UInt64 = 0
        for rank in 0..<ring.replicas {
            let replica = ring.node(partition, rank: rank)
            if !peers[replica].isHealthy(at: now) { missing |= 1 << UInt64(replica) }
        }
        return keep(record, for: missing, generation: generation, at: now, effects: &effects)
    }

    /// A write as its coordinator makes it.
    private struct NewVersion {
        var cell: Cell
        var response: DynamoResponse
        var generation: UInt32 = 0
    }

    /// Last writer wins: the coordinator's clock orders the write; its counter makes the version unlike any other.
    private mutating func nextRegister(_ request: DynamoRequest, hash: UInt64, at now: Now) -> NewVersion {
        let version = nextVersion(of: actor(generation: 0), at: now)
        journal.issued.append(
            StepJournal.Issue(key: request.key, version: version, context: VersionVector()))
        let versions = DynamoResponse.versions(context: Bytes(), values: [])
        if request.kind == .put {
            return NewVersion(
                cell: .register(version, request.value), response: request.context == nil ? .done : versions)
        }
        let isThere = localCell(request.key, hash: hash).map { !$0.isTombstone } ?? false
        return NewVersion(
            cell: .register(version, nil), response: request.context == nil ? .integer(isThere ? 1 : 0) : versions)
    }

    /// Why a write can't be made.
    private enum RefusedWrite: Error {
        case context
        case siblings(Int)

        var reason: String {
            switch self {
            case .context: "the context is none that a node has given out"
            case .siblings(let count): "the key has \(count) siblings: read it and write with the context"
            }
        }
    }

    /// Version vectors: the write replaces what its client has seen, and stands beside what it hasn't. Without a context
    /// it replaces what the coordinator holds.
    private mutating func nextSiblings(
        _ request: DynamoRequest, hash: UInt64, at now: Now
    ) -> Result<NewVersion, RefusedWrite> {
        var set = SiblingSet()
        if case .siblings(let known)? = localCell(request.key, hash: hash) { set = known }
        var context = set.clock
        if let coded = request.context {
            guard let seen = Self.context(coded) else { return .failure(.context) }
            context = seen
        }
        let before = set.siblings.count
        let replaced = set.siblings.reduce(0) { $0 + (context.covers($1.version.dot) ? 1 : 0) }
        guard request.kind == .delete || before - replaced < DynamoLimits.siblings else {
            return .failure(.siblings(before))
        }
        var generation = generation(of: request.key, hash: hash)
        if set.clock[actor(generation: generation)] > counter, options.mutation != .reuseVersionCounter {
            // A context that was made up has gone through another coordinator: under that name nothing would be new.
            generations += 1
            generation = generations
        }
        let actor = actor(generation: generation)
        guard context[actor] <= counter || options.mutation == .reuseVersionCounter else { return .failure(.context) }
        let version = nextVersion(of: actor, at: now)
        let replacing = options.mutation == .ignoreContext ? VersionVector() : context
        if request.kind == .put {
            set.put(request.value, as: version, seen: replacing)
        } else {
            set.delete(as: version, seen: replacing)
        }
        journal.issued.append(
            StepJournal.Issue(key: request.key, version: request.kind == .put ? version : nil, context: context))
        var made = NewVersion(cell: .siblings(set), response: .done, generation: generation)
        if request.context != nil {
            let beside = set.newestFirst.filter { $0.version != version }.map(\.value)
            made.response = .versions(context: set.clock.encoded(), values: beside)
        } else if request.kind == .delete {
            made.response = .integer(set.siblings.count < before ? 1 : 0)
        }
        return .success(made)
    }

    /// The context that a client gives back, empty where it has seen nothing.
    static func context(_ coded: Bytes) -> VersionVector? {
        coded.isEmpty ? VersionVector() : try? VersionVector(decoding: coded)
    }

    /// The actor under whose name this node coordinates writes of a key.
    private func actor(generation: UInt32) -> UInt64 {
        Dot.actor(
            node: id, incarnation: options.mutation == .reuseVersionCounter ? 1 : incarnation,
            generation: generation)
    }

    /// 0 at a replica; elsewhere that of what is kept of the key, or a new one where nothing is.
    private mutating func generation(of key: Bytes, hash: UInt64) -> UInt32 {
        if ring.isReplica(me, of: PreferenceRing.partition(of: hash)) { return 0 }
        if let position = hints.find(key, hash: hash), hints.items[position].content.generation > 0 {
            return hints.items[position].content.generation
        }
        generations += 1
        return generations
    }

    /// The actor's next version: its counter is above all that this incarnation has given out.
    private mutating func nextVersion(of actor: UInt64, at now: Now) -> Version {
        counter += 1
        return Version(wall: min(now.wall, DynamoLimits.number), dot: Dot(actor: actor, counter: counter))
    }

    /// A node has stored a write durably; W of them are enough for the client (section 4.5).
    mutating func noteWritten(_ name: DynamoPart.OperationName, by node: Int, effects: inout Effects<Self>) {
        guard let slot = operations.slot(of: name, incarnation: incarnation, .write) else { return }
        operations[slot].answered |= 1 << UInt64(node)
        if !operations[slot].isAnswered, operations[slot].hasQuorum {
            operations[slot].isAnswered = true
            if let record = operations[slot].record {
                journal.acknowledged.append(
                    StepJournal.Acknowledgement(
                        key: record.key, hash: record.hash, cell: record.cell, holders: operations[slot].answered))
            }
            answer(operations[slot].response, to: operations[slot].origin, effects: &effects)
        }
        if operations[slot].isAnswered, operations[slot].asked & ~operations[slot].answered == 0 {
            operations.remove(slot)
        }
    }
}
