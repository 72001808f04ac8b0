import ByteCoding
import Testing
import Verification
import Workload

@testable import ProtocolKit

extension KeyValueJudge {
    /// Takes down an operation by its command.
    fileprivate mutating func record(
        client: Int, user: Int, operation: KeyValueCommand, completion: Completion<KeyValueResponse>, sent: UInt64,
        received: UInt64
    ) {
        record(
            client: client, user: user, note: KeyValueNote(operation), completion: completion, sent: sent,
            received: received)
    }
}

@Suite("Key-value source")
struct KeyValueSourceTests {
    private func options(_ mix: String, keys: Int = 50, sizes: SizeDistribution = .fixed(32), seed: UInt64 = 1)
        throws -> WorkloadOptions
    {
        WorkloadOptions(mix: try OperationMix(parsing: mix), keyCount: keys, valueSize: sizes, seed: seed)
    }

    private func draw(_ user: Int, _ options: WorkloadOptions, _ count: Int) -> [KeyValueCommand] {
        var source = KeyValueSource(user: user, users: 8, options: options)
        return (0..<count).map { _ in source.next() }
    }

    @Test("a user's operations follow from the seed; another seed or user has others")
    func deterministic() throws {
        let mix = "get=30,put=30,delete=5,cas=15,increment=10,append=10"
        let one = draw(3, try options(mix), 500)
        #expect(draw(3, try options(mix), 500) == one)
        #expect(draw(3, try options(mix, seed: 2), 500) != one)
        #expect(draw(4, try options(mix), 500) != one)
    }

    @Test("no two written values are the same, whoever writes them", arguments: [16, 100])
    func distinct(size: Int) throws {
        let options = try options("put=40,cas=30,append=30", sizes: .uniform(1...size))
        var identities = Set<UInt64>()
        var count = 0
        let loaded = KeyValueSource.prologue(options: try self.options("get=50,put=50"))
        for command in (0..<8).flatMap({ draw($0, options, 1_000) }) + loaded {
            switch command {
            case .put(_, let value), .compareAndSet(_, _, let value), .append(_, let value):
                count += 1
                #expect(value.count >= 16)
                identities.insert(KeyValueNaming.identity(of: value, isCounter: false))
            default: Issue.record("\(command) isn't in the mix")
            }
        }
        #expect(identities.count == count)
        #expect(identities.allSatisfy(ValueIdentity.isWritten))
    }

    @Test("kinds come in the shares of the mix")
    func shares() throws {
        let commands = draw(0, try options("get=70,put=20,increment=10"), 10_000)
        let counts = commands.reduce(into: [Int](repeating: 0, count: 6)) { $0[KeyValueService.kind(of: $1)] += 1 }
        #expect((6_800...7_200).contains(counts[0]))
        #expect((1_850...2_150).contains(counts[1]))
        #expect((880...1_120).contains(counts[4]))
        #expect(counts[2] + counts[3] + counts[5] == 0)
    }

    @Test("what a source keeps of an operation is what can be read out of its command", arguments: [32, 4])
    func notes(size: Int) throws {
        let mix = "get=30,put=30,delete=5,cas=15,increment=10,append=10"
        var source = KeyValueSource(user: 3, users: 8, options: try options(mix, sizes: .fixed(size)))
        var seen: Set<Int> = []
        for _ in 0..<2_000 {
            let (operation, note) = source.nextNoted()
            #expect(note == KeyValueNote(operation))
            seen.insert(KeyValueService.kind(of: operation))
            // So that a compare-and-set has something to expect.
            _ = source.followUp(note, .answered(note.kind == .compareAndSet ? .integer(1) : .done))
        }
        #expect(seen.count == 6)
        #expect(KeyValueNote(.openSession).opensSession && !KeyValueNote(.get(key: "k1")).opensSession)
        #expect(KeyValueNote(.get(key: "other")).key == nil)
    }

