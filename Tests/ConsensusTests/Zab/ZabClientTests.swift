import ByteCoding
import ProtocolKit
import Testing

@testable import Consensus

@Suite("Zab: what clients see")
struct ZabClientTests {
    private func established(_ change: (inout ZabOptions) -> Void = { _ in }) -> SteppedEnsemble {
        var options = ZabOptions()
        change(&options)
        var ensemble = SteppedEnsemble(options: options)
        ensemble.establish()
        return ensemble
    }

    @Test("a read behind a write of its connection waits for it; one of another connection doesn't", arguments: 0..<3)
    func firstInFirstOut(server: Int) {
        var ensemble = established()
        ensemble.request(.put(key: "a", value: "1"), at: server, on: 1)
        ensemble.request(.get(key: "a"), at: server, on: 1)
        ensemble.request(.get(key: "a"), at: server, on: 2)
        #expect(ensemble.answers(at: server, on: 1).isEmpty)
        #expect(ensemble.answers(at: server, on: 2) == [.ordered(.absent, .zero)])
        ensemble.settle()
        #expect(
            ensemble.answers(at: server, on: 1) == [.ordered(.done, .z(1, 1)), .ordered(.value("1"), .z(1, 1))])
    }

    @Test("a plain command is answered plainly")
    func plain() {
        var ensemble = established()
        ensemble.request(.put(key: "a", value: "1"), at: 0, after: nil)
        ensemble.settle()
        ensemble.request(.get(key: "a"), at: 0, after: nil)
        #expect(ensemble.answers(at: 0) == [.plain(.done), .plain(.value("1"))])
    }

    @Test("a server refuses a client that has seen a later state, reads and writes, and says how far it is")
    func ahead() {
        var ensemble = established()
        ensemble.request(.put(key: "a", value: "1"), at: 2)
        // Server 0 hears nothing of it.
        ensemble.settle { $0.to == NodeID(0) }
        #expect(ensemble.answers(at: 2) == [.ordered(.done, .z(1, 1))])
        ensemble.request(.get(key: "a"), at: 0, after: .z(1, 1))
        ensemble.request(.put(key: "a", value: "2"), at: 0, after: .z(1, 1))
        #expect(ensemble.answers(at: 0) == [.behind(.zero), .behind(.zero)])
        ensemble.request(.get(key: "a"), at: 0, on: 2)
        #expect(ensemble.answers(at: 0, on: 2) == [.ordered(.absent, .zero)], "for others it is as good as ever")
        ensemble.wait(2 * ensemble.options.heartbeatInterval)
        ensemble.request(.get(key: "a"), at: 0, on: 3, after: .z(1, 1))
        #expect(ensemble.answers(at: 0, on: 3) == [.ordered(.value("1"), .z(1, 1))])
    }

    @Test("a local read asks nobody")
    func localRead() {
        var ensemble = established()
        let count = ensemble.sent.count
        for id in 0..<3 {
            ensemble.request(.get(key: "a"), at: id)
            #expect(ensemble.answers(at: id) == [.ordered(.absent, .zero)])
        }
        #expect(ensemble.sent.count == count)
    }

    @Test("a read with sync is answered when a quorum has confirmed the leader, with everything committed by then")
    func synchronisedRead() {
        var ensemble = established { $0.reads = .sync }
        ensemble.request(.get(key: "a"), at: 2, on: 1)
        ensemble.settle { if case .pong = $0.message { true } else { false } }
        #expect(ensemble.answers(at: 2).isEmpty)
        ensemble.request(.get(key: "a"), at: 2, on: 2)
        ensemble.settle()
        #expect(ensemble.answers(at: 2, on: 1).count == 1, "a later round confirms the earlier, too")
        #expect(ensemble.answers(at: 2, on: 2).count == 1)

        // Server 0 has not heard of the commit when it is asked.
        ensemble.request(.put(key: "a", value: "1"), at: 2, on: 3)
        ensemble.settle { $0.to == NodeID(0) }
        ensemble.request(.get(key: "a"), at: 0)
        #expect(ensemble.answers(at: 0).isEmpty)
        ensemble.settle()
        ensemble.wait(2 * ensemble.options.heartbeatInterval)
        #expect(ensemble.answers(at: 0) == [.ordered(.value("1"), .z(1, 1))])
    }

    @Test("a leader that was overtaken can't answer a read with sync, though a local one it still would")
    func overtaken() {
        for reads in ZabReads.allCases {
            var ensemble = established { $0.reads = reads }
            // The leader is cut off; it hasn't noticed when the others have committed something.
            let timers = ensemble.pauseTimers(2)
            ensemble.wait(3 * ensemble.options.electionTimeout) { $0.from == NodeID(2) || $0.to == NodeID(2) }
            #expect(ensemble.leader == 1 || ensemble.leader == 2)
            ensemble.request(.put(key: "a", value: "1"), at: 1)
            ensemble.settle { $0.from == NodeID(2) || $0.to == NodeID(2) }
            #expect(ensemble.answers(at: 1) == [.ordered(.done, .z(2, 1))])
            ensemble.request(.get(key: "a"), at: 2)
            ensemble.settle()
            #expect(ensemble.answers(at: 2) == (reads == .local ? [.ordered(.absent, .zero)] : []))
            ensemble.resumeTimers(2, timers)
            ensemble.wait(4 * ensemble.options.electionTimeout)
            #expect(ensemble.servers[2]?.leader == NodeID(1))
            #expect(ensemble.answers(at: 2).count == 1)
        }
    }

    @Test("with serves=leader followers name the leader, with serves=followers the leader names a follower")
    func serving() {
        var ensemble = established { $0.serving = .leader }
        ensemble.request(.get(key: "a"), at: 0)
        ensemble.request(.get(key: "a"), at: 2)
        #expect(ensemble.answers(at: 0) == [.refusal(.redirect(NodeID(2)))])
        #expect(ensemble.answers(at: 2) == [.ordered(.absent, .zero)])
        ensemble = established { $0.serving = .followers }
        ensemble.request(.get(key: "a"), at: 2, on: 0)
        ensemble.request(.get(key: "a"), at: 2, on: 1)
        #expect(
            Set(ensemble.answers(at: 2, on: 0) + ensemble.answers(at: 2, on: 1)) == [
                .refusal(.redirect(NodeID(0))), .refusal(.redirect(NodeID(1))),
            ])
        ensemble.request(.get(key: "a"), at: 0)
        #expect(ensemble.answers(at: 0) == [.ordered(.absent, .zero)])
    }

    @Test("writes whose fate isn't known end their connection, and nothing more comes on it")
    func unknownFate() {
        var ensemble = established()
        ensemble.request(.put(key: "a", value: "1"), at: 0, on: 1)
        ensemble.request(.get(key: "a"), at: 0, on: 1)
        ensemble.kill(2)
        ensemble.wait(2 * ensemble.options.electionTimeout)
        #expect(ensemble.isEnded(at: 0, on: 1) && ensemble.answers(at: 0, on: 1).isEmpty)
        ensemble.request(.get(key: "a"), at: 0, on: 1)
        #expect(ensemble.answers(at: 0, on: 1).isEmpty)
        ensemble.step(0, .clientGone(ConnectionID(1)))
        ensemble.request(.get(key: "a"), at: 0, on: 2)
        #expect(ensemble.answers(at: 0, on: 2).count == 1)
    }
}
