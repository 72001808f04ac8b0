import ByteCoding
import ProtocolKit
import Testing

@testable import Consensus

@Suite("Raft snapshots")
struct RaftSnapshotTests {
    private var options: RaftOptions {
        var options = RaftOptions()
        options.snapshotBytes = 2_000
        options.snapshotChunkBytes = 256
        return options
    }

    /// The stored snapshot and what came of it, gathered from effects.
    private struct Disk {
        var mark: SnapshotMark?
        var begun: (mark: SnapshotMark, data: [UInt8])?
        var data: [UInt8] = []
        var chunksInAStep = 0
        var discarded: [LogIndex] = []

        mutating func take(_ effects: Effects<Server>) {
            var chunks = 0
            for effect in effects.list {
                switch effect {
                case .beginSnapshot(let mark): begun = (mark, [])
                case .writeSnapshot(let bytes):
                    begun?.data += bytes.array
                    chunks += 1
                case .commitSnapshot:
                    mark = begun?.mark
                    data = begun?.data ?? []
                case .discardPrefix(let index): discarded.append(index)
                default: break
                }
            }
            chunksInAStep = max(chunksInAStep, chunks)
        }

        func part(_ transfer: UInt64, _ offset: UInt64, _ maximumBytes: Int) -> SnapshotPart {
            let end = min(Int(offset) + maximumBytes, data.count)
            return SnapshotPart(
                transfer: transfer, mark: mark!, offset: offset, data: Bytes(Array(data[Int(offset)..<end])),
                isLast: end == data.count)
        }
    }

    /// A leader of three that has applied `count` commands and taken a snapshot on the way. Server 2 answers nothing, or
    /// once at the beginning.
    private func compactedLeader(_ count: UInt64, hasHeardOfBoth: Bool = false) -> (SteppedServer, Disk) {
        var leader = SteppedServer(options: options)
        var disk = Disk()
        leader.elect()
        if hasHeardOfBoth { leader.match(1, from: 2) }
        for sequence in 0..<count {
            leader.request(.put(key: Bytes("key \(sequence % 50)"), value: Bytes("value \(sequence)")), sequence)
            disk.take(leader.effects)
            leader.match(sequence + 2, from: 1)
            disk.take(leader.effects)
            leader.persist()
            disk.take(leader.effects)
        }
        return (leader, disk)
    }

    @Test("a snapshot is written a chunk at a time and the log before it is given up, but for a tail")
    func compaction() throws {
        let (leader, disk) = compactedLeader(200)
        let mark = try #require(disk.mark)
        #expect(disk.data.count > 3 * 256)
        #expect(disk.chunksInAStep == 4, "one chunk, and the configuration before the first: each a length and itself")
        #expect(leader.server.log.baseIndex > .zero)
        #expect(leader.server.log.baseIndex < mark.index)
        #expect(disk.discarded.last == leader.server.log.baseIndex)
        #expect(leader.server.lastApplied == LogIndex(201))
    }

    @Test("a follower to which everything under way is lost is sent the snapshot once its next entry is compacted away")
    func lostPipeline() {
        var (leader, _) = compactedLeader(200, hasHeardOfBoth: true)
        #expect(leader.server.peers[1].mode == .replicate)
        #expect(leader.server.peers[1].next <= leader.server.log.baseIndex)
        leader.heartbeat(answeredBy: [], match: 0)
        #expect(leader.effects.list.contains { if case .readSnapshot = $0 { true } else { false } })
        #expect(leader.server.peers[1].mode == .snapshot)
    }

    @Test("a server recovers from its snapshot and the log that follows it")
    func recovery() throws {
        let (leader, disk) = compactedLeader(200)
        let mark = try #require(disk.mark)
        let records = Array(leader.server.log.records[leader.server.log.head...])
        var restarted = Server(id: NodeID(0), members: (0..<3).map(NodeID.init), options: options)
        var effects = Effects<Server>()
        restarted.step(
            .start(
                Recovery(
                    incarnation: 2, seed: 1, hardState: RaftHardState(term: Term(1), vote: NodeID(0)).encoded(),
                    snapshot: (mark, Bytes(disk.data)), log: records)),
            at: Now(monotonic: 0, wall: 0), effects: &effects)
        #expect(!restarted.isHalted)
        #expect(restarted.currentTerm == Term(1))
        #expect(restarted.lastApplied == mark.index)
        #expect(restarted.log.lastIndex == leader.server.log.lastIndex)
        restarted.commitIndex = leader.server.commitIndex
        restarted.applyCommitted(effects: &effects)
        #expect(restarted.machine.digest == leader.server.machine.digest)
    }