    @Test("registers, counters and lists don't share keys")
    func spaces() throws {
        for command in draw(0, try options("get=40,put=20,increment=20,append=20"), 2_000) {
            switch command {
            case .put(let key, _): #expect(key[0] == 0x6B)
            case .increment(let key, _): #expect(key[0] == 0x63)
            case .append(let key, _): #expect(key[0] == 0x6C)
            case .get(let key): #expect([0x6B, 0x63, 0x6C].contains(key[0]))
            default: Issue.record("\(command) isn't in the mix")
            }
        }
    }

    @Test("a compare-and-set expects what the user last saw there")
    func expectations() throws {
        var source = KeyValueSource(user: 0, users: 1, options: try options("cas", keys: 1))
        guard case .compareAndSet(let key, nil, let value) = source.next() else {
            Issue.record("the first expects nothing")
            return
        }
        let first = KeyValueCommand.compareAndSet(key: key, expected: nil, value: value)
        #expect(source.followUp(KeyValueNote(first), .answered(.integer(1))) == nil)
        guard case .compareAndSet(_, value, let next) = source.next() else {
            Issue.record("the second expects what the first wrote")
            return
        }
        let second = KeyValueCommand.compareAndSet(key: key, expected: value, value: next)
        _ = source.followUp(KeyValueNote(second), .indeterminate(.timedOut))
        guard case .compareAndSet(_, value, _) = source.next() else {
            Issue.record("what is not known to have happened is not expected")
            return
        }
        _ = source.followUp(KeyValueNote(second), .answered(.integer(0)))
        guard case .compareAndSet(_, nil, _) = source.next() else {
            Issue.record("after a mismatch nothing is expected")
            return
        }
    }

    @Test("registers that will be read are loaded first and all spaces are read in the end")
    func edges() throws {
        #expect(KeyValueSource.prologue(options: try options("get=50,put=50", keys: 20)).count == 20)
        #expect(KeyValueSource.prologue(options: try options("put", keys: 20)).isEmpty)
        #expect(KeyValueSource.prologue(options: try options("get", keys: 5_000)).count == 1_000)
        let epilogue = KeyValueSource.epilogue(options: try options("put=1,increment=1,append=1", keys: 20))
        #expect(Set(epilogue).count == 60)
    }
}

@Suite("Names and identities of keys and values")
struct KeyValueNamingTests {
    @Test("keys of the three spaces have numbers of their own")
    func numbers() {
        #expect(KeyValueNaming.number(of: "k0") == 0)
        #expect(KeyValueNaming.number(of: "k42") == 42)
        #expect(KeyValueNaming.number(of: "c42") == 1_000_000_042)
        #expect(KeyValueNaming.number(of: "l999999999") == 2_999_999_999)
        for key: Bytes in ["", "k", "x1", "k1x", "k-1", "k9999999999", "foo"] {
            #expect(KeyValueNaming.number(of: key) == nil)
        }
    }

    @Test("a value is known again by its identity, whatever its size", arguments: [0, 16, 17, 300])
    func identity(size: Int) {
        for identity: UInt64 in [1, 0xABCDEF, ValueIdentity.largestWritten] {
            let value = KeyValueNaming.value(identity: identity, size: size)
            #expect(value.count == max(16, size))
            #expect(KeyValueNaming.identity(of: value, isCounter: false) == identity)
        }
    }

    @Test("a list's identity is that of its pieces in their order")
    func list() {
        let one = KeyValueNaming.value(identity: 1, size: 20)
        let two = KeyValueNaming.value(identity: 2, size: 30)
        let both = KeyValueNaming.identity(of: Bytes(one.array + two.array), isCounter: false)
        #expect(both == ValueIdentity.appending(2, to: 1))
        #expect(both != KeyValueNaming.identity(of: Bytes(two.array + one.array), isCounter: false))
    }

    @Test("what nobody can have written is foreign, and no answer of a server traps")
    func foreign() {
        let values: [Bytes] = [
            "", "hello", "0000000000000000", "00000000000000zz", "0000000000000001x", "ffffffffffffffff",
        ]
        for value in values {
            let identity = KeyValueNaming.identity(of: value, isCounter: false)
            #expect(identity != ValueIdentity.absent)
            #expect(!ValueIdentity.isWritten(identity))
            #expect(ValueIdentity.integerValue(identity) == nil)
        }
        #expect(KeyValueNaming.identity(of: "-17", isCounter: true) == ValueIdentity.integer(-17))
        for value: Bytes in ["", "x", "9223372036854775807", "-9223372036854775808", "9999999999999999999"] {
            #expect(ValueIdentity.integerValue(KeyValueNaming.identity(of: value, isCounter: true)) == nil)
        }
    }
}

