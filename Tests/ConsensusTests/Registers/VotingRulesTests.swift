import ByteCoding
import ProtocolKit
import Testing

@testable import Consensus

@Suite("Votes and tags")
struct VotingRulesTests {
    @Test(
        "as many representatives may be lost as leave the votes to read and to write, whichever they are",
        arguments: [
            ("voting", 3, 1), ("voting", 5, 2), ("voting", 1, 0), ("voting[weights=3/1/1]", 3, 0),
            ("voting[weights=2/2/1/1/1,r=4,w=4]", 5, 1), ("voting[r=1,w=3]", 3, 0),
        ])
    func tolerated(variant: String, nodes: Int, tolerated: Int) throws {
        let system = try VotingSystem(options: Variant(parsing: variant).options)
        #expect(system.toleratedFailures(nodes: nodes) == tolerated)
    }

    @Test("quorums that aren't given are as small as the others allow")
    func defaults() throws {
        #expect(try VoteAssignment(votes: [1, 1, 1], read: nil, write: nil) == VoteAssignment(majorityOf: 3))
        let readOne = try VoteAssignment(votes: [1, 1, 1], read: 1, write: nil)
        #expect(readOne.write == 3)
        let writeFour = try VoteAssignment(votes: [1, 1, 1, 1, 1], read: nil, write: 4)
        #expect(writeFour.read == 2)
    }

    @Test("quorums that need not meet are refused with the rule that they break")
    func rules() {
        #expect(throws: VoteAssignment.Misfit.readMissesWrite(read: 1, write: 2, total: 3)) {
            try VoteAssignment(votes: [1, 1, 1], read: 1, write: 2)
        }
        #expect(throws: VoteAssignment.Misfit.writesMiss(write: 2, total: 4)) {
            try VoteAssignment(votes: [2, 1, 1], read: 3, write: 2)
        }
        #expect(throws: VoteAssignment.Misfit.noVotes) { try VoteAssignment(votes: [0, 0], read: nil, write: nil) }
    }

    @Test(
        "options that don't go together are refused, with the rule",
        arguments: [
            ("voting[weights=1/1/1,r=1,w=2]", 3, "r + w"), ("voting[weights=2/1/1,r=3,w=2]", 3, "2w"),
            ("voting[r=1,w=2]", 3, "r + w"), ("voting[weights=1/1/1]", 5, "3 weights for 5 nodes"),
            ("voting[weights=1/x]", 2, "weights"), ("voting[w=9]", 3, "w=9"),
        ])
    func refused(variant: String, nodes: Int, rule: String) throws {
        let options = try Variant(parsing: variant).options
        let error = #expect(throws: OptionError.self) { try VotingSystem(options: options).check(nodes: nodes) }
        #expect(error?.description.contains(rule) == true)
    }

    @Test("tags are ordered by sequence, node, incarnation and counter")
    func order() {
        let tags = [
            RegisterTag.zero, RegisterTag(sequence: 1, node: NodeID(0), incarnation: 7, counter: 9),
            RegisterTag(sequence: 1, node: NodeID(1), incarnation: 2, counter: 9),
            RegisterTag(sequence: 1, node: NodeID(1), incarnation: 3, counter: 1),
            RegisterTag(sequence: 1, node: NodeID(1), incarnation: 3, counter: 2),
            RegisterTag(sequence: 2, node: NodeID(0), incarnation: 1, counter: 1),
        ]
        #expect(tags.shuffled().sorted() == tags)
        #expect(tags[3].sequence == 1 && tags[3].node == NodeID(1))
        #expect(tags[3].incarnation == 3 && tags[3].counter == 1)
    }

    @Test("messages that are cut short or altered are refused, not believed")
    func wire() throws {
        var replica = SteppedReplica()
        replica.request(.put(key: "key", value: "value"))
        let query = try #require(replica.query)
        replica.receive(RegisterAnswer.nothing(query), from: 1)
        let store = RegisterMessage.store(try #require(replica.storing))
        for message in [RegisterMessage.query(query), store, RegisterAnswer.nothing(query), .acknowledge(7)] {
            let bytes = message.encoded()
            #expect(try RegisterMessage(decoding: bytes) == message)
            for count in 0..<bytes.count {
                #expect(throws: WireError.self) { try RegisterMessage(decoding: bytes[0..<count]) }
            }
        }
        #expect(throws: WireError.self) { try RegisterMessage(decoding: Bytes([9])) }
    }
}
