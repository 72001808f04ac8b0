import ByteCoding
import ProtocolKit

extension Dynamo {
    /// Takes a request: coordinates it as one of the key's replicas, or forwards it to one (section 4.5).
    mutating func begin(
        _ request: DynamoRequest, hash: UInt64, for origin: DynamoOperation.Origin, at now: Now,
        effects: inout Effects<Self>
    ) {
        guard operations.count < DynamoLimits.pending else {
            effects.count(.refused)
            return answer(.refused(.overloaded), to: origin, effects: &effects)
        }
        if ring.isReplica(me, of: PreferenceRing.partition(of: hash)) {
            return coordinate(request, hash: hash, for: origin, at: now, effects: &effects)
        }
        guard case .client(let token) = origin else {
            return answer(
                .refused(.rejected("node \(id) is no replica of the key")), to: origin, effects: &effects)
        }
        forward(request, hash: hash, for: token, at: now, effects: &effects)
    }

    /// Coordinates a request.
    mutating func coordinate(
        _ request: DynamoRequest, hash: UInt64, for origin: DynamoOperation.Origin, at now: Now,
        effects: inout Effects<Self>
    ) {
        switch request.kind {
        case .get: beginRead(request, hash: hash, for: origin, at: now, effects: &effects)
        case .put, .delete: beginWrite(request, hash: hash, for: origin, at: now, effects: &effects)
        }
    }

    /// An operation that is about to begin.
    mutating func open(
        _ kind: DynamoOperation.Kind, _ request: DynamoRequest, hash: UInt64, for origin: DynamoOperation.Origin,
        quorum: Int, at now: Now, effects: inout Effects<Self>
    ) -> Int {
        setPatrol(at: now, effects: &effects)
        return operations.insert(
            DynamoOperation(
                kind, origin, request, hash: hash, quorum: quorum, silentAt: now.monotonic + options.silence,
                deadline: now.monotonic + options.quorumTimeout))
    }

    /// Answers a client, here or at the node that forwarded its request.
    mutating func answer(
        _ response: DynamoResponse, to origin: DynamoOperation.Origin, effects: inout Effects<Self>
    ) {
        switch origin {
        case .client(let token): effects.reply(response, to: token)
        case .peer(let position, let name): peers[position].tell(.forwardAnswer(name, response))
        }
    }

    /// Asks the first N healthy nodes of the preference list (section 4.6): the replicas, and for each that can't be
    /// reached, where quorums are sloppy, the next node that can. A replica that is merely suspected is asked all the
    /// same.
    mutating func askReplicas(_ slot: Int, at now: Now, effects: inout Effects<Self>) {
        let partition = PreferenceRing.partition(of: operations[slot].hash)
        for rank in 0..<ring.replicas {
            let replica = ring.node(partition, rank: rank)
            guard replica != me else { continue }
            if peers[replica].isLinked { ask(replica, slot, hintFor: nil) }
            if !peers[replica].isHealthy(at: now) { findSubstitute(for: replica, slot, at: now, effects: &effects) }
        }
    }

    /// Asks a node.
    mutating func ask(_ node: Int, _ slot: Int, hintFor replica: Int?) {
        let name = operations.name(slot, incarnation: incarnation)
        operations[slot].asked |= 1 << UInt64(node)
        if let record = operations[slot].record {
            peers[node].tell(.write(name, hintFor: replica.map { UInt8($0) }, record))
        } else {
            peers[node].tell(.read(name, key: operations[slot].request.key, digest: operations[slot].ownDigest))
        }
    }

    /// Asks the next healthy node of the preference list in a replica's place. Where there is none, the coordinator
    /// itself keeps a hint of the write, which doesn't count.
    mutating func findSubstitute(for replica: Int, _ slot: Int, at now: Now, effects: inout Effects<Self>) {
        guard options.hasHints else { return }
        let partition = PreferenceRing.partition(of: operations[slot].hash)
        for rank in ring.replicas..<ring.nodes {
            let node = ring.node(partition, rank: rank)
            guard node != me, operations[slot].asked & 1 << UInt64(node) == 0, peers[node].isHealthy(at: now) else {
                continue
            }
            return ask(node, slot, hintFor: replica)
        }
        if let record = operations[slot].record {
            owe(record, to: 1 << UInt64(replica), at: now, effects: &effects)
        }
    }

    /// What this node holds of a key, as a replica or in a replica's place.
    func localCell(_ key: Bytes, hash: UInt64) -> Cell? {
        if ring.isReplica(me, of: PreferenceRing.partition(of: hash)) { return store.cell(key, hash: hash) }
        guard let position = hints.find(key, hash: hash) else { return nil }
        return hints.items[position].content.cell
    }
}
