import ByteCoding
import ProtocolKit

/// Requests for keys that this node is no replica of go to the first node of the preference list that can be reached
/// (section 4.5). That costs 2 delays and 2 messages more: a write 6, 2N, 1; a read 6, 2N, 0.
extension Dynamo {
    /// Forwards a request; where no replica can be reached, this node stands in for them if quorums are sloppy.
    mutating func forward(
        _ request: DynamoRequest, hash: UInt64, for token: RequestToken, at now: Now, effects: inout Effects<Self>
    ) {
        if let replica = replica(of: hash, besides: 0, at: now) {
            let slot = open(.forward, request, hash: hash, for: .client(token), quorum: 1, at: now, effects: &effects)
            sendForward(slot, to: replica)
        } else if options.hasHints {
            coordinate(request, hash: hash, for: .client(token), at: now, effects: &effects)
        } else {
            effects.reply(.refused(.noLeader), to: token)
        }
    }

    /// The first replica of the preference list that is healthy, or at least linked where no other node may stand in.
    private func replica(of hash: UInt64, besides tried: UInt64, at now: Now) -> Int? {
        let partition = PreferenceRing.partition(of: hash)
        var linked: Int?
        for rank in 0..<ring.replicas {
            let node = ring.node(partition, rank: rank)
            guard tried & 1 << UInt64(node) == 0, peers[node].isLinked else { continue }
            if peers[node].isHealthy(at: now) { return node }
            linked = linked ?? node
        }
        return options.hasHints ? nil : linked
    }

    private mutating func sendForward(_ slot: Int, to replica: Int) {
        operations[slot].asked |= 1 << UInt64(replica)
        peers[replica].forwards += 1
        let name = operations.name(slot, incarnation: incarnation)
        let part = DynamoPart.forward(
            name, incarnation: incarnation, number: peers[replica].forwards, operations[slot].request)
        peers[replica].tell(part, bytes: operations[slot].request.value.count)
    }

    /// The coordinator's answer goes on to the client.
    mutating func noteForwardAnswer(
        _ name: DynamoPart.OperationName, _ response: DynamoResponse, effects: inout Effects<Self>
    ) {
        guard let slot = operations.slot(of: name, incarnation: incarnation, .forward) else { return }
        answer(response, to: operations[slot].origin, effects: &effects)
        operations.remove(slot)
    }

    /// The coordinator is silent, or gone. A read is asked of another; a write isn't, since it may have been made: made
    /// again it would be another version, and could take the place of what was written since.
    mutating func chaseForward(_ slot: Int, at now: Now, effects: inout Effects<Self>) {
        guard operations[slot].request.kind == .get else {
            // While the coordinator is linked its answer may come.
            let isLinked = peers.indices.contains {
                operations[slot].asked & 1 << UInt64($0) != 0 && peers[$0].isLinked
            }
            if !isLinked { endForward(slot, effects: &effects) }
            return
        }
        guard let replica = replica(of: operations[slot].hash, besides: operations[slot].asked, at: now) else {
            return
        }
        sendForward(slot, to: replica)
    }

    /// Gives a forwarded request up.
    mutating func endForward(_ slot: Int, effects: inout Effects<Self>) {
        if operations[slot].request.kind == .get {
            answer(.refused(.noLeader), to: operations[slot].origin, effects: &effects)
        } else {
            abandon(operations[slot].origin, effects: &effects)
        }
        operations.remove(slot)
    }
}
