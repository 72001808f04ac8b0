import ProtocolKit

/// Anti-entropy (section 4.7 of the Dynamo paper): replicas compare the ranges of keys that they share by their digests,
/// from the root of a tree with sixteen branches downwards, and exchange only the keys that differ.
///
/// Each message is answered from what its receiver holds then, so nothing is remembered between them, and a lost one
/// costs no more than the wait for the next comparison. Messages are bounded: what doesn't fit is found by a later one,
/// since what did fit is alike by then.
extension Dynamo {
    /// The most keys that two replicas hold of a range when they are listed one by one.
    private static let listed = 64
    /// The most ranges, or keys, that one message makes a replica send.
    private static let answered = 64

    /// Begins a comparison with the next peer that can be reached.
    mutating func compareWithNextPeer(at now: Now, effects: inout Effects<Self>) {
        effects.setTimer(DynamoTimer.antiEntropy, at: now.monotonic + options.antiEntropyInterval)
        for _ in peers.indices {
            nextComparison = (nextComparison + 1) % peers.count
            guard nextComparison != me, peers[nextComparison].isLinked else { continue }
            effects.count(.replicasCompared)
            peers[nextComparison].tell(.ranges(HashRange.all.children.map { digest($0, sharedWith: nextComparison) }))
            return
        }
    }

    /// What this node holds of a range, as far as a peer is a replica of it too.
    private func digest(_ range: HashRange, sharedWith peer: Int) -> RangeDigest {
        var (sum, count) = (UInt64(0), 0)
        let first = PreferenceRing.partition(of: range.prefix)
        if range.depth <= 8 {
            for partition in first..<first + 256 >> Int(range.depth) where isShared(partition, with: peer) {
                sum &+= store.partitions[partition].digest
                count += store.partitions[partition].table.count
            }
        } else if isShared(first, with: peer) {
            for item in store.partitions[first].table.items where range.contains(item.hash) {
                sum &+= ReplicaStore.digest(item.hash, item.content)
                count += 1
            }
        }
        return RangeDigest(range: range, digest: sum, count: UInt32(count))
    }

    private func isShared(_ partition: Int, with peer: Int) -> Bool {
        if options.mutation == .skipRange, partition & 1 != 0 { return false }
        return ring.isReplica(me, of: partition) && ring.isReplica(peer, of: partition)
    }

    /// Answers a peer's digests: where they differ, with those of the branches below, or with the keys where these are
    /// few.
    mutating func compare(_ ranges: [RangeDigest], with peer: Int) {
        var branches: [RangeDigest] = []
        var answered = 0
        for theirs in ranges where answered < Self.answered {
            let mine = digest(theirs.range, sharedWith: peer)
            guard mine.digest != theirs.digest || mine.count != theirs.count else { continue }
            answered += 1
            if Int(mine.count) + Int(theirs.count) <= Self.listed || theirs.range.depth >= 60 {
                let keys = keyDigests(in: theirs.range, sharedWith: peer)
                peers[peer].tell(.keys(theirs.range, keys), bytes: 16 * keys.count)
            } else if branches.count + 16 <= DynamoLimits.compared {
                branches += theirs.range.children.map { digest($0, sharedWith: peer) }
            }
        }
        if !branches.isEmpty { peers[peer].tell(.ranges(branches), bytes: 32 * branches.count) }
    }

    private func keyDigests(in range: HashRange, sharedWith peer: Int) -> [KeyDigest] {
        var keys: [KeyDigest] = []
        let first = PreferenceRing.partition(of: range.prefix)
        for partition in first..<first + max(1, 256 >> Int(range.depth)) where isShared(partition, with: peer) {
            for item in store.partitions[partition].table.items where range.contains(item.hash) {
                guard keys.count < DynamoLimits.compared else { return keys }
                keys.append(KeyDigest(hash: item.hash, digest: item.content.digest))
            }
        }
        return keys
    }

    /// Answers a peer's list of keys: with what it lacks, and with the wish for what is lacking here.
    mutating func compare(_ keys: [KeyDigest], in range: HashRange, with peer: Int) {
        let theirs = Set(keys)
        let mine = keyDigests(in: range, sharedWith: peer)
        send(mine.filter { !theirs.contains($0) }.map(\.hash), to: peer)
        let own = Set(mine)
        let wanted = keys.filter { !own.contains($0) && isShared(PreferenceRing.partition(of: $0.hash), with: peer) }
        if !wanted.isEmpty {
            peers[peer].tell(.want(wanted.prefix(Self.answered).map(\.hash)), bytes: 8 * wanted.count)
        }
    }

    /// Sends a peer what is known of the keys with some hashes.
    mutating func send(_ hashes: [UInt64], to peer: Int) {
        var bytes = 0
        for hash in hashes.prefix(Self.answered) {
            let partition = PreferenceRing.partition(of: hash)
            guard isShared(partition, with: peer), bytes < DynamoLimits.gatheredBytes else { continue }
            for position in store.partitions[partition].table.positions(of: hash) {
                let item = store.partitions[partition].table.items[position]
                let record = VersionedRecord(key: item.key, hash: item.hash, cell: item.content)
                peers[peer].tell(.repair(record), bytes: record.payload.count)
                bytes += record.payload.count
            }
        }
    }
}
