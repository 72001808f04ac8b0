import ByteCoding
import ProtocolKit
import Testing

@testable import Locks

@Suite("Lock server, step by step")
struct LockServerTests {
    @Test("a free lock is granted at once, a held one in the order of arrival")
    func order() throws {
        let bench = try LockServerBench()
        let first = try #require(bench.acquire("a", by: 1))
        #expect(bench.acquire("a", by: 2) == nil)
        #expect(bench.acquire("a", by: 3) == nil)
        let second = try #require(LockServerBench.grants(bench.release("a", by: 1, token: first.token))[2])
        let third = try #require(LockServerBench.grants(bench.release("a", by: 2, token: second.token))[3])
        #expect(first.token < second.token && second.token < third.token)
        #expect(first.arrival < second.arrival && second.arrival < third.arrival)
    }

    @Test("only the owner releases, and only under its grant's token")
    func ownerOnly() throws {
        let bench = try LockServerBench()
        let grant = try #require(bench.acquire("a", by: 1))
        #expect(bench.release("a", by: 2, token: grant.token).map(\.1) == [.number(0)])
        #expect(bench.release("a", by: 1, token: grant.token + 1).map(\.1) == [.number(0)])
        #expect(bench.acquire("a", by: 2) == nil, "the lock is still held")
        let isReleased = bench.release("a", by: 1, token: grant.token).contains { $0.1 == .number(1) }
        #expect(isReleased)
    }

    @Test("a lease that ends gives the lock to the next, and a release after that is answered 0")
    func expiry() throws {
        let bench = try LockServerBench()
        let grant = try #require(bench.acquire("a", by: 1, leaseMilliseconds: 100))
        #expect(bench.acquire("a", by: 2) == nil)
        #expect(bench.advance(milliseconds: 99).isEmpty)
        let next = try #require(LockServerBench.grants(bench.advance(milliseconds: 1))[2])
        #expect(next.waitedMicroseconds == 100_000)
        #expect(bench.release("a", by: 1, token: grant.token).map(\.1) == [.number(0)])
    }

    @Test("a lost connection's locks are free and its waits are over")
    func disconnect() throws {
        let bench = try LockServerBench()
        _ = try #require(bench.acquire("a", by: 1))
        #expect(bench.acquire("a", by: 2) == nil)
        #expect(bench.acquire("a", by: 3) == nil)
        bench.step(.clientGone(ConnectionID(2)))
        let answers = LockServerBench.replies(bench.step(.clientGone(ConnectionID(1))))
        #expect(LockServerBench.grants(answers).keys.sorted() == [3])
    }

    @Test("with disconnect=lease a lost connection's lock stays held until its lease ends")
    func disconnectKeepsLease() throws {
        let bench = try LockServerBench(options: VariantOptions([("disconnect", "lease")]))
        _ = try #require(bench.acquire("a", by: 1, leaseMilliseconds: 100))
        #expect(bench.acquire("a", by: 2) == nil)
        #expect(bench.step(.clientGone(ConnectionID(1))).isEmpty)
        #expect(LockServerBench.grants(bench.advance(milliseconds: 100))[2] != nil)
    }

    @Test("a cancelled wait is answered and leaves the queue; a cancelled grant frees the lock")
    func cancel() throws {
        let bench = try LockServerBench()
        _ = try #require(bench.acquire("a", by: 1))
        #expect(bench.acquire("a", by: 2) == nil)
        #expect(bench.acquire("a", by: 3) == nil)
        let waiting = bench.send(.cancel(name: bench.name("a"), owner: bench.owner(2)), from: 2)
        #expect(waiting.map(\.1) == [.withdrawn, .number(1)])
        let holding = bench.send(.cancel(name: bench.name("a"), owner: bench.owner(1)), from: 1)
        #expect(LockServerBench.grants(holding).keys.sorted() == [3])
        let nothing = bench.send(.cancel(name: bench.name("a"), owner: bench.owner(1)), from: 1)
        #expect(nothing.map(\.1) == [.number(0)])
    }

    @Test("a full queue refuses")
    func bounded() throws {
        let bench = try LockServerBench(options: VariantOptions([("queue", "1")]))
        _ = try #require(bench.acquire("a", by: 1))
        #expect(bench.acquire("a", by: 2) == nil)
        let answers = bench.send(
            .acquire(name: bench.name("a"), owner: bench.owner(3), leaseMilliseconds: 1), from: 3)
        #expect(answers.map(\.1) == [.refused(.overloaded)])
    }

