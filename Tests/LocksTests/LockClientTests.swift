import ProtocolKit
import Testing

@testable import Locks

@Suite("Lock client")
struct LockClientTests {
    final class Bench {
        var client = LockClient(
            server: NodeID(0), timeoutNanoseconds: .milliseconds(100), losesLocksWithConnection: true)
        var now = UInt64(0)

        func step(_ input: ClientInput<LockClient>) -> [ClientEffect<LockClient>] {
            var effects = ClientEffects<LockClient>()
            client.step(input, at: Now(monotonic: now, wall: now), effects: &effects)
            return effects.list
        }

        static func requests(_ effects: [ClientEffect<LockClient>]) -> [LockRequest] {
            effects.compactMap { if case .request(let request, _, _) = $0 { request } else { nil } }
        }

        static func completions(_ effects: [ClientEffect<LockClient>]) -> [Completion<LockResult>] {
            effects.compactMap { if case .complete(_, let completion) = $0 { completion } else { nil } }
        }

        static func acquire(_ owner: UInt32) -> LockOperation {
            .acquire(lock: 1, owner: owner, leaseMilliseconds: 50)
        }

        static func grant(_ token: UInt64) -> LockResponse {
            .granted(LockGrant(token: token, arrival: token, waitedMicroseconds: 0))
        }
    }

    @Test("an acquisition whose time is up is cancelled, and its late grant is nobody's")
    func cancels() {
        let bench = Bench()
        _ = bench.step(.invoke(OperationID(1), Bench.acquire(1)))
        bench.now = .milliseconds(100)
        let effects = bench.step(.timer(LockClient.timeoutTimer))
        #expect(Bench.requests(effects) == [.cancel(name: ShortName("lock:", 1), owner: ShortName("user:", 1))])
        guard case .indeterminate(.timedOut)? = Bench.completions(effects).first else {
            Issue.record("an acquisition that timed out is of unknown effect")
            return
        }
        #expect(bench.step(.response(Bench.grant(1), to: RequestID(1), from: NodeID(0))).isEmpty)
    }

    @Test("one acquisition is under way at a time, and releases overtake those that wait")
    func oneWait() {
        let bench = Bench()
        #expect(Bench.requests(bench.step(.invoke(OperationID(1), Bench.acquire(1)))).count == 1)
        #expect(Bench.requests(bench.step(.invoke(OperationID(2), Bench.acquire(2)))).isEmpty)
        let release = bench.step(.invoke(OperationID(3), .release(lock: 2, owner: 3, token: 9)))
        #expect(Bench.requests(release).count == 1)
        let next = bench.step(.response(Bench.grant(10), to: RequestID(1), from: NodeID(0)))
        #expect(
            Bench.requests(next)
                == [.acquire(name: ShortName("lock:", 1), owner: ShortName("user:", 2), leaseMilliseconds: 50)])
    }

    @Test("an acquisition that was never sent surely had no effect")
    func unsent() {
        let bench = Bench()
        _ = bench.step(.invoke(OperationID(1), Bench.acquire(1)))
        _ = bench.step(.invoke(OperationID(2), Bench.acquire(2)))
        bench.now = .milliseconds(100)
        let completions = Bench.completions(bench.step(.timer(LockClient.timeoutTimer)))
        #expect(completions.count == 2)
        guard case .failed(.timedOut)? = completions.last else {
            Issue.record("the second was never sent")
            return
        }
    }

    @Test("grants of a lost connection can't be used any more, and sending waits for a pause")
    func lostConnection() {
        let bench = Bench()
        _ = bench.step(.invoke(OperationID(1), Bench.acquire(1)))
        _ = bench.step(.response(Bench.grant(7), to: RequestID(1), from: NodeID(0)))
        _ = bench.step(.disconnected(NodeID(0)))
        let effects = bench.step(.invoke(OperationID(2), .release(lock: 1, owner: 1, token: 7)))
        guard case .failed(.disconnected)? = Bench.completions(effects).first else {
            Issue.record("the token is lost")
            return
        }
        #expect(Bench.requests(bench.step(.invoke(OperationID(3), Bench.acquire(1)))).isEmpty)
        #expect(Bench.requests(bench.step(.timer(LockClient.pauseTimer))).count == 1)
    }
}
