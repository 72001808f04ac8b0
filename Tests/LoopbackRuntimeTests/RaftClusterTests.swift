import ByteCoding
import Consensus
import Glibc
import ProtocolKit
import RESP
import Testing

@testable import LoopbackRuntime

@Suite("Three nodes on sockets", .timeLimit(.minutes(1)), .serialized)
struct RaftClusterTests {
    /// Runs a test's blocking part on a cluster of three that has a leader.
    private func withCluster<Value: Sendable>(
        _ body: @escaping @Sendable (SharedCluster<RaftSystem>, NodeID) throws -> Value
    ) async throws -> Value {
        try await onThread {
            let cluster = try SharedCluster(
                try RaftSystem(options: VariantOptions()),
                configuration: NodeConfiguration(
                    id: NodeID(0), members: [NodeID(0), NodeID(1), NodeID(2)], cluster: 11, durability: .memory),
                dataFolder: nil)
            defer { cluster.stop() }
            return try body(cluster, try cluster.waitUntilReady())
        }
    }

    /// Asks until somebody serves: leadership may pass on while a busy machine keeps nodes waiting.
    private static func ask(
        _ cluster: SharedCluster<RaftSystem>, _ words: [String], down: Set<Int> = []
    ) throws -> RESPValue {
        var answer = RESPValue.null
        _ = try becomesTrue {
            let leader = try cluster.waitUntilReady(down: down)
            answer = try ControlConnection(to: cluster.addresses[Int(leader.rawValue)].client).ask(
                words, timeoutNanoseconds: .seconds(20))
            if case .error = answer { return false }
            return true
        }
        return answer
    }

    @Test("a write is read back, also after the leader's end")
    func failover() async throws {
        let (first, read, after, counted) = try await withCluster { cluster, leader in
            let first = try Self.ask(cluster, ["SET", "k", "v"])
            let read = try Self.ask(cluster, ["GET", "k"])
            try cluster.kill(Int(leader.rawValue))
            let down: Set<Int> = [Int(leader.rawValue)]
            return (
                first, read, try Self.ask(cluster, ["GET", "k"], down: down),
                try Self.ask(cluster, ["INCR", "n"], down: down)
            )
        }
        #expect(first == .ok)
        #expect(read == .bulk("v"))
        #expect(after == .bulk("v"))
        #expect(counted == .integer(1))
    }

    @Test("a follower sends clients to the leader's address")
    func redirect() async throws {
        let isRedirected = try await withCluster { cluster, _ in
            try becomesTrue {
                let leader = try cluster.waitUntilReady()
                let follower = (Int(leader.rawValue) + 1) % 3
                let answer = try ControlConnection(to: cluster.addresses[follower].client).ask(["SET", "k", "v"])
                let expected = "MOVED \(leader) \(cluster.addresses[Int(leader.rawValue)].client)"
                return answer == .error(Bytes(expected))
            }
        }
        #expect(isRedirected)
    }

    @Test("strangers on the peer port are shut out and harm nobody")
    func strangers() async throws {
        let (answer, ended) = try await withCluster { cluster, _ in
            let address = cluster.addresses[2].peer
            var openings: [[UInt8]] = [
                [0xFF, 0xFF, 0xFF, 0xFF], [0, 0, 0, 4], [65, 0, 0, 0], [4, 0, 0, 0, 1, 2, 3, 4], [0, 0, 0, 0],
                Array("GET / HTTP/1.1\r\n\r\n".utf8),
            ]
            for hello in [
                PeerHello(cluster: 12, node: NodeID(0), incarnation: 1),
                PeerHello(cluster: 11, node: NodeID(2), incarnation: 1),
                PeerHello(cluster: 11, node: NodeID(3), incarnation: 1),
                PeerHello(cluster: 11, node: NodeID(.max), incarnation: 1),
            ] { openings.append(Self.frame(hello.encoded())) }
            var ended = 0
            for opening in openings {
                let stranger = try RawClient(address)
                stranger.send(opening)
                try stranger.waitForEnd()
                ended += 1
            }
            return (try Self.ask(cluster, ["SET", "k", "v"]), ended == openings.count)
        }
        #expect(ended)
        #expect(answer == .ok)
    }

    @Test("one who greets like a peer and then sends nonsense is shut out, and the real peer comes back")
    func impostor() async throws {
        let answer = try await withCluster { cluster, _ in
            for nonsense: [UInt8] in [[0xFF, 0xFF, 0xFF, 0xFF], [3, 0, 0, 0, 0xFE, 0xFE, 0xFE], [0, 0, 0, 0]] {
                let impostor = try RawClient(cluster.addresses[2].peer)
                let hello = PeerHello(cluster: 11, node: NodeID(0), incarnation: 1)
                impostor.send(Self.frame(hello.encoded()) + nonsense)
                try impostor.waitForEnd()
            }
            return try Self.ask(cluster, ["SET", "k", "v"])
        }
        #expect(answer == .ok)
    }

    @Test("those who say nothing don't pile up")
    func silent() async throws {
        let (answer, isEnded) = try await withCluster { cluster, _ in
            let first = try RawClient(cluster.addresses[0].peer)
            let others = try (0..<NodeHost<RaftSystem.Node>.maximumStrangers).map { _ in
                try RawClient(cluster.addresses[0].peer)
            }
            try first.waitForEnd()
            return (try Self.ask(cluster, ["SET", "k", "v"]), others.count > 0)
        }
        #expect(answer == .ok)
        #expect(isEnded)
    }

    private static func frame(_ body: Bytes) -> [UInt8] {
        var writer = ByteWriter()
        writer.write(body)
        return writer.bytes().array
    }
}