    @Test("the resource refuses a token below the largest accepted, and numbers its decisions")
    func fence() throws {
        let bench = try LockServerBench()
        let old = try #require(bench.acquire("a", by: 1, leaseMilliseconds: 10))
        #expect(bench.acquire("a", by: 2) == nil)
        let new = try #require(LockServerBench.grants(bench.advance(milliseconds: 10))[2])
        func write(_ token: UInt64) -> Int64? {
            guard
                case .number(let number)? = bench.send(.fencedWrite(name: bench.name("a"), token: token), from: 1)
                    .first?.1
            else { return nil }
            return number
        }
        let accepted = try #require(write(new.token))
        let refused = try #require(write(old.token))
        #expect(accepted > 0 && refused < 0 && -refused > accepted)
        #expect(try #require(write(new.token + 1)) < 0, "a token that was never granted")
    }

    @Test("after a restart nothing is granted until the longest former lease has passed, and tokens go on")
    func restart() throws {
        let bench = try LockServerBench()
        let before = try #require(bench.acquire("a", by: 1, leaseMilliseconds: 300))
        bench.persist()
        let again = try LockServerBench(incarnation: 2, hardState: bench.hardState)
        #expect(again.acquire("a", by: 2) == nil)
        #expect(again.advance(milliseconds: 299).isEmpty)
        let after = try #require(LockServerBench.grants(again.advance(milliseconds: 1))[2])
        #expect(after.token > before.token)
        let stale = again.send(.fencedWrite(name: again.name("a"), token: before.token), from: 1)
        guard case .number(let number)? = stale.first?.1 else { throw Failure() }
        #expect(number < 0)
    }

    @Test("a restart without a single grant before it waits for nothing")
    func restartUnused() throws {
        let bench = try LockServerBench()
        let again = try LockServerBench(incarnation: 2, hardState: bench.hardState)
        #expect(again.acquire("a", by: 1) != nil)
    }

    @Test("a grant never leaves before its token and lease are covered on disk")
    func reserve() throws {
        let bench = try LockServerBench(persists: false)
        var covered = UInt64(0)
        var waits = 0
        for turn in 0..<5_000 {
            let token = RequestToken(connection: ConnectionID(1), sequence: UInt64(turn))
            let acquired = bench.step(
                .request(.acquire(name: bench.name("a"), owner: bench.owner(1), leaseMilliseconds: 50), token))
            for case .reply(.granted(let grant), _, let ticket) in acquired {
                if ticket == .none { #expect(grant.token <= covered) } else { waits += 1 }
                bench.step(
                    .request(.release(name: bench.name("a"), owner: bench.owner(1), token: grant.token), token))
            }
            if turn % 100 == 99 {
                bench.persist()
                covered = try LockHardState(decoding: try #require(bench.hardState)).tokensThrough
            }
        }
        #expect(waits == 100, "only the grants before the first sync wait")
    }

    @Test("an unreadable hard state halts the node")
    func unreadable() throws {
        var server = try LockServerSystem(options: VariantOptions(), mutation: nil)
            .makeNode(NodeID(0), members: [NodeID(0)])
        var effects = Effects<LockServer>()
        let recovery = Recovery(incarnation: 2, seed: 1, hardState: Bytes([1, 2, 3]))
        server.step(.start(recovery), at: Now(monotonic: 1, wall: 1), effects: &effects)
        let halts = effects.list.contains { if case .halt = $0 { true } else { false } }
        #expect(halts)
    }

    @Test("idle locks are forgotten")
    func forgets() throws {
        let bench = try LockServerBench()
        for number in 0..<1_000 {
            let grant = try #require(bench.acquire("lock:\(number)", by: 1))
            _ = bench.release("lock:\(number)", by: 1, token: grant.token)
        }
        #expect(bench.server.table.lockCount == 0)
        #expect(bench.server.table.locks.count == 1)
        #expect(bench.server.table.claims.count == 1)
    }
}

private struct Failure: Error {}

@Suite("Lease heap")
struct LeaseHeapTests {
    @Test("gives leases by their ends whatever is added and removed", arguments: 0..<20)
    func order(seed: UInt64) {
        var heap = LeaseHeap()
        var model: [Int32: UInt64] = [:]
        var state = seed &* 0x9E37_79B9_7F4A_7C15 &+ 1
        func draw(_ bound: UInt64) -> UInt64 {
            state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
            return (state >> 33) % bound
        }
        for _ in 0..<500 {
            let claim = Int32(draw(40))
            if model[claim] == nil {
                model[claim] = draw(1_000)
                heap.insert(claim, end: model[claim]!)
            } else {
                heap.remove(claim)
                model[claim] = nil
            }
            #expect(heap.count == model.count)
            #expect(heap.earliestEnd == model.values.min())
            if let earliest = heap.earliestClaim { #expect(model[earliest] == heap.earliestEnd) }
        }
    }
}
