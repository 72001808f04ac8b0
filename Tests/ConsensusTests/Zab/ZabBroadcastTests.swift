import ByteCoding
import ProtocolKit
import Testing
import Workload

@testable import Consensus

@Suite("Zab: broadcast")
struct ZabBroadcastTests {
    private func established(_ count: Int = 3, _ change: (inout ZabOptions) -> Void = { _ in }) -> SteppedEnsemble {
        var options = ZabOptions()
        change(&options)
        var ensemble = SteppedEnsemble(count, options: options)
        ensemble.establish()
        return ensemble
    }

    private func value(_ key: Bytes, _ ensemble: SteppedEnsemble, at id: Int) -> KeyValueResponse? {
        ensemble.servers[id]?.machine.query(KeyValueRequest(.get(key: key)).payload)
    }

    @Test("a transaction is committed, and its client answered, once a quorum has it durable")
    func quorum() {
        var ensemble = established(5)
        for id in 0...3 { ensemble.slowDisk(id) }
        ensemble.request(.put(key: "a", value: "1"), at: 4)
        ensemble.settle()
        ensemble.sync(0)
        ensemble.settle()
        #expect(ensemble.answers(at: 4).isEmpty && ensemble.servers[4]?.commitIndex == .zero)
        ensemble.sync(3)
        ensemble.settle()
        #expect(ensemble.answers(at: 4) == [.ordered(.done, .z(1, 1))])
        #expect(ensemble.servers.allSatisfy { $0?.lastApplied == LogIndex(1) })
    }

    @Test("the leader's own disk counts as any other")
    func leaderDisk() {
        var ensemble = established()
        ensemble.slowDisk(2)
        ensemble.kill(0)
        ensemble.request(.put(key: "a", value: "1"), at: 2)
        ensemble.settle()
        #expect(ensemble.answers(at: 2).isEmpty)
        ensemble.sync(2)
        #expect(ensemble.answers(at: 2) == [.ordered(.done, .z(1, 1))])
    }

    @Test("transactions of clients everywhere are delivered everywhere in one order, and each client has its own")
    func order() {
        var ensemble = established()
        for number in 0..<20 {
            for id in 0..<3 { ensemble.request(.append(key: "log", value: Bytes("\(id)")), at: id) }
            if number % 3 == 0 { ensemble.settle() }
        }
        ensemble.settle()
        #expect(ensemble.servers.allSatisfy { $0?.lastApplied == LogIndex(60) })
        #expect((0..<3).allSatisfy { value("log", ensemble, at: $0) == value("log", ensemble, at: 2) })
        for id in 0..<3 {
            let zxids = ensemble.answers(at: id).compactMap { if case .ordered(_, let zxid) = $0 { zxid } else { nil } }
            #expect(zxids.count == 20 && zxids == zxids.sorted())
        }
    }

    @Test("proposals that are lost, late or repeated leave histories as they should be", arguments: [1, 2, 3, 4])
    func disorder(seed: UInt64) {
        var random = SeededGenerator(seed: seed)
        var ensemble = established { $0.batchEntries = 2 }
        for number in 0..<60 {
            ensemble.request(.increment(key: "n", by: 1), at: number % 3, on: UInt64(number))
            var flight = ensemble.takeNetwork()
            random.shuffle(&flight)
            for envelope in flight where !random.chance(0.1) {
                ensemble.deliver(envelope)
                if random.chance(0.1) { ensemble.deliver(envelope) }
            }
        }
        ensemble.wait(2 * ensemble.options.electionTimeout)
        #expect(ensemble.halts.isEmpty)
        #expect(ensemble.leader == 2 && ensemble.servers[2]?.currentEpoch == Epoch(1))
        // Every request was taken once: lost ones were sent again, repeated ones recognised.
        #expect((0..<3).allSatisfy { value("n", ensemble, at: $0) == .value("60") })
        #expect((0..<3).allSatisfy { ensemble.history($0) == .run(1, 1...60) })
    }

    @Test("one lost proposal is sent again as soon as the next has come, without a timer")
    func gap() {
        var ensemble = established()
        ensemble.request(.put(key: "a", value: "1"), at: 2)
        ensemble.settle {
            if case .propose = $0.message { $0.to == NodeID(0) } else { false }
        }
        #expect(ensemble.history(0).isEmpty)
        ensemble.request(.put(key: "a", value: "2"), at: 2)
        ensemble.settle()
        #expect(ensemble.history(0) == .run(1, 1...2))
        #expect(ensemble.servers[0]?.lastApplied == LogIndex(2))
    }

    @Test("what a leader proposed and no quorum has is gone when another leads without it")
    func overruled() {
        var ensemble = established()
        ensemble.request(.put(key: "a", value: "old"), at: 2)
        ensemble.settle { $0.from == NodeID(2) }
        #expect(ensemble.history(2) == .run(1, 1...1))
        ensemble.wait(3 * ensemble.options.electionTimeout) { $0.from == NodeID(2) || $0.to == NodeID(2) }
        #expect(ensemble.leader == 1)
        ensemble.request(.put(key: "a", value: "new"), at: 0)
        ensemble.settle { $0.from == NodeID(2) || $0.to == NodeID(2) }
        #expect(ensemble.answers(at: 0) == [.ordered(.done, .z(2, 1))])
        ensemble.wait(4 * ensemble.options.electionTimeout)
        #expect((0..<3).allSatisfy { ensemble.history($0) == [.z(2, 1)] })
        #expect(ensemble.isEnded(at: 2) && ensemble.answers(at: 2).isEmpty)
    }

    @Test("with batch=1 each request leaves at once, otherwise those of a turn leave together")
    func batches() {
        for (batch, messages) in [(1, 3), (1_024, 1)] {
            var ensemble = established { $0.batchEntries = batch }
            let request = OrderedRequest(KeyValueRequest(.put(key: "a", value: "1")))
            let tokens = (0..<3 as Range<UInt64>).map { RequestToken(connection: ConnectionID(9), sequence: $0) }
            ensemble.step(
                2, .request(request, tokens[0]), .request(request, tokens[1]), .request(request, tokens[2]))
            let proposals = ensemble.takeNetwork().filter {
                if case .propose = $0.message { $0.to == NodeID(0) } else { false }
            }
            #expect(proposals.count == messages)
        }
    }
}