    @Test("a log that a snapshot has overtaken is removed at the start", arguments: [false, true])
    func overtakenLog(isConflicting: Bool) {
        let (_, disk) = compactedLeader(200)
        let mark = disk.mark!
        let last = isConflicting ? mark.index.rawValue + 3 : mark.index.rawValue - 3
        let server = SteppedServer(
            1, options: options, term: 9, log: Array(repeating: 8, count: Int(last)),
            snapshot: (mark, Bytes(disk.data)))
        #expect(server.server.log.lastIndex == mark.index)
        #expect(server.server.log.lastTerm == Term(mark.tag))
        let removals = server.effects.list.compactMap { effect -> LogIndex? in
            switch effect {
            case .truncateSuffix(let index), .discardPrefix(let index): index
            default: nil
            }
        }
        #expect(removals == [LogIndex(1), mark.index])
    }

    @Test("a snapshot that can't be read stops the server", arguments: [1, 5, 100])
    func corruptSnapshot(cut: Int) {
        let (_, disk) = compactedLeader(200)
        let data = Bytes(disk.data)[0..<disk.data.count - cut]
        #expect(SteppedServer(1, options: options, term: 1, snapshot: (disk.mark!, data)).server.isHalted)
    }

    @Test(
        "a follower that is too far behind is sent the snapshot in parts, and uses it once it is durable",
        arguments: [false, true])
    func install(repeatsEverything: Bool) throws {
        let (compacted, disk) = compactedLeader(200)
        var leader = compacted
        var follower = SteppedServer(2, options: options, term: 1, log: [1, 1])
        var parts = 0
        /// What the leader sends in its step, its snapshot being read for it.
        func sending(_ leader: inout SteppedServer) -> [RaftMessage] {
            var messages = leader.sent(to: 2).map(\.message)
            var reads = leader.effects.list
            while let effect = reads.first {
                reads.removeFirst()
                guard case .readSnapshot(let transfer, let offset, let limit) = effect else { continue }
                leader.turn(.snapshotRead(disk.part(transfer, offset, limit)))
                messages += leader.sent(to: 2).map(\.message)
                reads += leader.effects.list
            }
            return messages
        }
        leader.wait(leader.server.options.heartbeatInterval)
        leader.turn(.timer(RaftTimer.heartbeat))
        var messages = sending(&leader)
        for _ in 0..<200 where follower.server.lastApplied < disk.mark!.index {
            var answers: [RaftMessage] = []
            for message in repeatsEverything ? messages + messages : messages {
                if case .installSnapshot = message { parts += 1 }
                follower.receive(message, from: 0)
                answers += follower.sent(to: 0).map(\.message)
            }
            if answers.isEmpty {
                #expect(follower.server.lastApplied == .zero, "nothing is used before it is durable")
                follower.persist()
                answers += follower.sent(to: 0).map(\.message)
            }
            messages = []
            for answer in answers {
                leader.receive(answer, from: 2)
                messages += sending(&leader)
            }
        }
        #expect(parts > 3)
        #expect(follower.server.lastApplied == disk.mark!.index)
        #expect(follower.server.log.baseIndex == disk.mark!.index)
        for message in messages { follower.receive(message, from: 0) }
        #expect(follower.server.log.lastIndex == leader.server.log.lastIndex)
    }

    @Test("a snapshot that is behind the own commit index is refused as known")
    func oldSnapshot() {
        var follower = SteppedServer(1)
        follower.receive(.appendEntries(AppendEntries(term: 1, after: 0, of: 0, [1, 1, 1], commit: 3)), from: 0)
        let message = InstallSnapshot(
            term: Term(1), mark: SnapshotMark(index: LogIndex(2), tag: 1), offset: 0, data: Bytes([1, 2]), isLast: true)
        follower.receive(.installSnapshot(message), from: 0)
        guard case .snapshotResponse(let response) = follower.sent(to: 0).first?.message else {
            Issue.record("no answer")
            return
        }
        #expect(response.isInstalled)
        #expect(follower.server.lastApplied == LogIndex(3))
    }

    @Test("a part that makes no sense is dropped without harm")
    func senselessPart() {
        var follower = SteppedServer(1)
        let mark = SnapshotMark(index: LogIndex(7), tag: 1)
        follower.receive(
            .installSnapshot(
                InstallSnapshot(
                    term: Term(1), mark: mark, offset: 0, data: Bytes([1, 0, 0, 0, 99, 1]), isLast: true)), from: 0)
        #expect(!follower.server.isHalted)
        #expect(follower.server.incoming == nil)
        #expect(follower.server.lastApplied == .zero)
    }
}
