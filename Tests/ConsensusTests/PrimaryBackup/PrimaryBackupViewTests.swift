import ProtocolKit
import Testing

@testable import Consensus

@Suite("Primary-backup: views and what is acknowledged in them")
struct PrimaryBackupViewTests {
    typealias Stepped = SteppedBackup

    /// A primary of three in office, all of whom are in its view.
    private func primary(
        _ options: PrimaryBackupOptions = PrimaryBackupOptions()
    ) -> Stepped {
        var node = Stepped(options: options)
        node.takeOffice()
        node.match(1, from: 1)
        node.match(1, from: 2)
        node.heartbeat()
        node.receive(.viewAcceptance(node.node.accepted.number), from: 2)
        node.persist()
        precondition(node.node.view?.members == .all(3))
        return node
    }

    @Test("a write is answered once every member of the view holds it durably")
    func allMembers() {
        var node = primary()
        node.request(.put(key: "k", value: "v"))
        #expect(node.updates(to: 1).map(\.entries.count) == [1])
        node.match(2, from: 1)
        node.match(2, from: 2)
        #expect(node.replies.isEmpty, "it isn't durable here")
        node.persist()
        #expect(node.replies == [.done])
        node.request(.put(key: "k", value: "w"), 1)
        node.persist()
        node.match(3, from: 1)
        #expect(node.replies.isEmpty, "node 2 hasn't answered")
        node.match(3, from: 2)
        #expect(node.replies == [.done])
    }

    @Test("without a silent backup writes go on only once a majority has agreed to the smaller view")
    func drops() {
        var node = primary()
        node.request(.put(key: "k", value: "v"))
        node.persist()
        node.match(2, from: 1)
        for _ in 0..<6 {
            node.heartbeat()
            node.match(2, from: 1)
            #expect(node.replies.isEmpty)
        }
        #expect(node.node.proposed?.members == Stepped.view(0, 0, 0, 1).members)
        node.persist()
        #expect(node.replies.isEmpty, "nobody else has agreed")
        node.receive(.viewAcceptance(ViewNumber(epoch: ViewEpoch(3), change: 2)), from: 1)
        #expect(node.replies.isEmpty, "that was the last view")
        node.receive(.viewAcceptance(ViewNumber(epoch: ViewEpoch(3), change: 3)), from: 1)
        #expect(node.replies == [.done])
        #expect(node.count(.membershipChanged) == 1)
    }

    @Test("a node is admitted by a further view once it holds what was acknowledged, and counts from the proposal on")
    func admits() {
        var node = Stepped()
        node.takeOffice()
        node.match(1, from: 1)
        node.request(.put(key: "k", value: "v"))
        node.persist()
        node.match(2, from: 1)
        #expect(node.replies == [.done])
        node.match(1, from: 2)
        node.heartbeat()
        #expect(node.node.proposed == nil, "it lacks an acknowledged entry")
        node.match(2, from: 2)
        node.heartbeat()
        #expect(node.node.proposed?.members == .all(3))
        node.request(.put(key: "k", value: "w"), 1)
        node.persist()
        node.match(3, from: 1)
        #expect(node.replies.isEmpty)
        node.match(3, from: 2)
        #expect(node.replies == [.done])
    }

    @Test("a view isn't given up while another is proposed, however long that takes")
    func oneAtATime() {
        var node = primary()
        for _ in 0..<8 {
            node.heartbeat()
            node.match(1, from: 1)
        }
        let proposed = node.node.proposed
        #expect(proposed?.members.count == 2)
        for _ in 0..<8 {
            node.heartbeat()
            #expect(node.proposals(to: 1) == [proposed])
            node.match(1, from: 1)
            #expect(node.node.proposed == proposed)
        }
    }

