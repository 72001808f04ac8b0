import ByteCoding
import Testing

@testable import ProtocolKit

/// A store with the log position that it is at.
struct Replica {
    var store = KeyValueStore()
    var index: UInt64 = 0

    mutating func apply(_ command: KeyValueCommand, stamp: SessionStamp? = nil) -> KeyValueResponse {
        index += 1
        return store.apply(KeyValueRequest(command, stamp: stamp).payload, at: LogIndex(index))
    }

    mutating func openSession() -> SessionID {
        guard case .integer(let id) = apply(.openSession) else { return .none }
        return SessionID(UInt64(id))
    }

    mutating func apply(
        _ command: KeyValueCommand, in session: SessionID, _ sequence: UInt64, below: UInt64 = 1
    ) -> KeyValueResponse {
        apply(command, stamp: SessionStamp(session: session, sequence: sequence, acknowledgedBelow: below))
    }

    func get(_ key: Bytes) -> KeyValueResponse {
        store.query(KeyValueRequest(.get(key: key)).payload)
    }
}

@Suite("Key-value store")
struct KeyValueStoreTests {
    @Test("puts, gets and deletes")
    func basics() {
        var replica = Replica()
        #expect(replica.get("k") == .absent)
        #expect(replica.apply(.put(key: "k", value: "v")) == .done)
        #expect(replica.get("k") == .value("v"))
        #expect(replica.apply(.get(key: "k")) == .value("v"))
        #expect(replica.apply(.put(key: "k", value: "longer")) == .done)
        #expect(replica.get("k") == .value("longer"))
        #expect(replica.store.count == 1)
        #expect(replica.apply(.delete(key: "k")) == .integer(1))
        #expect(replica.apply(.delete(key: "k")) == .integer(0))
        #expect(replica.get("k") == .absent)
        #expect(replica.store.count == 0)
    }

    @Test("compare-and-set changes only what is as expected")
    func compareAndSet() {
        var replica = Replica()
        #expect(replica.apply(.compareAndSet(key: "k", expected: "a", value: "b")) == .integer(0))
        #expect(replica.apply(.compareAndSet(key: "k", expected: Bytes(), value: "b")) == .integer(0))
        #expect(replica.get("k") == .absent)
        #expect(replica.apply(.compareAndSet(key: "k", expected: nil, value: "a")) == .integer(1))
        #expect(replica.apply(.compareAndSet(key: "k", expected: nil, value: "x")) == .integer(0))
        #expect(replica.apply(.compareAndSet(key: "k", expected: "x", value: "y")) == .integer(0))
        #expect(replica.get("k") == .value("a"))
        #expect(replica.apply(.compareAndSet(key: "k", expected: "a", value: "b")) == .integer(1))
        #expect(replica.get("k") == .value("b"))
    }

    @Test("increments start at zero and refuse what isn't an integer or would overflow")
    func increment() {
        var replica = Replica()
        #expect(replica.apply(.increment(key: "n", by: 5)) == .integer(5))
        #expect(replica.apply(.increment(key: "n", by: -7)) == .integer(-2))
        #expect(replica.get("n") == .value("-2"))
        _ = replica.apply(.put(key: "t", value: "text"))
        #expect(replica.apply(.increment(key: "t", by: 1)).refusal != nil)
        #expect(replica.get("t") == .value("text"))
        _ = replica.apply(.put(key: "m", value: "9223372036854775807"))
        #expect(replica.apply(.increment(key: "m", by: 1)).refusal != nil)
        #expect(replica.get("m") == .value("9223372036854775807"))
        #expect(replica.apply(.increment(key: "m", by: .min)) == .integer(-1))
        _ = replica.apply(.put(key: "m", value: "-9223372036854775808"))
        #expect(replica.apply(.increment(key: "m", by: -1)).refusal != nil)
    }

    @Test("appends grow a value up to the bound and not beyond")
    func append() {
        var replica = Replica()
        #expect(replica.apply(.append(key: "l", value: "ab")) == .integer(2))
        #expect(replica.apply(.append(key: "l", value: "c")) == .integer(3))
        #expect(replica.get("l") == .value("abc"))
        let large = Bytes([UInt8](repeating: 0x78, count: KeyValueLimits.valueBytes - 3))
        #expect(replica.apply(.append(key: "l", value: large)) == .integer(Int64(KeyValueLimits.valueBytes)))
        let digest = replica.store.digest
        #expect(replica.apply(.append(key: "l", value: "d")).refusal != nil)
        #expect(replica.store.digest == digest)
    }

    @Test("the digest follows the contents, not the way to them")
    func digest() {
        var one = Replica()
        var other = Replica()
        _ = one.apply(.put(key: "a", value: "1"))
        _ = one.apply(.put(key: "b", value: "xy"))
        _ = other.apply(.append(key: "b", value: "x"))
        _ = other.apply(.put(key: "c", value: "3"))
        _ = other.apply(.append(key: "b", value: "y"))
        #expect(one.store.digest != other.store.digest)
        _ = other.apply(.delete(key: "c"))
        _ = other.apply(.increment(key: "a", by: 1))
        #expect(one.store.digest == other.store.digest)
        _ = other.apply(.put(key: "a", value: "2"))
        #expect(one.store.digest != other.store.digest)
    }
}

@Suite("Sessions of the key-value store")
struct KeyValueSessionTests {
    private let increment = KeyValueCommand.increment(key: "n", by: 1)

