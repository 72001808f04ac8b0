import ProtocolKit
import Testing

@testable import Consensus

@Suite("Zab: election and discovery")
struct ZabElectionTests {
    private func established(_ histories: [(accepted: UInt32, current: UInt32, history: [Zxid])]) -> SteppedEnsemble {
        var ensemble = SteppedEnsemble(histories.count)
        for (id, disk) in histories.enumerated() {
            ensemble.prepare(id, accepted: disk.accepted, current: disk.current, history: disk.history)
        }
        ensemble.establish()
        return ensemble
    }

    @Test("equal histories: the highest number leads, and all follow")
    func equal() {
        let ensemble = established([(0, 0, []), (0, 0, []), (0, 0, [])])
        #expect(ensemble.leader == 2)
        #expect(ensemble.servers.allSatisfy { $0?.phase == .broadcast && $0?.currentEpoch == Epoch(1) })
    }

    @Test("the later epoch of the history wins over more transactions, and these over the number")
    func latest() {
        #expect(established([(2, 2, .run(2, 1...1)), (2, 1, .run(1, 1...9)), (2, 1, .run(1, 1...9))]).leader == 0)
        #expect(established([(1, 1, .run(1, 1...2)), (1, 1, .run(1, 1...3)), (1, 1, .run(1, 1...2))]).leader == 1)
    }

    @Test("an epoch that was only accepted says nothing of the history")
    func acceptedApart() {
        var ensemble = established([(7, 1, .run(1, 1...1)), (1, 1, .run(1, 1...2)), (1, 1, .run(1, 1...2))])
        // A leader that a quorum follows before it hears of epoch 7 gives way first.
        ensemble.wait(4 * ensemble.options.electionTimeout)
        #expect(ensemble.leader == 2)
        #expect(ensemble.servers.allSatisfy { $0?.currentEpoch == Epoch(8) && $0?.acceptedEpoch == Epoch(8) })
        #expect(ensemble.history(0) == .run(1, 1...2))
    }

    @Test("a process that comes late follows the leader that there is")
    func late() {
        var ensemble = SteppedEnsemble()
        ensemble.establish([0, 1])
        #expect(ensemble.leader == 1)
        ensemble.start(2)
        ensemble.settle()
        #expect(ensemble.servers[2]?.leader == NodeID(1))
        ensemble.wait(ensemble.options.electionTimeout)
        #expect(ensemble.isServing(2) && ensemble.servers[2]?.currentEpoch == Epoch(1))
    }

    @Test("a leader without a quorum gives up, and what it couldn't commit it doesn't answer")
    func alone() {
        var ensemble = SteppedEnsemble()
        ensemble.establish()
        ensemble.kill(0)
        ensemble.kill(1)
        ensemble.request(.put(key: "a", value: "1"), at: 2)
        ensemble.wait(2 * ensemble.options.electionTimeout)
        #expect(ensemble.servers[2]?.role == .looking)
        #expect(ensemble.answers(at: 2).isEmpty && ensemble.isEnded(at: 2))
        ensemble.request(.get(key: "a"), at: 2, on: 5)
        #expect(ensemble.answers(at: 2, on: 5) == [.refusal(.noLeader)])
    }

    @Test("followers that don't hear from their leader elect another, in a later epoch")
    func succession() {
        var ensemble = SteppedEnsemble()
        ensemble.establish()
        ensemble.request(.put(key: "a", value: "1"), at: 2)
        ensemble.settle()
        ensemble.kill(2)
        ensemble.wait(3 * ensemble.options.electionTimeout)
        #expect(ensemble.leader == 1)
        #expect(ensemble.servers[1]?.currentEpoch == Epoch(2))
        #expect(ensemble.history(0) == .run(1, 1...1))
    }

    @Test("a broken connection to the leader shortens the wait")
    func connectionLost() {
        var ensemble = SteppedEnsemble()
        ensemble.establish()
        ensemble.kill(2)
        ensemble.step(0, .linkDown(NodeID(2)))
        ensemble.step(1, .linkDown(NodeID(2)))
        ensemble.wait(5 * ensemble.options.heartbeatInterval)
        #expect(ensemble.leader == 1)
    }

    @Test("notifications that are lost are told again")
    func lossy() {
        var ensemble = SteppedEnsemble()
        ensemble.start(0, 1, 2)
        var count = 0
        let loses: (SteppedEnsemble.Envelope) -> Bool = { _ in
            count += 1
            return count % 3 == 0
        }
        ensemble.settle(losing: loses)
        ensemble.wait(20 * ensemble.options.electionTimeout, losing: loses)
        ensemble.wait(3 * ensemble.options.electionTimeout)
        #expect(ensemble.leader != nil)
        #expect(ensemble.servers.allSatisfy { $0?.phase == .broadcast })
    }

    // MARK: Discovery

