import ByteCoding
import ProtocolKit
import Simulation
import Testing

@testable import Consensus

/// Every planted fault is seen: by chance under faults of the right kind, within two seeds, or by a schedule written out
/// by hand. The unmutated protocol passes the same seeds and schedules.
@Suite("Zab's planted faults")
struct ZabMutationTests {
    private static let onePrimary = ["one complete primary an epoch", "primary integrity"]

    /// Which ordeal brings a planted fault out, and the properties of which one is then found broken.
    private static let catches: [(ZabMutation, ZabOrdeal, [String])] = [
        (.mergeEpochs, .interrupted, onePrimary),
        (.forgetAcceptedEpoch, .interrupted, onePrimary),
        (.commitWithoutQuorum, .interrupted, onePrimary),
        (.electByID, .interrupted, onePrimary),
        (.broadcastEarly, .interrupted, onePrimary + ["agreement and total order"]),
        (.noTruncate, .interrupted, onePrimary + ["agreement and total order", "history prefix"]),
        (.skipSync, .outages, onePrimary),
        (.acknowledgeNewLeaderEarly, .unsynced, onePrimary),
        (.serveClientAhead, .wandering, ["sequential"]),
        (.syncWithoutQuorum, .lateAcknowledgements, ["linearizable"]),
    ]

    /// Faults that a schedule written out by hand shows: a user of the simulator has one operation under way, so that no
    /// read of it can overtake a write.
    private static let byHand: Set<ZabMutation> = [
        .readOvertakesWrite, .syncWithoutQuorum, .acknowledgeNewLeaderEarly, .serveClientAhead,
    ]

    @Test("every planted fault of the catalogue has its ordeal or its schedule")
    func complete() {
        #expect(Self.byHand.union(Self.catches.map(\.0)) == Set(ZabMutation.allCases))
        #expect(ZabSystem.descriptor.mutations.map(\.name) == ZabMutation.allCases.map(\.rawValue))
    }

    @Test("a planted fault is caught by faults of the kind that brings it out", arguments: catches)
    private func caught(mutation: ZabMutation, in ordeal: ZabOrdeal, by properties: [String]) throws {
        try ordeal.expectCatch(of: mutation.rawValue, by: properties)
    }

    @Test("the protocol as it is passes the same seeds", arguments: ZabOrdeal.allCases)
    private func unmutated(ordeal: ZabOrdeal) throws {
        try ordeal.expectPass()
    }

    private func ensemble(_ mutation: ZabMutation?, reads: ZabReads = .local) -> SteppedEnsemble {
        var options = ZabOptions()
        options.mutation = mutation
        options.reads = reads
        return SteppedEnsemble(options: options)
    }

    @Test(
        "a read that doesn't wait for its connection's write misses it",
        arguments: [nil, ZabMutation.readOvertakesWrite], 0..<3)
    func readOvertakesWrite(mutation: ZabMutation?, server: Int) {
        var ensemble = ensemble(mutation)
        ensemble.establish()
        ensemble.request(.put(key: "a", value: "1"), at: server)
        ensemble.request(.get(key: "a"), at: server)
        ensemble.settle()
        let read: OrderedResponse<KeyValueResponse> =
            mutation == nil ? .ordered(.value("1"), .z(1, 1)) : .ordered(.absent, .zero)
        #expect(ensemble.answers(at: server).count == 2)
        #expect(ensemble.answers(at: server).contains(read))
    }

    @Test(
        "a leader that asks no quorum answers a read with sync though another has committed a write: a stale read",
        arguments: [nil, ZabMutation.syncWithoutQuorum])
    func syncWithoutQuorum(mutation: ZabMutation?) {
        var ensemble = ensemble(mutation, reads: .sync)
        ensemble.establish()
        // The leader is cut off, and hasn't noticed when the others have committed something.
        _ = ensemble.pauseTimers(2)
        ensemble.wait(3 * ensemble.options.electionTimeout) { $0.from == NodeID(2) || $0.to == NodeID(2) }
        ensemble.request(.put(key: "a", value: "1"), at: 1)
        ensemble.settle { $0.from == NodeID(2) || $0.to == NodeID(2) }
        #expect(ensemble.answers(at: 1) == [.ordered(.done, .z(2, 1))])
        ensemble.request(.get(key: "a"), at: 2)
        ensemble.settle()
        #expect(ensemble.answers(at: 2) == (mutation == nil ? [] : [.ordered(.absent, .zero)]))
    }

    @Test(
        "a history that was acknowledged before it was durable is committed, and lost",
        arguments: [nil, ZabMutation.acknowledgeNewLeaderEarly])
    func acknowledgeNewLeaderEarly(mutation: ZabMutation?) {
        var ensemble = ensemble(mutation)
        ensemble.prepare(0, accepted: 1, current: 1, history: .run(1, 1...1))
        ensemble.prepare(2, accepted: 1, current: 1, history: .run(1, 1...4))
        ensemble.start(0, 2)
        ensemble.settle()
        // The disk of server 0 becomes slow when it has accepted the epoch.
        ensemble.wait(4 * ensemble.options.heartbeatInterval) { envelope in
            if case .synchronise = envelope.message { true } else { false }
        }
        ensemble.slowDisk(0)
        ensemble.wait(2 * ensemble.options.heartbeatInterval)
        #expect(ensemble.history(0) == .run(1, 1...4))
        #expect(ensemble.leader == (mutation == nil ? nil : 2))

        var safety = ZabOnePrimary()
        #expect(safety.check(ensemble.servers, changed: 2) == nil)
        ensemble.kill(0)
        ensemble.kill(2)
        ensemble.slowDisk(0, false)
        ensemble.establish([0, 1])
        #expect(ensemble.leader == 0 && ensemble.history(0) == .run(1, 1...1))
        #expect((safety.check(ensemble.servers, changed: 0) != nil) == (mutation != nil))
    }

    @Test(
        "a client that comes to a server which is behind what it has seen goes back in time",
        arguments: [nil, ZabMutation.serveClientAhead])
    func serveClientAhead(mutation: ZabMutation?) {
        var ensemble = ensemble(mutation)
        ensemble.establish()
        ensemble.request(.put(key: "a", value: "1"), at: 2)
        // Server 0 hears nothing of it.
        ensemble.settle { $0.to == NodeID(0) }
        #expect(ensemble.answers(at: 2) == [.ordered(.done, .z(1, 1))])
        ensemble.request(.get(key: "a"), at: 0, after: .z(1, 1))
        #expect(ensemble.answers(at: 0) == [mutation == nil ? .behind(.zero) : .ordered(.absent, .zero)])
    }
}
