import ProtocolKit
import Testing

@testable import Consensus

@Suite("Primary-backup: who becomes primary")
struct PrimaryBackupFailoverTests {
    typealias Stepped = SteppedBackup

    @Test("a node asks before it promises anything to itself, and serves once a majority has agreed to its view")
    func takesOffice() {
        var node = Stepped()
        node.loseHope()
        #expect(node.node.role == .asking)
        #expect(node.node.promised == .zero)
        node.promise(from: 1)
        #expect(node.node.role == .candidate)
        #expect(node.node.promised == ViewEpoch(3))
        node.promise(from: 1)
        #expect(node.node.role == .candidate, "its own promise isn't durable yet")
        node.persist()
        #expect(node.node.role == .primary)
        #expect(node.node.view == nil)
        #expect(node.proposals(to: 2) == [Stepped.view(3, 1, 0, 1)])
        node.request(.put(key: "k", value: "v"))
        node.persist()
        node.match(2, from: 1)
        #expect(node.replies.isEmpty, "nobody has agreed to the view yet")
        node.receive(.viewAcceptance(node.node.accepted.number), from: 2)
        #expect(node.node.view == Stepped.view(3, 1, 0, 1))
        #expect(node.replies == [.done])
    }

    @Test("epochs belong to the nodes in turn, so that no two nodes begin the same one")
    func ownedEpochs() {
        for id in 0..<UInt32(5) {
            for promised in 1...UInt64(12) {
                var node = Stepped(id, of: 5, promised: promised)
                node.loseHope()
                node.promise(from: (id + 1) % 5)
                node.promise(from: (id + 2) % 5)
                #expect(node.node.promised.rawValue > promised)
                #expect(node.node.promised.rawValue <= promised + 5)
                #expect(node.node.owner(of: node.node.promised) == NodeID(id))
            }
        }
    }

    @Test("a promise is durable before it is given, and none is given to an earlier epoch")
    func promises() {
        var node = Stepped(2, promised: 4)
        node.receive(.promiseRequest(PromiseRequest(epoch: ViewEpoch(7), isProbe: false)), from: 1)
        #expect(node.promise(to: 1)?.promised == ViewEpoch(7))
        #expect(node.sent(to: 1).first?.after == node.effects.lastTicket)
        node.receive(.promiseRequest(PromiseRequest(epoch: ViewEpoch(6), isProbe: false)), from: 0)
        #expect(node.promise(to: 0)?.promised == ViewEpoch(7))
        node.receive(.promiseRequest(PromiseRequest(epoch: ViewEpoch(9), isProbe: false)), from: 1)
        #expect(node.sent(to: 1).isEmpty, "epoch 9 isn't node 1's")
        node.receive(.promiseRequest(PromiseRequest(epoch: ViewEpoch(10), isProbe: true)), from: 1)
        #expect(node.node.promised == ViewEpoch(7), "a question changes nothing")
    }

    @Test("while the primary is heard, nobody else gets a promise; the primary itself does")
    func loyalty() {
        var node = Stepped(2)
        node.receive(.update(Update(epoch: 1, after: 0, of: 0, [1])), from: 1)
        node.receive(.promiseRequest(PromiseRequest(epoch: ViewEpoch(3), isProbe: true)), from: 0)
        #expect(node.sent(to: 0).isEmpty)
        node.receive(.promiseRequest(PromiseRequest(epoch: ViewEpoch(4), isProbe: false)), from: 1)
        #expect(node.promise(to: 1)?.promised == ViewEpoch(4))
        node.wait(Stepped.timeout)
        node.receive(.promiseRequest(PromiseRequest(epoch: ViewEpoch(6), isProbe: true)), from: 0)
        #expect(node.promise(to: 0) != nil)
    }

    @Test("a node that restarted keeps quiet for a timeout: it may have promised a lease")
    func loyaltyAfterRestart() {
        var node = Stepped(2, promised: 1, incarnation: 2)
        node.receive(.promiseRequest(PromiseRequest(epoch: ViewEpoch(3), isProbe: true)), from: 0)
        #expect(node.sent(to: 0).isEmpty)
    }

    @Test("a node outside the newest view that a majority knows tells a member to stand")
    func outsider() {
        var node = Stepped(2, promised: 3, view: Stepped.view(3, 1, 0, 1, 2), log: [3, 3, 3])
        node.loseHope()
        node.promise(from: 1, view: Stepped.view(3, 2, 0, 1), end: (3, 2), promised: 3)
        #expect(node.node.role == .asking)
        #expect(node.sent(to: 1).contains { $0.message == .nomination })
        var member = Stepped(1, promised: 3, view: Stepped.view(3, 2, 0, 1), log: [3, 3])
        member.receive(.nomination, from: 2)
        #expect(member.node.role == .asking)
    }