    @Test("ACK-E leaves when the accepted epoch is durable, and not before")
    func acceptedEpochDurable() {
        var ensemble = SteppedEnsemble()
        ensemble.slowDisk(0)
        ensemble.start(0, 2)
        ensemble.settle()
        ensemble.wait(4 * ensemble.options.heartbeatInterval)
        #expect(ensemble.servers[0]?.acceptedEpoch == Epoch(1))
        func accepted() -> Bool {
            ensemble.sent.contains { if case .epochAccepted = $0.message { $0.from == NodeID(0) } else { false } }
        }
        #expect(!accepted())
        ensemble.sync(0)
        #expect(accepted())
    }

    @Test("no process accepts an epoch behind one that it has accepted, and its leader gives way")
    func noEarlierEpoch() {
        var ensemble = SteppedEnsemble()
        ensemble.establish([0, 2])
        #expect(ensemble.leader == 2)
        ensemble.prepare(1, accepted: 6, current: 0, history: [])
        ensemble.start(1)
        ensemble.settle()
        ensemble.wait(4 * ensemble.options.electionTimeout)
        #expect(ensemble.leader == 2)
        #expect(ensemble.servers.allSatisfy { $0?.currentEpoch == Epoch(7) && $0?.phase == .broadcast })
    }

    @Test("a leader that finds a later history in its quorum gives up")
    func laterHistory() {
        var ensemble = SteppedEnsemble()
        ensemble.prepare(1, accepted: 1, current: 1, history: .run(1, 1...3))
        ensemble.prepare(2, accepted: 1, current: 1, history: .run(1, 1...1))
        ensemble.start(1, 2)
        // Both take part in an election by votes that say nothing of their histories.
        for (id, other) in [(1, 2), (2, 1)] as [(Int, UInt32)] {
            let vote = Vote(epoch: Epoch(9), zxid: .zero, candidate: NodeID(2))
            let notification = Notification(round: 5, role: .looking, vote: vote)
            _ = ensemble.takeNetwork()
            ensemble.step(id, .message(.notification(notification), from: NodeID(other)))
            ensemble.step(id, .message(.notification(notification), from: NodeID(0)))
        }
        #expect(ensemble.servers[2]?.role == .leading && ensemble.servers[1]?.leader == NodeID(2))
        ensemble.settle()
        #expect(ensemble.servers[2]?.phase != .broadcast)
        ensemble.wait(4 * ensemble.options.electionTimeout)
        #expect(ensemble.leader == 1)
        #expect(ensemble.history(2) == .run(1, 1...3))
    }

    @Test("an accepted epoch outlives a crash: the next leader's is later")
    func acceptedEpochRecovered() {
        var ensemble = SteppedEnsemble()
        ensemble.start(0, 2)
        ensemble.settle()
        // The leader's NEWEPOCH comes; nothing more.
        ensemble.wait(4 * ensemble.options.heartbeatInterval) {
            if case .epochAccepted = $0.message { true } else { false }
        }
        #expect(ensemble.servers[0]?.acceptedEpoch == Epoch(1))
        ensemble.kill(0)
        ensemble.kill(2)
        ensemble.establish([0, 1])
        #expect(ensemble.leader == 1)
        #expect(ensemble.servers[1]?.currentEpoch == Epoch(2))
    }

    // MARK: Replaced disks

    @Test("a process whose disk was replaced gets the history, and counts once all others have forgotten the old one")
    func replaced() {
        var ensemble = SteppedEnsemble()
        ensemble.establish()
        ensemble.request(.put(key: "a", value: "1"), at: 2)
        ensemble.settle()
        ensemble.kill(0)
        ensemble.wipe(0)
        ensemble.start(0, isReplacement: true)
        ensemble.settle()
        #expect(ensemble.servers[0]?.isReplacement == true)
        ensemble.wait(2 * ensemble.options.electionTimeout)
        #expect(ensemble.isServing(0) && ensemble.history(0) == .run(1, 1...1))
        #expect(ensemble.servers[0]?.isReplacement == false)
        ensemble.kill(1)
        ensemble.request(.put(key: "a", value: "2"), at: 2, on: 9)
        ensemble.settle()
        #expect(ensemble.answers(at: 2, on: 9) == [.ordered(.done, .z(1, 2))])
    }

    @Test("until then it makes no quorum")
    func replacedUncounted() {
        var ensemble = SteppedEnsemble()
        ensemble.establish()
        ensemble.request(.put(key: "a", value: "1"), at: 2)
        ensemble.settle()
        // The write may be on servers 1 and 2 only, had 0 been slow; 0 loses its disk, and 2 is gone.
        ensemble.kill(0)
        ensemble.kill(2)
        ensemble.wipe(0)
        ensemble.start(0, isReplacement: true)
        ensemble.settle()
        ensemble.wait(6 * ensemble.options.electionTimeout)
        #expect(ensemble.leader == nil)
        ensemble.start(2)
        ensemble.settle()
        ensemble.wait(6 * ensemble.options.electionTimeout)
        #expect(ensemble.leader != nil)
        #expect(ensemble.servers.allSatisfy { $0?.phase == .broadcast && $0?.isReplacement == false })
    }
}
