import ByteCoding
import ProtocolKit
import Testing

@testable import Consensus

@Suite("Dynamo's quorums, hints and repairs")
struct DynamoQuorumTests {
    private func options(_ change: (inout DynamoOptions) -> Void = { _ in }) -> DynamoOptions {
        var options = DynamoOptions()
        options.antiEntropyInterval = 0
        options.hasReadRepair = false
        change(&options)
        return options
    }

    @Test("a write goes to all replicas and is answered once W of them have it")
    func write() {
        let cluster = DynamoCluster(3, options: options())
        let token = cluster.ask(.set("k", "v"), at: 0)
        #expect(cluster.flights.count == 2)
        #expect(cluster.answer(to: token) == nil)
        cluster.deliver(0)
        #expect(cluster.answer(to: token) == nil)
        cluster.deliver(1)
        #expect(cluster.answer(to: token) == .done)
        cluster.settle()
        for node in 0..<3 { #expect(cluster.cell("k", at: node)?.newestValue == "v") }
        #expect(cluster.nodes[0]?.operations.count == 0)
    }

    @Test("a read asks all replicas, waits for R and answers the newest")
    func read() {
        let cluster = DynamoCluster(3, options: options { $0.hasHints = false })
        cluster.stop(2)
        #expect(cluster.call(.set("k", "v"), at: 0) == .done)
        cluster.start(2)
        let token = cluster.ask(.read("k"), at: 2)
        #expect(cluster.flights.count == 2)
        #expect(cluster.answer(to: token) == nil)
        cluster.settle()
        #expect(cluster.answer(to: token) == .value("v"))
        #expect(cluster.cell("k", at: 2) == nil)
    }

    @Test("with quorums of 1 the coordinator answers alone, and may answer what is stale")
    func quorumOfOne() {
        let cluster = DynamoCluster(
            3,
            options: options {
                $0.readQuorum = 1
                $0.writeQuorum = 1
            })
        let write = cluster.ask(.set("k", "v"), at: 0)
        #expect(cluster.answer(to: write) == .done)
        let stale = cluster.ask(.read("k"), at: 1)
        #expect(cluster.answer(to: stale) == .absent)
        cluster.settle()
        #expect(cluster.call(.read("k"), at: 1) == .value("v"))
    }

    @Test("a read brings the replicas up to date that it found stale, the coordinator among them")
    func readRepair() {
        let cluster = DynamoCluster(
            3,
            options: options {
                $0.hasReadRepair = true
                $0.hasHints = false
            })
        cluster.stop(2)
        #expect(cluster.call(.set("k", "v"), at: 0) == .done)
        cluster.start(2)
        #expect(cluster.call(.read("k"), at: 1) == .value("v"))
        #expect(cluster.cell("k", at: 2)?.newestValue == "v")
        cluster.stop(0)
        #expect(cluster.call(.set("j", "w"), at: 1) == .done)
        cluster.start(0)
        #expect(cluster.call(.read("j"), at: 0) == .value("w"))
        #expect(cluster.cell("j", at: 0)?.newestValue == "w")
    }

    @Test("with strict quorums a write that W replicas can't have ends its connection, a read is refused")
    func strict() {
        let cluster = DynamoCluster(3, options: options { $0.hasHints = false })
        cluster.stop(1)
        cluster.stop(2)
        let write = cluster.ask(.set("k", "v"), at: 0)
        let read = cluster.ask(.read("k"), at: 0)
        cluster.wait(.seconds(2))
        #expect(cluster.answer(to: write) == nil)
        #expect(cluster.ended == [write.connection])
        #expect(cluster.answer(to: read) == .refused(.noLeader))
        #expect(cluster.nodes[0]?.operations.count == 0)
    }

    @Test("the next node of the preference list stands in for a replica that is down, and hands over when it is back")
    func handoff() throws {
        let cluster = DynamoCluster(5, options: options())
        let order = cluster.preferences("k")
        cluster.stop(order[1])
        cluster.stop(order[2])
        #expect(cluster.call(.set("k", "v"), at: order[0]) == .done)
        let hints = try [order[3], order[4]].map { try #require(cluster.nodes[$0]).hints }
        #expect(hints.map(\.count) == [1, 1])
        #expect(hints.map { $0.items[0].content.targets } == [1 << UInt64(order[1]), 1 << UInt64(order[2])])
        #expect(cluster.cell("k", at: order[3]) == nil)
        cluster.start(order[1])
        cluster.wait(.seconds(1))
        #expect(cluster.cell("k", at: order[1])?.newestValue == "v")
        #expect(cluster.nodes[order[3]]?.hints.count == 0)
        #expect(cluster.nodes[order[4]]?.hints.count == 1)
    }

    @Test("a hint survives its keeper's crash, and is delivered then")
    func durableHint() {
        let cluster = DynamoCluster(5, options: options())
        let order = cluster.preferences("k")
        cluster.stop(order[2])
        #expect(cluster.call(.set("k", "v"), at: order[0]) == .done)
        cluster.stop(order[3])
        cluster.start(order[3])
        #expect(cluster.nodes[order[3]]?.hints.count == 1)
        cluster.start(order[2])
        cluster.wait(.seconds(1))
        #expect(cluster.cell("k", at: order[2])?.newestValue == "v")
        cluster.stop(order[3])
        cluster.start(order[3])
        #expect(cluster.nodes[order[3]]?.hints.count == 0)
    }

    @Test("where every node is a replica the coordinator keeps the hint itself")
    func ownHint() {
        let cluster = DynamoCluster(3, options: options())
        cluster.stop(2)
        #expect(cluster.call(.set("k", "v"), at: 0) == .done)
        #expect(cluster.nodes[0]?.hints.count == 1)
        cluster.start(2)
        cluster.wait(.seconds(1))
        #expect(cluster.cell("k", at: 2)?.newestValue == "v")
        #expect(cluster.nodes[0]?.hints.count == 0)
    }

    @Test("a node that is cut off from all replicas stands in for them, and reads what it has kept")
    func standIn() {
        let cluster = DynamoCluster(5, options: options())
        let order = cluster.preferences("k")
        for replica in order[..<3] { for node in order[3...] { cluster.setCut(replica, node, true) } }
        #expect(cluster.call(.set("k", "v"), at: order[3]) == .done)
        #expect(cluster.call(.read("k"), at: order[4]) == .value("v"))
        #expect(cluster.call(.read("k"), at: order[0]) == .absent)
        for replica in order[..<3] { for node in order[3...] { cluster.setCut(replica, node, false) } }
        cluster.wait(.seconds(1))
        for replica in order[..<3] { #expect(cluster.cell("k", at: replica)?.newestValue == "v") }
        #expect(cluster.nodes[order[3]]?.hints.count == 0)
    }

    @Test("a node that is no replica forwards: two delays and two messages more")
    func forwards() {
        let cluster = DynamoCluster(5, options: options())
        let order = cluster.preferences("k")
        for (request, expected) in [(DynamoRequest.set("k", "v"), DynamoResponse.done), (.read("k"), .value("v"))] {
            let token = cluster.ask(request, at: order[4])
            #expect(cluster.flights.map(\.to) == [order[0]])
            cluster.deliver(0)
            #expect(Set(cluster.flights.map(\.to)) == [order[1], order[2]])
            cluster.deliver(0)
            cluster.deliver(0)
            #expect(cluster.flights.map(\.to) == [order[0], order[0]])
            cluster.deliver(0)
            #expect(cluster.flights.map(\.to) == [order[0], order[4]])
            cluster.settle()
            #expect(cluster.answer(to: token) == expected)
        }
    }

    @Test("a forwarded write that the network repeats is made once")
    func repeatedForward() throws {
        let cluster = DynamoCluster(5, options: options())
        let order = cluster.preferences("k")
        _ = cluster.ask(.set("k", "old"), at: order[4])
        let copy = cluster.flights[0]
        cluster.settle()
        #expect(cluster.call(.set("k", "new"), at: order[1]) == .done)
        cluster.flights.append(copy)
        cluster.settle()
        #expect(cluster.call(.read("k"), at: order[0]) == .value("new"))
    }

    @Test("a read is forwarded again when its coordinator goes, a write ends its connection")
    func forwardedAgain() {
        let cluster = DynamoCluster(5, options: options())
        let order = cluster.preferences("k")
        #expect(cluster.call(.set("k", "v"), at: order[0]) == .done)
        let read = cluster.ask(.read("k"), at: order[4])
        let write = cluster.ask(.set("k", "w"), at: order[4])
        cluster.stop(order[0])
        cluster.settle()
        #expect(cluster.answer(to: read) == .value("v"))
        #expect(cluster.answer(to: write) == nil)
        #expect(cluster.ended == [write.connection])
    }
}
