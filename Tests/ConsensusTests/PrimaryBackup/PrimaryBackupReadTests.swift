import ProtocolKit
import Testing

@testable import Consensus

@Suite("Primary-backup: reads")
struct PrimaryBackupReadTests {
    typealias Stepped = SteppedBackup

    @Test("a read waits for a round that began after it came and that a majority has answered")
    func round() {
        var node = Stepped()
        node.takeOffice()
        node.match(1, from: 1)
        let former = node.node.reads.round
        node.request(.get(key: "k"))
        #expect(node.replies.isEmpty)
        #expect(node.updates(to: 1).map(\.round) == [former + 1])
        #expect(node.updates(to: 2).map(\.round) == [former + 1])
        node.match(1, from: 1, round: former)
        #expect(node.replies.isEmpty)
        node.match(0, from: 2, round: former + 1)
        #expect(node.replies == [.absent], "any majority will do")
    }

    @Test("a new primary reads nothing before it has applied what was acknowledged by others")
    func caughtUp() {
        var node = Stepped(log: [1, 1])
        node.loseHope()
        node.promise(from: 1, end: (1, 2))
        node.persist()
        node.promise(from: 1, end: (1, 2))
        node.persist()
        node.receive(.viewAcceptance(node.node.accepted.number), from: 1)
        node.request(.get(key: "k"))
        node.match(2, from: 1)
        #expect(node.replies.isEmpty)
        node.match(3, from: 1)
        node.match(3, from: 1)
        #expect(node.replies == [.value("1.2")])
    }

    @Test("under a lease a read is answered at once; the lease ends a tenth before the shortest timeout")
    func lease() {
        var options = PrimaryBackupOptions()
        options.reads = .lease
        var node = Stepped(options: options)
        node.takeOffice()
        node.match(1, from: 1)
        node.heartbeat()
        let sentAt = node.nanoseconds
        node.wait(.milliseconds(20))
        node.match(1, from: 1)
        node.nanoseconds = sentAt + options.leaseDuration - 1
        node.request(.get(key: "k"))
        #expect(node.replies == [.absent])
        node.nanoseconds += 1
        node.request(.get(key: "k"), 1)
        #expect(node.replies.isEmpty)
    }

    @Test("the rounds and matches of a node that lost its disk don't confirm a read")
    func replaced() {
        var node = Stepped()
        node.takeOffice()
        node.match(1, from: 1)
        node.request(.get(key: "k"))
        node.match(1, from: 2, isEligible: false)
        #expect(node.replies.isEmpty)
    }
}
