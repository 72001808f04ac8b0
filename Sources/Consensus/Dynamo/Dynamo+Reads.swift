import ByteCoding
import ProtocolKit

/// What a node answers to a read.
enum ReadAnswer: Sendable {
    /// It holds what the coordinator held when it asked.
    case same
    /// It knows nothing of the key.
    case nothing
    case cell(Cell)
}

extension Dynamo {
    /// Asks all replicas; the answer is what the first R of them know together (section 4.5).
    mutating func beginRead(
        _ request: DynamoRequest, hash: UInt64, for origin: DynamoOperation.Origin, at now: Now,
        effects: inout Effects<Self>
    ) {
        let slot = open(.read, request, hash: hash, for: origin, quorum: readQuorum, at: now, effects: &effects)
        let own = localCell(request.key, hash: hash)
        operations[slot].cell = own
        operations[slot].ownDigest = own?.digest ?? 0
        operations[slot].asked = 1 << UInt64(me)
        operations[slot].answered = 1 << UInt64(me)
        askReplicas(slot, at: now, effects: &effects)
        advanceRead(slot, at: now, effects: &effects)
    }

    /// Tells a coordinator what this node holds of a key.
    mutating func answerRead(_ name: DynamoPart.OperationName, _ key: Bytes, _ digest: UInt64, for sender: Int) {
        let cell = localCell(key, hash: KeyHash.hash(key))
        if (cell?.digest ?? 0) == digest {
            peers[sender].tell(.readSame(name))
        } else {
            peers[sender].tell(.readAnswer(name, cell), bytes: cell?.newestValue?.count ?? 0)
        }
    }

    /// Merges a node's answer with what is gathered, and notes who lacks something of it.
    mutating func noteRead(
        _ name: DynamoPart.OperationName, _ answer: ReadAnswer, by node: Int, at now: Now,
        effects: inout Effects<Self>
    ) {
        guard let slot = operations.slot(of: name, incarnation: incarnation, .read),
            operations[slot].answered & 1 << UInt64(node) == 0
        else { return }
        let bit = UInt64(1) << UInt64(node)
        switch answer {
        case .same:
            if operations[slot].stale & 1 << UInt64(me) != 0 { operations[slot].stale |= bit }
        case .nothing:
            if operations[slot].cell != nil { operations[slot].stale |= bit }
        case .cell(let theirs):
            if operations[slot].cell == nil {
                operations[slot].cell = theirs
                operations[slot].stale |= operations[slot].answered
            } else {
                let merge = operations[slot].cell!.merge(theirs)
                if merge.tookOver { operations[slot].stale |= operations[slot].answered }
                if merge.otherIsStale { operations[slot].stale |= bit }
            }
        }
        operations[slot].answered |= bit
        advanceRead(slot, at: now, effects: &effects)
    }

    private mutating func advanceRead(_ slot: Int, at now: Now, effects: inout Effects<Self>) {
        if !operations[slot].isAnswered, operations[slot].hasQuorum {
            operations[slot].isAnswered = true
            let response = Self.response(
                operations[slot].cell, hasContext: operations[slot].request.context != nil)
            answer(response, to: operations[slot].origin, effects: &effects)
        }
        if operations[slot].isAnswered, operations[slot].asked & ~operations[slot].answered == 0 {
            endRead(slot, at: now, effects: &effects)
        }
    }

    private static func response(_ cell: Cell?, hasContext: Bool) -> DynamoResponse {
        guard hasContext else { return cell?.newestValue.map { .value($0) } ?? .absent }
        switch cell {
        case nil: return .versions(context: Bytes(), values: [])
        case .register(_, let value)?: return .versions(context: Bytes(), values: value.map { [$0] } ?? [])
        case .siblings(let set)?:
            return .versions(context: set.clock.encoded(), values: set.newestFirst.map(\.value))
        }
    }

    /// Ends a read whose client is answered: the replicas whose answers lacked something are given it (section 5: read
    /// repair). Those that stand in for a replica are left to hand over what they have.
    mutating func endRead(_ slot: Int, at now: Now, effects: inout Effects<Self>) {
        let replicas = ring.replicas(of: PreferenceRing.partition(of: operations[slot].hash))
        var stale = operations[slot].stale & replicas
        if options.hasReadRepair, stale != 0, let cell = operations[slot].cell {
            let record = VersionedRecord(
                key: operations[slot].request.key, hash: operations[slot].hash, cell: cell)
            while stale != 0 {
                let replica = stale.trailingZeroBitCount
                stale &= stale - 1
                effects.count(.readRepaired)
                if replica == me {
                    takeOver(record, at: now, effects: &effects)
                } else {
                    peers[replica].tell(.repair(record), bytes: record.payload.count)
                }
            }
        }
        operations.remove(slot)
    }
}
