import ByteCoding
import ProtocolKit
import Testing

@testable import Consensus

@Suite("Snapshots of replicas")
struct ReplicaSnapshotsTests {
    private let now = Now(monotonic: 1, wall: 1)

    private func snapshots() -> ReplicaSnapshots<KeyValueStore> {
        ReplicaSnapshots(
            dueBytes: 4_096, chunkBytes: 1 << 20, patience: .seconds(1), writeTimer: TimerID(1), fetchTimer: TimerID(2))
    }

    @Test("a peer's snapshot that becomes durable together with the own one takes its place")
    func both() {
        var machine = KeyValueStore()
        _ = machine.apply(KeyValueRequest(.put(key: "k", value: "v")).payload, at: LogIndex(1))
        var effects = Effects<MultiPaxos<KeyValueStore>>()
        var snapshots = snapshots()
        snapshots.begin(machine, at: SnapshotMark(index: LogIndex(10), tag: 0), now: now, effects: &effects)
        while snapshots.writer.isWriting { snapshots.continueWriting(at: now, effects: &effects) }
        let written = effects.list.flatMap { effect in
            if case .writeSnapshot(let bytes) = effect { bytes.array } else { [UInt8]() }
        }
        snapshots.beginFetch(from: NodeID(1), at: now, effects: &effects)
        let part = SnapshotFetchPart(
            mark: SnapshotMark(index: LogIndex(20), tag: 0), offset: 0, data: Bytes(written), isLast: true)
        snapshots.take(part, from: NodeID(1), decided: LogIndex(12), at: now, effects: &effects)
        guard case .fetched(let mark, let restored) = snapshots.persisted(through: effects.lastTicket) else {
            Issue.record("the peer's snapshot is forgotten")
            return
        }
        #expect(mark.index == LogIndex(20))
        #expect(snapshots.stored == mark)
        #expect(restored.digest == machine.digest)
        #expect(snapshots.writer.isIdle && snapshots.fetch == nil)
    }
}
