import ProtocolKit
import Testing

@testable import Consensus

@Suite("Flexible quorums")
struct QuorumSizesTests {
    @Test(
        "what isn't given follows from the other, or is a majority",
        arguments: [
            ((0, 0, 3), (2, 2)), ((0, 0, 4), (3, 3)), ((0, 0, 1), (1, 1)), ((0, 2, 5), (4, 2)), ((5, 0, 5), (5, 1)),
            ((4, 3, 5), (4, 3)),
        ])
    func sizes(given: (Int, Int, Int), expected: (Int, Int)) throws {
        let sizes = try QuorumSizes(phase1: given.0, phase2: given.1, acceptors: given.2)
        #expect(sizes.phase1 == expected.0 && sizes.phase2 == expected.1)
        #expect(sizes.tolerated(of: given.2) == given.2 - max(expected.0, expected.1))
    }

    @Test(
        "quorums that don't meet or can't be had are refused with the reason",
        arguments: [
            (2, 3, 5, "every phase-1 quorum must meet every phase-2 quorum"), (6, 0, 5, "1...5 of the nodes"),
            (0, 4, 3, "1...3 of the nodes"), (1, 1, 2, "2...2 of 2 nodes with phase2-quorum=1"),
        ])
    func refused(phase1: Int, phase2: Int, nodes: Int, reason: String) throws {
        let options = VariantOptions([("phase1-quorum", "\(phase1)"), ("phase2-quorum", "\(phase2)")])
        let paxos = try PaxosSystem(options: options, mutation: nil)
        let multiPaxos = try MultiPaxosSystem(options: options, mutation: nil)
        for check in [paxos.check(nodes:), multiPaxos.check(nodes:)] {
            do {
                try check(nodes)
                Issue.record("\(phase1) and \(phase2) of \(nodes) were accepted")
            } catch {
                #expect("\(error)".contains(reason), "\(error)")
            }
        }
        #expect(paxos.costs(nodes: nodes).isEmpty && multiPaxos.costs(nodes: nodes).isEmpty)
        #expect(paxos.toleratedFailures(nodes: nodes) == 0 && multiPaxos.toleratedFailures(nodes: nodes) == 0)
    }

    @Test("a value is chosen by a phase-2 quorum of two of five, after a phase 1 of four")
    func flexiblePaxos() {
        var options = PaxosOptions()
        options.phase2Quorum = 2
        var proposer = Stepped(0, of: 5, options: options)
        proposer.request(.put(key: "k", value: "v"))
        proposer.persist()
        for peer in [UInt32(1), 2] { proposer.receive(.promise(1, Ballot(1, 0)), from: peer) }
        #expect(proposer.node.proposal?.phase == .prepare)
        proposer.receive(.promise(1, Ballot(1, 0)), from: 3)
        proposer.persist()
        proposer.receive(.accepted(1, Ballot(1, 0)), from: 4)
        #expect(proposer.replies == [.done])
    }
}