    @Test("an acceptance is durable before it is given; a proposal of an earlier epoch is told that it is over")
    func accepts() {
        var node = Stepped(2, promised: 4)
        node.receive(.viewProposal(Stepped.view(6, 1, 0, 1)), from: 0)
        #expect(node.sent(to: 0).map(\.message) == [.viewAcceptance(ViewNumber(epoch: ViewEpoch(6), change: 1))])
        #expect(node.sent(to: 0).map(\.after) == [node.effects.lastTicket])
        #expect(node.node.accepted == Stepped.view(6, 1, 0, 1))
        node.receive(.viewProposal(Stepped.view(4, 3, 0, 1, 2)), from: 1)
        #expect(node.sent(to: 1).map(\.message) == [.outbid(ViewEpoch(6))])
        #expect(node.node.accepted == Stepped.view(6, 1, 0, 1))
        node.receive(.viewProposal(Stepped.view(7, 1, 0, 1)), from: 0)
        #expect(node.sent(to: 0).isEmpty, "epoch 7 is node 1's")
    }

    @Test("updates of epochs before the promised one are refused")
    func refusesOldPrimary() {
        var node = Stepped(2, promised: 4)
        node.receive(.update(Update(epoch: 3, after: 0, of: 0, [3])), from: 0)
        #expect(node.epochs.isEmpty)
        #expect(node.sent(to: 0).map(\.message) == [.outbid(ViewEpoch(4))])
    }

    @Test("a backup answers for what is durable, and truncates only a real conflict")
    func backup() {
        var node = Stepped(2, promised: 1, log: [1, 1, 1])
        node.receive(.update(Update(epoch: 4, after: 1, of: 1, [1, 4], commit: 2)), from: 1)
        #expect(node.epochs == [1, 1, 4])
        #expect(node.count(.conflictTruncated) == 1)
        #expect(node.answers(to: 1).map(\.after) == [node.effects.lastTicket])
        #expect(node.value == .value("1.2"))
        node.receive(.update(Update(epoch: 4, after: 0, of: 0, [1])), from: 1)
        #expect(node.epochs == [1, 1, 4], "an old message removes nothing")
        node.receive(.update(Update(epoch: 4, after: 9, of: 4, [4])), from: 1)
        #expect(
            node.answers(to: 1).map(\.answer.outcome) == [
                .conflict(previousIndex: LogIndex(9), conflictEpoch: .zero, conflictIndex: LogIndex(4))
            ])
    }

    @Test("a member that lost its disk is left out, and what it held before doesn't count")
    func replacedMember() {
        var node = primary()
        node.request(.put(key: "k", value: "v"))
        node.persist()
        node.match(2, from: 1)
        node.match(0, from: 2, isEligible: false)
        node.match(2, from: 2)
        #expect(node.replies.isEmpty, "that was said before it lost its disk")
        node.heartbeat()
        #expect(node.node.proposed?.members == Stepped.view(0, 0, 0, 1).members)
        node.persist()
        node.receive(.viewAcceptance(node.node.accepted.number), from: 1)
        #expect(node.replies == [.done])
        node.match(2, from: 2, isEligible: false)
        node.heartbeat()
        #expect(node.node.proposed == nil, "it isn't admitted again")
    }

    @Test("one that loses its disk once more while it is put together is given everything again")
    func replacedTwice() {
        var node = primary()
        node.request(.put(key: "k", value: "v"))
        node.persist()
        node.match(2, from: 1)
        node.match(0, from: 2, isEligible: false)
        node.match(2, from: 2, isEligible: false)
        #expect(node.node.peers[1].match == LogIndex(2))
        let conflict = UpdateAnswer(
            epoch: node.node.promised, round: 0, isEligible: false,
            outcome: .conflict(previousIndex: LogIndex(2), conflictEpoch: .zero, conflictIndex: LogIndex(1)))
        node.receive(.updateAnswer(conflict), from: 2)
        #expect(node.node.peers[1].match == .zero)
        node.heartbeat()
        node.receive(.updateAnswer(conflict), from: 2)
        #expect(node.updates(to: 2).first?.entries.first?.index == LogIndex(1))
    }
}
