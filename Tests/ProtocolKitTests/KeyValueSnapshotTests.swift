import ByteCoding
import Testing
import Workload

@testable import ProtocolKit

@Suite("Key-value snapshots")
struct KeyValueSnapshotTests {
    /// A store with many keys of many sizes and some sessions.
    private func filled() -> Replica {
        var generator = SeededGenerator(seed: 3)
        var replica = Replica()
        replica.store.advance(toReplicatedMilliseconds: 77_000)
        for number in 0..<800 {
            let value = Bytes([UInt8](repeating: UInt8(number & 0xFF), count: generator.below(200)))
            _ = replica.apply(.put(key: Bytes("key-\(number)"), value: value))
        }
        for number in stride(from: 0, to: 800, by: 7) { _ = replica.apply(.delete(key: Bytes("key-\(number)"))) }
        for _ in 0..<5 {
            let session = replica.openSession()
            for sequence in UInt64(1)...20 {
                _ = replica.apply(.increment(key: "n", by: 1), in: session, sequence, below: sequence / 2 + 1)
            }
            _ = replica.apply(.put(key: "key-1", value: "v"), in: session, 21)
            _ = replica.apply(.get(key: "key-1"), in: session, 22)
            _ = replica.apply(.increment(key: "key-1", by: 1), in: session, 23)
            _ = replica.apply(.compareAndSet(key: "key-1", expected: "v", value: "v"), in: session, 24)
        }
        return replica
    }

    private func chunks(_ snapshot: KeyValueSnapshot, bytes: Int) -> [Bytes] {
        var snapshot = snapshot
        var chunks: [Bytes] = []
        while let chunk = snapshot.nextChunk(bytes: bytes) { chunks.append(chunk) }
        return chunks
    }

    private func restored(_ chunks: [Bytes]) throws -> KeyValueStore {
        var store = KeyValueStore()
        for chunk in chunks { try store.restore(chunk: chunk) }
        return store
    }

    private func expectEqual(_ one: KeyValueStore, _ other: KeyValueStore) {
        #expect(one.count == other.count)
        #expect(one.digest == other.digest)
        #expect(one.replicatedMilliseconds == other.replicatedMilliseconds)
        #expect(one.sessions.sessions.map(\.id) == other.sessions.sessions.map(\.id))
        for (left, right) in zip(one.sessions.sessions, other.sessions.sessions) {
            #expect(left.acknowledgedBelow == right.acknowledgedBelow)
            #expect(left.lastActiveMilliseconds == right.lastActiveMilliseconds)
            #expect(left.answers.map(\.sequence) == right.answers.map(\.sequence))
            #expect(left.answers.map(\.response) == right.answers.map(\.response))
        }
        for number in 0..<800 {
            let payload = KeyValueRequest(.get(key: Bytes("key-\(number)"))).payload
            #expect(one.query(payload) == other.query(payload))
        }
    }

    @Test("a restored store equals the one it was taken of", arguments: [1, 10, 100, 4_096, 1 << 20])
    func roundTrip(bytes: Int) throws {
        let replica = filled()
        let pieces = chunks(replica.store.snapshot(), bytes: bytes)
        if bytes == 1 { #expect(pieces.count > 600) }
        if bytes == 1 << 20 { #expect(pieces.count == 1) }
        expectEqual(try restored(pieces), replica.store)
    }

    @Test("a snapshot is frozen while the store goes on")
    func frozen() throws {
        var replica = filled()
        let before = replica.store
        var snapshot = replica.store.snapshot()
        var pieces: [Bytes] = []
        var number = 0
        while let chunk = snapshot.nextChunk(bytes: 500) {
            pieces.append(chunk)
            for _ in 0..<20 {
                _ = replica.apply(.put(key: Bytes("key-\(number % 800)"), value: "changed"))
                _ = replica.apply(.delete(key: Bytes("key-\((number + 400) % 800)")))
                number += 1
            }
            _ = replica.openSession()
        }
        #expect(replica.store.digest != before.digest)
        expectEqual(try restored(pieces), before)
    }

    @Test("a restored store answers a repeated command as the first did")
    func duplicates() throws {
        let replica = filled()
        var copy = Replica(store: try restored(chunks(replica.store.snapshot(), bytes: 64)), index: 10_000)
        let session = try #require(copy.store.sessions.sessions.first)
        let value = copy.get("n")
        for (sequence, response) in session.answers {
            #expect(copy.apply(.increment(key: "n", by: 1), in: session.id, sequence) == response)
        }
        #expect(copy.get("n") == value)
        #expect(session.answers.contains { $0.response.refusal != nil })
    }

    @Test("equal stores give equal chunks")
    func deterministic() {
        #expect(chunks(filled().store.snapshot(), bytes: 300) == chunks(filled().store.snapshot(), bytes: 300))
    }

    @Test("an empty store has a snapshot too")
    func empty() throws {
        let pieces = chunks(KeyValueStore().snapshot(), bytes: 100)
        #expect(pieces.count == 1)
        expectEqual(try restored(pieces), KeyValueStore())
    }

    @Test("a chunk cut short anywhere but between items is refused")
    func truncated() throws {
        let chunk = try #require(chunks(filled().store.snapshot(), bytes: 300).first)
        var refused = 0
        for count in 0..<chunk.count {
            var store = KeyValueStore()
            do { try store.restore(chunk: chunk[0..<count]) } catch { refused += 1 }
        }
        #expect(refused > chunk.count * 9 / 10)
    }

    @Test("random and damaged chunks never trap", arguments: UInt64(1)...10)
    func damaged(seed: UInt64) {
        var generator = SeededGenerator(seed: seed)
        let pieces = chunks(filled().store.snapshot(), bytes: 300)
        for _ in 0..<100 {
            var bytes = pieces[generator.below(pieces.count)].array
            for _ in 0..<(1 + generator.below(3)) { bytes[generator.below(bytes.count)] = UInt8(generator.below(256)) }
            var store = KeyValueStore()
            try? store.restore(chunk: Bytes(bytes))
            try? store.restore(chunk: Bytes((0..<generator.below(50)).map { _ in UInt8(generator.below(4)) }))
            store.advance(toReplicatedMilliseconds: .max)
        }
    }

    @Test("sessions out of order are refused, since they would never be found again")
    func unordered() throws {
        var one = Replica()
        _ = one.openSession()
        let first = chunks(one.store.snapshot(), bytes: 1 << 20)
        var store = try restored(first)
        #expect(throws: WireError.invalid(what: "order of sessions")) { try store.restore(chunk: first[0]) }
    }
}
