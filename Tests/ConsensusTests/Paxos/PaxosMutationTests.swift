import ProtocolKit
import Simulation
import Testing

@testable import Consensus

/// Every planted fault is seen by chance under random faults of the right kind, or by a schedule written out by hand. The
/// unmutated protocol passes the same seeds and schedules.
@Suite("Paxos's planted faults")
struct PaxosMutationTests {
    /// Which ordeal brings a planted fault out, and the property that is then found broken.
    private static let catches: [(PaxosMutation, PaxosOrdeal, String)] = [
        (.acceptBelowPromise, .crashes, "chosen-stability"),
        (.forgetPromise, .crashes, "promises"),
        (.proposeOwnValue, .crashes, "chosen-stability"),
        (.smallPhase1Quorum, .crashes, "chosen-stability"),
        (.skipSync, .alone, "chosen-stability"),
        (.reuseBallot, .alone, "chosen-stability"),
        (.acknowledgeBeforeQuorum, .contention, "chosen-stability"),
        (.learnLowerBallot, .contention, "chosen-stability"),
        (.renameDecree, .increments, "linearizable"),
    ]

    /// Takes an answer that comes late to just the proposer that has adopted another value meanwhile.
    private static let byHand: Set<PaxosMutation> = [.countOtherBallot]

    @Test("every planted fault of the catalogue has its ordeal or its schedule")
    func complete() {
        #expect(Self.byHand.union(Self.catches.map(\.0)) == Set(PaxosMutation.allCases))
        #expect(PaxosSystem.descriptor.mutations.map(\.name) == PaxosMutation.allCases.map(\.rawValue))
    }

    @Test("a planted fault is caught by faults of the kind that brings it out", arguments: catches)
    private func caught(mutation: PaxosMutation, in ordeal: PaxosOrdeal, by property: String) throws {
        try ordeal.expectCatch(of: mutation.rawValue, by: [property])
    }

    @Test("the protocol as it is passes the same seeds", arguments: PaxosOrdeal.allCases)
    private func unmutated(ordeal: PaxosOrdeal) throws {
        try ordeal.expectPass()
    }

    @Test(
        "an acceptance of an earlier ballot that is counted for another value has two values chosen",
        arguments: [nil, PaxosMutation.countOtherBallot])
    func countOtherBallot(mutation: PaxosMutation?) {
        var options = PaxosOptions()
        options.mutation = mutation
        var cluster = SteppedCluster<PaxosServer>(5, options: options)

        // Ballot 1.0 has "A" accepted by nodes 0 and 1; node 1's answer is on its way.
        cluster[0].request(.put(key: "k", value: "A"))
        cluster.prepare(0, promisedBy: 1, 3)
        cluster.deliver(from: 0, to: 1)
        cluster[1].persist()

        // Ballot 1.2 finds nothing at nodes 3 and 4 and has "B" accepted by node 2 alone.
        cluster[2].request(.put(key: "k", value: "B"))
        cluster.prepare(2, promisedBy: 3, 4)
        cluster[2].outbox.removeAll()

        // Node 3 tells node 0, which proposes "B" in ballot 2.0, accepted by nodes 0 and 2.
        cluster.deliver(from: 0, to: 3)
        cluster.deliver(from: 3, to: 0)
        cluster[0].outbox.removeAll()
        cluster[0].endPause()
        cluster.prepare(0, promisedBy: 2, 3)
        #expect(cluster[0].node.slots.ballot(at: LogIndex(1)) == Ballot(2, 0))
        cluster.deliver(from: 0, to: 2)
        cluster[2].persist()
        cluster.deliver(from: 2, to: 0)
        #expect(cluster[0].node.decided == .zero)

        // What node 1 said of ballot 1.0 arrives.
        cluster.deliver(from: 1, to: 0)
        #expect((cluster[0].node.decided == LogIndex(1)) == (mutation != nil))

        // Nodes 1, 3 and 4 know of no later value than "A".
        cluster[0].outbox.removeAll()
        cluster[1].request(.put(key: "k", value: "C"))
        cluster[1].endPause()
        cluster.prepare(1, promisedBy: 3, 4)
        for acceptor in [3, 4] {
            cluster.deliver(from: 1, to: acceptor)
            cluster[acceptor].persist()
            cluster.deliver(from: acceptor, to: 1)
        }
        #expect(cluster[1].node.decided == LogIndex(1))
        var agreement = PaxosAgreement<PaxosServer>()
        let wrong = cluster.check(&agreement, changed: 0) ?? cluster.check(&agreement, changed: 1)
        #expect((wrong != nil) == (mutation != nil))
    }
}

extension SteppedCluster where Node == PaxosServer {
    /// A proposer's 1a reaches some acceptors, their promises reach it, and its own acceptor keeps what it then proposes.
    fileprivate mutating func prepare(_ proposer: Int, promisedBy acceptors: Int...) {
        nodes[proposer].persist()
        for acceptor in acceptors {
            deliver(from: proposer, to: acceptor)
            nodes[acceptor].persist()
            deliver(from: acceptor, to: proposer)
        }
        nodes[proposer].persist()
    }
}
