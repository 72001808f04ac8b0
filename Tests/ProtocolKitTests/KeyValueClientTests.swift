import ByteCoding
import Testing

@testable import ProtocolKit

/// A server that clients are written for; it never runs here.
private struct AbsentNode: ProtocolNode {
    struct Message: WireCodable {
        func encode(into writer: inout ByteWriter) {}
        init(from reader: inout ByteReader) throws(WireError) {}
    }
    typealias Request = KeyValueRequest
    typealias Response = KeyValueResponse
    mutating func step(_ input: Input<Self>, at now: Now, effects: inout Effects<Self>) {}
    var status: NodeStatus { NodeStatus(role: "absent", isLeader: false) }
}

/// A client with what it has asked for since the last look.
private struct Bench {
    struct Sent: Equatable {
        var id: RequestID
        var command: KeyValueCommand?
        var stamp: SessionStamp?
        var server: UInt32
    }

    var client: KeyValueClient<AbsentNode>
    var effects = ClientEffects<KeyValueClient<AbsentNode>>()
    var timers: [TimerID: UInt64] = [:]
    var now: UInt64 = 0
    var sent: [Sent] = []
    var ended: [String] = []

    init(usesSession: Bool = false) {
        client = KeyValueClient(
            members: [NodeID(0), NodeID(1), NodeID(2)], preferred: NodeID(0), timeoutNanoseconds: .seconds(1),
            usesSession: usesSession)
        step(.start(seed: 1))
    }

    mutating func step(_ input: ClientInput<KeyValueClient<AbsentNode>>) {
        sent = []
        ended = []
        client.step(input, at: Now(monotonic: now, wall: now), effects: &effects)
        for effect in effects.list {
            switch effect {
            case .request(let request, let id, let server):
                let stamp = request.payload.withUnsafeBytes { KeyValueView($0)?.stamp }
                sent.append(Sent(id: id, command: KeyValueCommand(request), stamp: stamp, server: server.rawValue))
            case .complete(let operation, let completion):
                switch completion {
                case .answered(let response): ended.append("\(operation) answered \(response)")
                case .failed(let error): ended.append("\(operation) failed \(error)")
                case .indeterminate(let error): ended.append("\(operation) indeterminate \(error)")
                }
            case .setTimer(let timer, let deadline): timers[timer] = deadline
            case .cancelTimer(let timer): timers[timer] = nil
            }
        }
        effects.removeAll()
    }

    mutating func invoke(_ number: UInt64, _ command: KeyValueCommand) throws -> Sent {
        step(.invoke(OperationID(number), command))
        let sent = sent.last
        return try #require(sent)
    }

    mutating func answer(_ response: KeyValueResponse, to id: RequestID, from server: UInt32) {
        step(.response(response, to: id, from: NodeID(server)))
    }

    /// Lets time pass to a moment, firing what comes due on the way; gathers what happens.
    mutating func advance(to end: UInt64) {
        var allSent: [Sent] = []
        var allEnded: [String] = []
        while let (timer, deadline) = timers.min(by: { ($0.value, $0.key) < ($1.value, $1.key) }), deadline <= end {
            now = deadline
            timers[timer] = nil
            step(.timer(timer))
            allSent += sent
            allEnded += ended
        }
        now = end
        sent = allSent
        ended = allEnded
    }

    /// Lets 20 ms pass: the time after which what is held is tried again.
    mutating func retry() {
        advance(to: now + .milliseconds(25))
    }
}

@Suite("Key-value client without a session")
struct KeyValueClientTests {
    private let put = KeyValueCommand.put(key: "k", value: "v")
    private let get = KeyValueCommand.get(key: "k")

    @Test("asks its preferred server and passes the answer on")
    func plain() throws {
        var bench = Bench()
        let sent = try bench.invoke(7, put)
        #expect(sent.server == 0)
        #expect(sent.command == put)
        #expect(sent.stamp == nil)
        bench.answer(.done, to: sent.id, from: 0)
        #expect(bench.ended == ["7 answered done"])
        bench.answer(.done, to: sent.id, from: 0)
        #expect(bench.ended == [], "a second answer is ignored")
    }

    @Test("answers in any order go to their operations")
    func concurrent() throws {
        var bench = Bench()
        let one = try bench.invoke(1, put)
        let two = try bench.invoke(2, get)
        #expect(one.id != two.id)
        bench.answer(.value("x"), to: two.id, from: 0)
        #expect(bench.ended == ["2 answered value(x)"])
        let three = try bench.invoke(3, get)
        #expect(three.id != two.id)
        bench.answer(.done, to: one.id, from: 0)
        #expect(bench.ended == ["1 answered done"])
        bench.answer(.absent, to: three.id, from: 0)
        #expect(bench.ended == ["3 answered absent"])
    }

