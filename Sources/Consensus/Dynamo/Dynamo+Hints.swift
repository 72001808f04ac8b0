import ByteCoding
import ProtocolKit

/// What is kept of a key until some replicas have it (section 4.6: hinted handoff).
struct Hint: Sendable {
    /// What is kept; nil where the keeper is a replica itself, whose store has it.
    var cell: Cell?
    /// The replicas that lack it, a bit for each.
    var targets: UInt64
    /// A number that changes with the hint: only the delivery of its last state ends it.
    var revision: UInt64
    /// Under which name this incarnation has coordinated writes of the key, 0 for none. Forgotten with the hint, and in a
    /// crash: a name is never used where some of what was written under it may be unknown.
    var generation: UInt32
}

extension Dynamo {
    /// Keeps a write for replicas that can't be reached, merged with what is kept of the key already.
    ///
    /// - Parameter generation: the name under which this node wrote it as its coordinator, 0 where it didn't.
    /// - Returns: whether there was room.
    mutating func keep(
        _ record: VersionedRecord, for targets: UInt64, generation: UInt32 = 0, at now: Now,
        effects: inout Effects<Self>
    ) -> Bool {
        if ring.isReplica(me, of: PreferenceRing.partition(of: record.hash)) {
            takeOver(record, at: now, effects: &effects)
            owe(record, to: targets, at: now, effects: &effects)
            return true
        }
        revisions += 1
        var kept = record
        var hint = Hint(cell: record.cell, targets: targets, revision: revisions, generation: generation)
        if let position = hints.find(record.key, hash: record.hash) {
            let old = hints.items[position].content
            hint.targets |= old.targets
            hint.generation = max(generation, old.generation)
            if var cell = old.cell, cell.merge(record.cell).otherIsStale {
                kept = VersionedRecord(key: record.key, hash: record.hash, cell: cell)
                hint.cell = kept.cell
            }
            hints.replace(at: position, key: kept.key, hint)
        } else {
            guard hints.count < DynamoLimits.hints else { return false }
            hints.insert(kept.key, hash: kept.hash, hint)
        }
        journal.hinted.append(kept.key)
        effects.count(.hintStored)
        var writer = ByteWriter(capacity: kept.payload.count + 16)
        writer.write(hint.targets)
        writer.write(raw: kept.payload)
        append(DynamoRecordKind.kept, writer.bytes(), effects: &effects)
        setHandoff(at: now, effects: &effects)
        return true
    }

    /// Notes that some replicas lack a write that this node holds.
    mutating func owe(_ record: VersionedRecord, to targets: UInt64, at now: Now, effects: inout Effects<Self>) {
        revisions += 1
        if let position = hints.find(record.key, hash: record.hash) {
            let isNew = hints.items[position].content.targets & targets != targets
            hints.update(at: position) {
                $0.targets |= targets
                $0.revision = revisions
            }
            guard isNew else { return }
        } else {
            guard hints.count < DynamoLimits.hints else { return }
            hints.insert(
                record.key.compacted(), hash: record.hash,
                Hint(cell: nil, targets: targets, revision: revisions, generation: 0))
        }
        journal.hinted.append(record.key)
        effects.count(.hintStored)
        append(DynamoRecordKind.owed, Self.payload(targets, record.key), effects: &effects)
        setHandoff(at: now, effects: &effects)
    }

    private static func payload(_ targets: UInt64, _ key: Bytes) -> Bytes {
        var writer = ByteWriter(capacity: 16 + key.count)
        writer.write(targets)
        writer.write(key)
        return writer.bytes()
    }

    /// Makes sure that somebody looks after the hints.
    mutating func setHandoff(at now: Now, effects: inout Effects<Self>) {
        guard !isHandoffSet, hints.count > 0 else { return }
        isHandoffSet = true
        effects.setTimer(DynamoTimer.handoff, at: now.monotonic + options.handoffInterval)
    }

    /// Sends each peer that can be reached some of what is kept for it.
    mutating func handoffIsDue(at now: Now, effects: inout Effects<Self>) {
        isHandoffSet = false
        for position in peers.indices where position != me && peers[position].isLinked {
            guard peers[position].handoff.outstanding == 0 || peers[position].handoff.deadline <= now.monotonic else {
                continue
            }
            handOff(to: position, at: now, effects: &effects)
        }
        setHandoff(at: now, effects: &effects)
    }

    /// The most hints that are looked at for a batch, and the most in one.
    private static let searched = 1_024
    private static let batch = 64

    /// Sends a peer the next of what is kept for it.
    private mutating func handOff(to peer: Int, at now: Now, effects: inout Effects<Self>) {
        let bit = UInt64(1) << UInt64(peer)
        var (sent, bytes) = (0, 0)
        var ended: [(key: Bytes, hash: UInt64)] = []
        for _ in 0..<min(Self.searched, hints.count) {
            if peers[peer].handoff.cursor >= hints.count { peers[peer].handoff.cursor = 0 }
            let position = peers[peer].handoff.cursor
            peers[peer].handoff.cursor += 1
            guard hints.items[position].content.targets & bit != 0 else { continue }
            let item = hints.items[position]
            guard let cell = item.content.cell ?? store.cell(item.key, hash: item.hash) else {
                // A deletion that was collected meanwhile needn't be told any more.
                ended.append((item.key, item.hash))
                continue
            }
            let record = VersionedRecord(key: item.key, hash: item.hash, cell: cell)
            peers[peer].tell(.handoff(record, revision: item.content.revision), bytes: record.payload.count)
            if options.mutation == .dropHint { ended.append((item.key, item.hash)) }
            sent += 1
            bytes += record.payload.count
            if sent >= Self.batch || bytes >= DynamoLimits.gatheredBytes { break }
        }
        peers[peer].handoff.outstanding = sent
        peers[peer].handoff.deadline = now.monotonic + options.quorumTimeout
        for (key, hash) in ended { end(key, hash, for: bit, effects: &effects) }
    }

    /// A peer has stored what was kept for it.
    mutating func noteHandedOff(
        _ key: Bytes, _ revision: UInt64, by peer: Int, at now: Now, effects: inout Effects<Self>
    ) {
        let hash = KeyHash.hash(key)
        if let position = hints.find(key, hash: hash), hints.items[position].content.revision == revision,
            hints.items[position].content.targets & 1 << UInt64(peer) != 0
        {
            effects.count(.hintDelivered)
            end(key, hash, for: 1 << UInt64(peer), effects: &effects)
        }
        guard peers[peer].handoff.outstanding > 0 else { return }
        peers[peer].handoff.outstanding -= 1
        if peers[peer].handoff.outstanding == 0, hints.count > 0 { handOff(to: peer, at: now, effects: &effects) }
    }

    /// Some replicas needn't be given a key any more.
    private mutating func end(_ key: Bytes, _ hash: UInt64, for targets: UInt64, effects: inout Effects<Self>) {
        guard let position = hints.find(key, hash: hash) else { return }
        let left = hints.update(at: position) { (hint: inout Hint) -> UInt64 in
            hint.targets &= ~targets
            return hint.targets
        }
        if left == 0 { hints.remove(at: position) }
        journal.hinted.append(key)
        append(DynamoRecordKind.delivered, Self.payload(left, key), effects: &effects)
    }
}
