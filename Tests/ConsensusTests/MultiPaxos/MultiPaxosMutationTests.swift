import ProtocolKit
import Simulation
import Testing

@testable import Consensus

/// Every planted fault is seen by chance under random faults of the right kind, or by a schedule written out by hand. The
/// unmutated protocol passes the same seeds and schedules.
@Suite("Multi-Paxos's planted faults")
struct MultiPaxosMutationTests {
    /// Which ordeal brings a planted fault out, and the property that is then found broken.
    private static let catches: [(MultiPaxosMutation, MultiPaxosOrdeal, String)] = [
        (.acceptBelowPromise, .alone, "promises"),
        (.forgetPromise, .alone, "promises"),
        (.skipSync, .alone, "chosen-stability"),
        (.reuseBallot, .alone, "chosen-stability"),
        (.acknowledgeBeforeQuorum, .alone, "chosen-stability"),
        (.adoptAsDecided, .alone, "chosen-stability"),
        (.proposeOwnValue, .overlap, "chosen-stability"),
        (.smallPhase1Quorum, .overlap, "chosen-stability"),
        (.promiseWithoutDecided, .overlap, "chosen-stability"),
        (.snapshotAhead, .overlap, "state-agreement"),
        (.readWithoutQuorum, .reads, "linearizable"),
    ]

    /// Takes an answer that comes late to just the leader that has adopted another value meanwhile; a gap that the last
    /// of all leaders finds.
    private static let byHand: Set<MultiPaxosMutation> = [.countOtherBallot, .leaveGaps]

    @Test("every planted fault of the catalogue has its ordeal or its schedule")
    func complete() {
        #expect(Self.byHand.union(Self.catches.map(\.0)) == Set(MultiPaxosMutation.allCases))
        #expect(MultiPaxosSystem.descriptor.mutations.map(\.name) == MultiPaxosMutation.allCases.map(\.rawValue))
    }

    @Test("a planted fault is caught by faults of the kind that brings it out", arguments: catches)
    private func caught(mutation: MultiPaxosMutation, in ordeal: MultiPaxosOrdeal, by property: String) throws {
        try ordeal.expectCatch(of: mutation.rawValue, by: [property])
    }

    @Test("the protocol as it is passes the same seeds", arguments: MultiPaxosOrdeal.allCases)
    private func unmutated(ordeal: MultiPaxosOrdeal) throws {
        try ordeal.expectPass()
    }

    private func options(_ mutation: MultiPaxosMutation?) -> MultiPaxosOptions {
        var options = MultiPaxosOptions()
        options.mutation = mutation
        return options
    }

    @Test(
        "an acceptance of an earlier ballot that is counted for another value has two values chosen",
        arguments: [nil, MultiPaxosMutation.countOtherBallot])
    func countOtherBallot(mutation: MultiPaxosMutation?) {
        var cluster = SteppedCluster(multiPaxos: 5, options: options(mutation))

        // Ballot 1.0 has "A" accepted by nodes 0 and 1; node 1's answer is on its way.
        cluster.elect(0, by: 1, 3)
        cluster.deliver(from: 0, to: 1)
        cluster.deliver(from: 1, to: 0)
        cluster[0].request(.put(key: "k", value: "A"))
        cluster[0].persist()
        cluster.deliver(from: 0, to: 1)
        cluster[1].persist()
        cluster[0].outbox.removeAll()

        // Ballot 1.2 finds nothing at nodes 3 and 4 and has "B" accepted by node 2 alone.
        cluster.elect(2, by: 3, 4)
        cluster[2].request(.put(key: "k", value: "B"))
        cluster[2].persist()
        cluster[2].outbox.removeAll()

        // Nobody answers either; node 0 leads ballot 2.0, in which "B" is accepted by nodes 0 and 2.
        cluster.wait(2 * cluster[0].node.options.electionTimeout)
        for leader in [0, 2] {
            cluster[leader].heartbeat()
            #expect(cluster[leader].node.role == .follower)
        }
        cluster.elect(0, by: 2, 3)
        cluster[0].persist()
        #expect(cluster[0].node.slots.ballot(at: LogIndex(1)) == .round(2, of: 0))
        cluster.deliver(from: 0, to: 2)
        cluster.deliver(from: 0, to: 2)
        cluster[2].persist()
        while !cluster[2].outbox.isEmpty { cluster.deliver(from: 2, to: 0) }
        #expect(cluster[0].node.decided == .zero)

        // What node 1 said of ballot 1.0 arrives.
        cluster.deliver(from: 1, to: 0)
        #expect((cluster[0].node.decided == LogIndex(1)) == (mutation != nil))

        // Nodes 1, 3 and 4 know of no later value than "A".
        cluster.lose(0)
        cluster.elect(1, by: 3, 4)
        cluster.settle(1, 3, 4)
        #expect(cluster[1].node.decided == LogIndex(1))
        var agreement = PaxosAgreement<MultiPaxosServer>()
        let wrong = cluster.check(&agreement, changed: 0) ?? cluster.check(&agreement, changed: 1)
        #expect((wrong != nil) == (mutation != nil))
    }

    @Test(
        "what phase 1 finds and nobody proposes again can be lost",
        arguments: [nil, MultiPaxosMutation.adoptAsDecided])
    func adoptAsDecided(mutation: MultiPaxosMutation?) {
        var cluster = SteppedCluster(multiPaxos: 3, options: options(mutation))
        // "A" is accepted by its leader alone, node 2.
        cluster.elect(2, by: 1)
        cluster[2].request(.put(key: "k", value: "A"))
        cluster[2].persist()
        cluster[2].outbox.removeAll()
        cluster.wait(2 * cluster[2].node.options.electionTimeout)
        cluster[2].heartbeat()

        // Node 1 hears of it, and crashes before it has written it.
        cluster.elect(1, by: 2)
        #expect(cluster[1].node.role == .leader)
        #expect((cluster[1].node.applied == LogIndex(1)) == (mutation != nil))
        var agreement = PaxosAgreement<MultiPaxosServer>()
        #expect(cluster.check(&agreement, changed: 1) == nil)
        cluster.crash(1)

        // Without node 2 another value is decided.
        cluster.elect(0, by: 1)
        #expect(cluster[0].node.role == .candidate, "node 1 keeps its promise")
        cluster.elect(0, by: 1)
        cluster[0].request(.put(key: "k", value: "B"))
        cluster.settle(0, 1)
        #expect(cluster[0].node.decided == LogIndex(1))
        #expect((cluster.check(&agreement, changed: 0) != nil) == (mutation != nil))
    }

    @Test(
        "a gap that a new leader leaves open keeps all that follows from being decided",
        arguments: [
            nil, MultiPaxosMutation.leaveGaps,
        ])
    func leaveGaps(mutation: MultiPaxosMutation?) {
        var cluster = SteppedCluster(multiPaxos: 3, options: options(mutation))
        // Of what node 2 proposed in slots 1 and 2 only the second reached node 1.
        let old = Ballot.round(1, of: 2)
        cluster[1].receive(.accept(old, .command(2, born: old)), from: 2)
        cluster[1].persist()
        cluster.lose(1)
        cluster.elect(0, by: 1)
        cluster.elect(0, by: 1)
        #expect(cluster[0].node.role == .leader)
        cluster[0].request(.put(key: "k", value: "new"))
        for _ in 0..<20 {
            cluster.settle(0, 1)
            cluster.wait(cluster[0].node.options.heartbeatInterval)
            cluster[0].turn(.timer(MultiPaxosTimer.heartbeat))
        }
        #expect(cluster[0].node.decided == LogIndex(mutation == nil ? 3 : 0))
    }
}