    @Test("follows a redirect at once, and asks there from then on")
    func redirect() throws {
        var bench = Bench()
        let sent = try bench.invoke(1, put)
        bench.answer(.refused(.redirect(NodeID(2))), to: sent.id, from: 0)
        let again = try #require(bench.sent.first)
        #expect(again.server == 2)
        #expect(again.command == put)
        bench.answer(.done, to: again.id, from: 2)
        #expect(bench.ended == ["1 answered done"])
        let next = try bench.invoke(2, put)
        #expect(next.server == 2)
    }

    @Test("waits before it asks again where no leader is known or the redirect leads nowhere")
    func noLeader() throws {
        for refusal in [Refusal.noLeader, .redirect(NodeID(9))] {
            var bench = Bench()
            let sent = try bench.invoke(1, put)
            bench.answer(.refused(refusal), to: sent.id, from: 0)
            #expect(bench.sent.isEmpty && bench.ended.isEmpty)
            bench.retry()
            #expect(bench.sent.map(\.server) == [1])
            bench.answer(.refused(refusal), to: bench.sent[0].id, from: 1)
            bench.retry()
            #expect(bench.sent.map(\.server) == [2])
        }
    }

    @Test("a redirect of a server to itself is no reason to hurry")
    func selfRedirect() throws {
        var bench = Bench()
        let sent = try bench.invoke(1, put)
        bench.answer(.refused(.redirect(NodeID(0))), to: sent.id, from: 0)
        #expect(bench.sent.isEmpty)
        bench.retry()
        #expect(bench.sent.count == 1)
    }

    @Test("a write whose connection ended may have happened, a read is asked again")
    func disconnected() throws {
        var bench = Bench()
        _ = try bench.invoke(1, put)
        let read = try bench.invoke(2, get)
        bench.step(.disconnected(NodeID(0)))
        #expect(bench.ended == ["1 indeterminate disconnected"])
        bench.retry()
        #expect(bench.sent.map(\.command) == [get])
        #expect(bench.sent.map(\.server) == [1])
        bench.answer(.value("late"), to: read.id, from: 0)
        #expect(bench.ended == [], "an answer to the first sending is ignored")
    }

    @Test("a connection to another server that ends is no matter")
    func otherDisconnected() throws {
        var bench = Bench()
        let sent = try bench.invoke(1, put)
        bench.step(.disconnected(NodeID(2)))
        #expect(bench.ended.isEmpty)
        bench.answer(.done, to: sent.id, from: 0)
        #expect(bench.ended == ["1 answered done"])
    }

    @Test("a write that was never sent is tried elsewhere")
    func unreachable() throws {
        var bench = Bench()
        _ = try bench.invoke(1, put)
        bench.step(.unreachable(NodeID(0)))
        #expect(bench.ended.isEmpty)
        bench.retry()
        #expect(bench.sent.map(\.server) == [1])
    }

    @Test("past its time a sent operation is indeterminate, a held one failed")
    func timeouts() throws {
        var bench = Bench()
        _ = try bench.invoke(1, put)
        bench.advance(to: .milliseconds(1_100))
        #expect(bench.ended == ["1 indeterminate timedOut"])
        #expect(bench.timers.isEmpty)

        var unreachable = Bench()
        _ = try unreachable.invoke(1, put)
        var server: UInt32 = 0
        while unreachable.now < .milliseconds(960) {
            unreachable.step(.unreachable(NodeID(server)))
            unreachable.advance(to: unreachable.now + .milliseconds(20))
            server = unreachable.sent.last?.server ?? server
        }
        unreachable.step(.unreachable(NodeID(server)))
        unreachable.timers = unreachable.timers.filter { $0.key == TimerID(1) }
        unreachable.advance(to: .milliseconds(1_100))
        #expect(unreachable.ended == ["1 failed timedOut"])
    }

    @Test("an answer after the time-out is ignored, and the next operation asks another server")
    func lateAnswer() throws {
        var bench = Bench()
        let sent = try bench.invoke(1, put)
        bench.advance(to: .milliseconds(1_100))
        bench.answer(.done, to: sent.id, from: 0)
        #expect(bench.ended.isEmpty)
        let next = try bench.invoke(2, put)
        #expect(next.server == 1)
    }

    @Test(
        "refusals for good end the operation without effect",
        arguments: [
            (Refusal.overloaded, "overloaded"), (.rejected("no"), "rejected"), (.sessionExpired, "sessionExpired"),
        ])
    func refusals(refusal: Refusal, error: String) throws {
        var bench = Bench()
        let sent = try bench.invoke(1, put)
        bench.answer(.refused(refusal), to: sent.id, from: 0)
        #expect(bench.ended == ["1 failed \(error)"])
    }