@Suite("Key-value judge")
struct KeyValueJudgeTests {
    private func judge() throws -> KeyValueJudge {
        KeyValueJudge(options: WorkloadOptions(mix: try OperationMix(parsing: "get=50,put=50")))
    }

    private func verdict(_ judge: KeyValueJudge) -> Verdict? {
        let properties = judge.verdicts(budgetNanoseconds: .seconds(20))
        #expect(properties.map(\.property) == ["linearizable"])
        return properties.first?.verdict
    }

    private func value(_ identity: UInt64) -> Bytes { KeyValueNaming.value(identity: identity, size: 32) }

    /// Two writes one after the other, then a read.
    private func history(reading identity: UInt64?, from start: UInt64 = 40) throws -> KeyValueJudge {
        var judge = try judge()
        judge.record(
            client: 0, user: 0, operation: .put(key: "k1", value: value(1)), completion: .answered(.done), sent: 0,
            received: 10)
        judge.record(
            client: 0, user: 0, operation: .put(key: "k1", value: value(2)), completion: .answered(.done), sent: 20,
            received: 30)
        judge.record(
            client: 1, user: 1, operation: .get(key: "k1"),
            completion: .answered(identity.map { .value(value($0)) } ?? .absent), sent: start, received: start + 10)
        return judge
    }

    @Test("a read of the last value is correct")
    func correct() throws {
        #expect(verdict(try history(reading: 2)) == .correct)
    }

    @Test("a stale read is a violation", arguments: [1, nil, 77] as [UInt64?])
    func stale(identity: UInt64?) throws {
        #expect(verdict(try history(reading: identity))?.isViolated == true)
    }

    @Test("says what the clients were given, whatever was promised")
    func consistency() throws {
        let stale = try history(reading: 1)
        let verdicts = stale.verdicts(budgetNanoseconds: .seconds(20))
        let evidence = try #require(stale.consistency(knowing: verdicts, budgetNanoseconds: .seconds(20)))
        #expect(evidence.earned == .sequential)
        #expect(evidence.staleness.staleReads == 1)
        var unknown = stale
        unknown.record(
            client: 0, user: 0, operation: .get(key: "?"), completion: .answered(.absent), sent: 60, received: 70)
        #expect(unknown.consistency(knowing: verdicts, budgetNanoseconds: .seconds(20)) == nil)
    }

    @Test("a read at the same time as the write may see either value", arguments: [UInt64(1), 2])
    func concurrent(identity: UInt64) throws {
        #expect(verdict(try history(reading: identity, from: 25)) == .correct)
    }

    @Test("a write of unknown outcome may show or not", arguments: [1, 3] as [UInt64])
    func indeterminate(seen: UInt64) throws {
        var judge = try judge()
        let put = KeyValueCommand.put(key: "k1", value: value(1))
        judge.record(client: 0, user: 0, operation: put, completion: .answered(.done), sent: 0, received: 10)
        judge.record(
            client: 0, user: 0, operation: .put(key: "k1", value: value(3)), completion: .indeterminate(.timedOut),
            sent: 20, received: 30)
        judge.record(
            client: 1, user: 1, operation: .get(key: "k1"), completion: .answered(.value(value(seen))), sent: 40,
            received: 50)
        #expect(verdict(judge) == .correct)
    }

    @Test("a write that surely failed must not show")
    func failed() throws {
        var judge = try judge()
        judge.record(
            client: 0, user: 0, operation: .put(key: "k1", value: value(1)), completion: .answered(.done), sent: 0,
            received: 10)
        judge.record(
            client: 0, user: 0, operation: .put(key: "k1", value: value(3)), completion: .failed(.overloaded),
            sent: 20, received: 30)
        judge.record(
            client: 1, user: 1, operation: .get(key: "k1"), completion: .answered(.value(value(3))), sent: 40,
            received: 50)
        #expect(verdict(judge)?.isViolated == true, "\(String(describing: verdict(judge)))")
    }