    @Test("a command that is sent again is answered again and not applied again")
    func duplicates() {
        var replica = Replica()
        let session = replica.openSession()
        #expect(replica.apply(increment, in: session, 1) == .integer(1))
        #expect(replica.apply(increment, in: session, 1) == .integer(1))
        #expect(replica.apply(increment, in: session, 3) == .integer(2))
        #expect(replica.apply(increment, in: session, 2) == .integer(3))
        #expect(replica.apply(increment, in: session, 3) == .integer(2))
        #expect(replica.get("n") == .value("3"))
    }

    @Test("a refusal, too, is kept for the same command")
    func refusals() {
        var replica = Replica()
        let session = replica.openSession()
        _ = replica.apply(.put(key: "n", value: "text"))
        let first = replica.apply(increment, in: session, 1)
        #expect(first.refusal != nil)
        _ = replica.apply(.delete(key: "n"))
        #expect(replica.apply(increment, in: session, 1) == first)
        #expect(replica.get("n") == .absent)
    }

    @Test("two sessions number their commands apart")
    func apart() {
        var replica = Replica()
        let one = replica.openSession()
        let other = replica.openSession()
        #expect(one != other)
        #expect(replica.apply(increment, in: one, 1) == .integer(1))
        #expect(replica.apply(increment, in: other, 1) == .integer(2))
    }

    @Test("a command below the acknowledged ones is refused, and its answer is gone")
    func acknowledged() {
        var replica = Replica()
        let session = replica.openSession()
        for sequence in 1...5 { _ = replica.apply(increment, in: session, UInt64(sequence)) }
        #expect(replica.apply(increment, in: session, 6, below: 4) == .integer(6))
        #expect(replica.store.sessions.sessions[0].answers.map(\.sequence) == [4, 5, 6])
        #expect(replica.apply(increment, in: session, 3).refusal != nil)
        #expect(replica.apply(increment, in: session, 4) == .integer(4))
        #expect(replica.get("n") == .value("6"))
    }

    @Test("a command can't acknowledge itself away")
    func selfAcknowledged() {
        var replica = Replica()
        let session = replica.openSession()
        #expect(replica.apply(increment, in: session, 2, below: 100) == .integer(1))
        #expect(replica.apply(increment, in: session, 2, below: 100) == .integer(1))
        #expect(replica.get("n") == .value("1"))
    }

    @Test("a session has a window of commands in flight, and one beyond it is refused without effect")
    func window() {
        var replica = Replica()
        let session = replica.openSession()
        let window = SessionTable.maximumWindow
        #expect(replica.apply(increment, in: session, window) == .integer(1))
        #expect(replica.apply(increment, in: session, window + 1) == .refused(.overloaded))
        #expect(replica.apply(increment, in: session, .max) == .refused(.overloaded))
        #expect(replica.apply(increment, in: session, window + 1, below: 2) == .integer(2))
        #expect(replica.get("n") == .value("2"))
    }

    @Test("numbers at the end of their range don't trap")
    func extremes() {
        var replica = Replica()
        let session = replica.openSession()
        #expect(replica.apply(increment, in: session, .max, below: .max) == .integer(1))
        #expect(replica.apply(increment, in: session, .max, below: .max) == .integer(1))
        replica.store.advance(toReplicatedMilliseconds: .max)
        #expect(replica.apply(increment, in: session, .max, below: .max) == .refused(.sessionExpired))
        let late = replica.openSession()
        replica.store.advance(toReplicatedMilliseconds: .max)
        #expect(replica.apply(increment, in: late, 1) == .integer(2))
    }

    @Test("a session that is silent for too long expires by replicated time, an active one doesn't")
    func expiry() {
        var replica = Replica()
        replica.store.advance(toReplicatedMilliseconds: 1_000)
        let silent = replica.openSession()
        let active = replica.openSession()
        replica.store.advance(toReplicatedMilliseconds: 31_000)
        #expect(replica.apply(increment, in: active, 1) == .integer(1))
        replica.store.advance(toReplicatedMilliseconds: 1_000 + SessionTable.expiryMilliseconds)
        #expect(replica.store.sessions.sessions.count == 2)
        replica.store.advance(toReplicatedMilliseconds: 1_001 + SessionTable.expiryMilliseconds)
        #expect(replica.apply(increment, in: silent, 1) == .refused(.sessionExpired))
        #expect(replica.apply(increment, in: active, 1) == .integer(1))
        #expect(replica.get("n") == .value("1"))
    }

    @Test("replicated time never goes back")
    func time() {
        var replica = Replica()
        replica.store.advance(toReplicatedMilliseconds: 5_000)
        replica.store.advance(toReplicatedMilliseconds: 4_000)
        #expect(replica.store.replicatedMilliseconds == 5_000)
    }

    @Test("a session nobody opened is refused")
    func unknown() {
        var replica = Replica()
        #expect(replica.apply(increment, in: SessionID(7), 1) == .refused(.sessionExpired))
        #expect(replica.get("n") == .absent)
    }

    @Test("there are only so many sessions")
    func tooMany() {
        var table = SessionTable()
        for index in 1...SessionTable.maximumSessions {
            guard case .integer = table.open(at: LogIndex(UInt64(index)), now: 0) else {
                Issue.record("session \(index) was refused")
                return
            }
        }
        #expect(table.open(at: LogIndex(1 << 20), now: 0) == .refused(.overloaded))
        #expect(table.sessions.count == SessionTable.maximumSessions)
    }
}