    @Test("answers to requests that were never made are ignored")
    func nonsense() {
        var bench = Bench()
        for raw: UInt64 in [0, 1, 77, 1 << 32, .max - 1, .max] {
            bench.answer(.done, to: RequestID(raw), from: 0)
            #expect(bench.ended.isEmpty)
        }
    }
}

@Suite("Key-value client with a session")
struct KeyValueSessionClientTests {
    private let put = KeyValueCommand.put(key: "k", value: "v")
    private let get = KeyValueCommand.get(key: "k")

    /// A client whose session 5 is open and that has one write under way.
    private func opened() throws -> (Bench, Bench.Sent) {
        var bench = Bench(usesSession: true)
        let opening = try bench.invoke(1, put)
        #expect(opening.command == .openSession)
        bench.answer(.integer(5), to: opening.id, from: 0)
        return (bench, try #require(bench.sent.first))
    }

    @Test("opens a session before its first command and stamps its writes")
    func opening() throws {
        var (bench, first) = try opened()
        #expect(first.command == put)
        #expect(first.stamp == SessionStamp(session: SessionID(5), sequence: 1, acknowledgedBelow: 1))
        let second = try bench.invoke(2, put)
        #expect(second.stamp == SessionStamp(session: SessionID(5), sequence: 2, acknowledgedBelow: 1))
        bench.answer(.done, to: first.id, from: 0)
        let third = try bench.invoke(3, put)
        #expect(third.stamp == SessionStamp(session: SessionID(5), sequence: 3, acknowledgedBelow: 2))
        let next = try bench.invoke(4, get)
        #expect(next.stamp == nil)
    }

    @Test("a write whose connection ended is sent again under the same number")
    func retried() throws {
        var (bench, first) = try opened()
        bench.step(.disconnected(NodeID(0)))
        #expect(bench.ended.isEmpty)
        bench.retry()
        let again = try #require(bench.sent.first)
        #expect(again.server == 1)
        #expect(again.stamp == first.stamp)
        #expect(again.command == put)
        bench.answer(.done, to: again.id, from: 1)
        #expect(bench.ended == ["1 answered done"])
    }

    @Test("what may have happened before is indeterminate when it is refused later")
    func refusedLater() throws {
        var (bench, _) = try opened()
        bench.step(.disconnected(NodeID(0)))
        bench.retry()
        bench.answer(.refused(.sessionExpired), to: bench.sent[0].id, from: 1)
        #expect(bench.ended == ["1 indeterminate sessionExpired"])
    }

    @Test("a write that may have been applied in an expired session isn't sent again in a new one")
    func restamped() throws {
        var (bench, _) = try opened()
        bench.step(.disconnected(NodeID(0)))
        let other = try bench.invoke(2, put)
        bench.answer(.refused(.sessionExpired), to: other.id, from: 1)
        #expect(bench.ended == ["2 failed sessionExpired"])
        bench.retry()
        let opening = try #require(bench.sent.first { $0.command == .openSession })
        bench.answer(.integer(9), to: opening.id, from: 1)
        #expect(bench.ended == ["1 indeterminate sessionExpired"])
        #expect(bench.sent.isEmpty)
    }

    @Test("a write that was surely not applied is sent in the new session")
    func heldIsRestamped() throws {
        var (bench, first) = try opened()
        let other = try bench.invoke(2, put)
        bench.answer(.refused(.noLeader), to: first.id, from: 0)
        bench.answer(.refused(.sessionExpired), to: other.id, from: 0)
        bench.retry()
        let opening = try #require(bench.sent.first { $0.command == .openSession })
        bench.answer(.integer(9), to: opening.id, from: 1)
        #expect(bench.sent.map(\.command) == [put])
        #expect(bench.sent.first?.stamp?.session == SessionID(9))
    }

    @Test("asks for a session where the leader is, and again when the connection ends")
    func sessionElsewhere() throws {
        var bench = Bench(usesSession: true)
        let opening = try bench.invoke(1, put)
        bench.answer(.refused(.redirect(NodeID(2))), to: opening.id, from: 0)
        bench.retry()
        #expect(bench.sent.map(\.server) == [2])
        bench.step(.disconnected(NodeID(2)))
        bench.retry()
        #expect(bench.sent.map(\.command) == [.openSession])
        bench.answer(.integer(5), to: bench.sent[0].id, from: bench.sent[0].server)
        #expect(bench.sent.map(\.command) == [put])
        #expect(bench.ended.isEmpty)
    }

    @Test("an operation that waits for its session in vain surely had no effect")
    func noSession() throws {
        var bench = Bench(usesSession: true)
        _ = try bench.invoke(1, put)
        bench.advance(to: .milliseconds(1_100))
        #expect(bench.ended == ["1 failed timedOut"])
    }
}