    @Test("where no member of the newest view answers, nobody becomes primary")
    func nobody() {
        var node = Stepped(1, of: 5, promised: 5, view: Stepped.view(5, 2, 0, 3), log: [5, 5])
        node.loseHope()
        node.promise(from: 2, view: Stepped.view(5, 2, 0, 3), end: (5, 9), promised: 5)
        node.promise(from: 4, view: Stepped.view(5, 1, 0, 1, 2, 3, 4), end: (5, 2), promised: 5)
        #expect(node.node.role == .asking)
        #expect(!(0..<5).contains { peer in node.sent(to: peer).contains { $0.message == .nomination } })
    }

    @Test("a member that hasn't heard of the view that it is in may become primary all the same")
    func unaware() {
        var node = Stepped(1, promised: 3, view: Stepped.view(3, 1, 0, 1, 2), log: [3, 3])
        node.loseHope()
        node.promise(from: 2, view: Stepped.view(3, 2, 0, 1), end: (3, 1), promised: 3)
        #expect(node.node.role == .candidate)
    }

    @Test("among members the log of the later epoch wins, then the longer one; equal ones don't stand back")
    func longestLog() {
        for (end, isBetter) in [((3, 4), true), ((1, 9), false), ((3, 3), false), ((3, 2), false)]
            as [((UInt64, UInt64), Bool)]
        {
            var node = Stepped(1, promised: 3, view: Stepped.view(3, 1, 0, 1, 2), log: [1, 3, 3])
            node.loseHope()
            node.promise(from: 2, view: Stepped.view(3, 1, 0, 1, 2), end: end, promised: 3)
            #expect((node.node.role == .asking) == isBetter, "\(end)")
        }
    }

    @Test("a view isn't smaller than a majority: a node outside the last one is brought up to date first")
    func catchesUpFirst() {
        var node = Stepped(1, promised: 3, view: Stepped.view(3, 2, 0, 1), log: [3, 3])
        node.loseHope()
        node.promise(from: 2, view: Stepped.view(3, 1, 0, 1, 2), end: (3, 1), promised: 3)
        node.persist()
        node.promise(from: 2, view: Stepped.view(3, 1, 0, 1, 2), end: (3, 1))
        #expect(node.node.role == .primary)
        #expect(node.node.proposed == nil)
        node.match(2, from: 2)
        #expect(node.node.proposed == nil, "the start of the epoch is at 3")
        node.match(3, from: 2)
        #expect(node.proposals(to: 0) == [Stepped.view(4, 1, 1, 2)])
    }

    @Test("with copies=one the primary goes on alone at once")
    func alone() {
        var options = PrimaryBackupOptions()
        options.copies = .one
        var node = Stepped(1, options: options, promised: 3, view: Stepped.view(3, 2, 0, 1), log: [3, 3])
        node.loseHope()
        node.promise(from: 2, view: Stepped.view(3, 1, 0, 1, 2), end: (3, 1), promised: 3)
        node.persist()
        node.promise(from: 2, view: Stepped.view(3, 1, 0, 1, 2), end: (3, 1))
        #expect(node.proposals(to: 2) == [Stepped.view(4, 1, 1)])
    }

    @Test("a primary that hears of a later promise stands again, in an epoch after it")
    func outbid() {
        var node = Stepped()
        node.takeOffice()
        node.receive(.outbid(ViewEpoch(8)), from: 2)
        #expect(node.node.role == .asking)
        node.promise(from: 1, view: node.node.accepted, end: (3, 1), promised: 3)
        #expect(node.node.promised == ViewEpoch(9))
    }

    @Test("a primary that hears from no majority for a timeout ceases to be one, and sends its reads away")
    func cutOff() {
        var node = Stepped()
        node.takeOffice()
        node.request(.get(key: "k"))
        node.wait(Stepped.timeout)
        node.turn(.timer(PrimaryBackupTimer.heartbeat))
        #expect(node.node.role == .backup)
        #expect(node.replies == [.refused(.noLeader)])
    }

    @Test("a node that lost its disk promises nothing, accepts no view and doesn't stand, even after a restart")
    func replaced() throws {
        var node = Stepped(2, incarnation: 2, isReplacement: true)
        let state = try #require(
            node.effects.list.lazy.compactMap { if case .writeHardState(let state) = $0 { state } else { nil } }.first)
        #expect(try PrimaryBackupHardState(decoding: state).isReplacement)
        node.loseHope()
        #expect(node.node.role == .backup)
        node.receive(.promiseRequest(PromiseRequest(epoch: ViewEpoch(3), isProbe: false)), from: 0)
        node.receive(.viewProposal(Stepped.view(3, 1, 0, 1, 2)), from: 0)
        #expect(node.sent(to: 0).isEmpty)
        node.receive(.update(Update(epoch: 3, after: 0, of: 0, [3], round: 4)), from: 0)
        #expect(node.epochs == [3])
        #expect(!node.answers(to: 0).isEmpty)
        #expect(node.answers(to: 0).allSatisfy { !$0.answer.isEligible && $0.answer.round == 0 })
    }
}