    @Test("an increment that is applied twice is a violation")
    func twice() throws {
        for (second, isCorrect) in [(Int64(2), true), (3, false), (.max, false)] {
            var judge = try judge()
            let increment = KeyValueCommand.increment(key: "c1", by: 1)
            judge.record(
                client: 0, user: 0, operation: increment, completion: .answered(.integer(1)), sent: 0, received: 10)
            judge.record(
                client: 0, user: 0, operation: increment, completion: .answered(.integer(second)), sent: 20,
                received: 30)
            #expect(verdict(judge)?.isCorrect == isCorrect)
        }
    }

    @Test("a delete's nonsensical answer is a violation, not a trap", arguments: [Int64(-1), 1, 2, .min])
    func deletes(answer: Int64) throws {
        var judge = try judge()
        judge.record(
            client: 0, user: 0, operation: .delete(key: "k1"), completion: .answered(.integer(answer)), sent: 0,
            received: 10)
        #expect(verdict(judge)?.isViolated == true, "\(String(describing: verdict(judge)))")
    }

    @Test("a compare-and-set that wins against another value is a violation")
    func compareAndSet() throws {
        for (expected, isCorrect) in [(UInt64(1), true), (9, false)] {
            var judge = try judge()
            judge.record(
                client: 0, user: 0, operation: .put(key: "k1", value: value(1)), completion: .answered(.done), sent: 0,
                received: 10)
            judge.record(
                client: 0, user: 0,
                operation: .compareAndSet(key: "k1", expected: value(expected), value: value(2)),
                completion: .answered(.integer(1)), sent: 20, received: 30)
            #expect(verdict(judge)?.isCorrect == isCorrect)
        }
    }

    @Test("merging joins the histories")
    func merge() throws {
        var one = try history(reading: 2)
        one.merge(try history(reading: 1))
        #expect(one.count == 6)
        #expect(verdict(one)?.isViolated == true)
    }

    /// As ``history(reading:from:)``, by a user and for a promise.
    private func verdict(_ promise: ConsistencyModel, reading identity: UInt64?, user: Int) throws -> Verdict {
        var judge = KeyValueJudge(
            options: WorkloadOptions(mix: try OperationMix(parsing: "get=50,put=50")), promise: promise)
        for (identity, start) in [(UInt64(1), UInt64(0)), (2, 20)] {
            judge.record(
                client: 0, user: 0, operation: .put(key: "k1", value: value(identity)), completion: .answered(.done),
                sent: start, received: start + 10)
        }
        judge.record(
            client: 0, user: user, operation: .get(key: "k1"),
            completion: .answered(identity.map { .value(value($0)) } ?? .absent), sent: 40, received: 50)
        let properties = judge.verdicts(budgetNanoseconds: .seconds(20))
        #expect(properties.map(\.property) == [promise.rawValue])
        return try #require(properties.first?.verdict)
    }

    @Test("a history is judged by what the system promises", arguments: ConsistencyModel.allCases)
    func promise(model: ConsistencyModel) throws {
        #expect(try verdict(model, reading: 2, user: 0) == .correct)
        #expect(try verdict(model, reading: 77, user: 1).isViolated)
        let isRecent = model == .linearizable || model == .regular
        #expect(try verdict(model, reading: 1, user: 1).isViolated == isRecent)
        #expect(try verdict(model, reading: nil, user: 1).isViolated == isRecent)
        // The same user wrote the newer value: only a store that promises nothing to sessions may show the old one.
        #expect(try verdict(model, reading: 1, user: 0).isViolated == (model != .eventual))
    }

    @Test("operations on keys that no load names leave the verdict unknown")
    func unnamed() throws {
        var judge = try judge()
        judge.record(
            client: 0, user: 0, operation: .get(key: "other"), completion: .answered(.absent), sent: 0, received: 10)
        #expect(verdict(judge)?.isUnknown == true)
    }
}
