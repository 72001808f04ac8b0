import Consensus
import ProtocolKit
import RESP
import Testing

@testable import LoopbackRuntime

@Suite("Faults on sockets", .timeLimit(.minutes(2)), .serialized)
struct FaultTests {
    private static func leader(_ cluster: SharedCluster<RaftSystem>, among nodes: [Int]) -> Int? {
        nodes.first { (try? cluster.info(of: $0))?["is_leader"] == "1" }
    }

    @Test("a leader that is cut off is replaced by the others, and gives way when the cut is healed")
    func partition() async throws {
        let (isReplaced, isWhole, links) = try await onThread {
            let cluster = try SharedCluster(
                try RaftSystem(options: VariantOptions()),
                configuration: NodeConfiguration(
                    id: NodeID(0), members: (0..<3).map { NodeID(UInt32($0)) }, cluster: 21, durability: .memory),
                dataFolder: nil)
            defer { cluster.stop() }
            let first = Int(try cluster.waitUntilReady().rawValue)
            try cluster.apply(.partition([NodeID(UInt32(first))], clients: []))
            let others = (0..<3).filter { $0 != first }
            let isReplaced = try becomesTrue { Self.leader(cluster, among: others) != nil }
            // A cut wire tells nobody: the links still look up.
            let links = try cluster.info(of: first)["peers_up"]
            try cluster.apply(.heal)
            let isWhole = try becomesTrue {
                let leaders = (0..<3).filter { Self.leader(cluster, among: [$0]) != nil }
                guard leaders.count == 1, let leader = leaders.first else { return false }
                let answer = try? ControlConnection(to: cluster.addresses[leader].client).ask(["SET", "k", "v"])
                return answer == .ok
            }
            return (isReplaced, isWhole, links)
        }
        #expect(isReplaced)
        #expect(links == "2")
        #expect(isWhole)
    }

    @Test("what only the simulator can do is refused in words")
    func unsupported() async throws {
        let errors = try await onThread {
            let cluster = try SharedCluster(
                try UnreplicatedSystem(options: VariantOptions()),
                configuration: NodeConfiguration(
                    id: NodeID(0), members: [NodeID(0)], cluster: 22, durability: .memory),
                dataFolder: nil)
            defer { cluster.stop() }
            return [Fault.loss(0.1), .pause(NodeID(0)), .kill(NodeID(4))].map { fault -> String in
                do throws(RuntimeError) {
                    try cluster.apply(fault)
                    return ""
                } catch {
                    return "\(error)"
                }
            }
        }
        #expect(errors[0].contains("the simulator does it"))
        #expect(errors[1].contains("share a process"))
        #expect(errors[2].contains("there are 1 nodes"))
    }

    @Test(
        "the words of a cut are read back", arguments: [PeerCut.none, PeerCut(sendingTo: [1, 2], receivingFrom: [0])])
    func words(cut: PeerCut) {
        #expect(PeerCut(words: cut.words.split(separator: " ")) == cut)
    }
}
