import ByteCoding
import Consensus
import Glibc
import ProtocolKit
import RESP
import Testing

@testable import LoopbackRuntime

/// Runs a test's blocking part on a cluster of one node.
private func withNode<Value: Sendable>(
    durability: Durability = .memory, folder: String? = nil, cluster number: UInt64 = 1, maximumClients: Int = 100,
    _ body: @escaping @Sendable (SharedCluster<UnreplicatedSystem>) throws -> Value
) async throws -> Value {
    try await onThread {
        var configuration = NodeConfiguration(
            id: NodeID(0), members: [NodeID(0)], cluster: number, durability: durability,
            maximumClients: maximumClients)
        configuration.segmentBytes = 64 << 10
        let cluster = try SharedCluster(
            try UnreplicatedSystem(options: VariantOptions()), configuration: configuration, dataFolder: folder)
        defer { cluster.stop() }
        return try body(cluster)
    }
}

extension RESPValue {
    fileprivate var errorText: String? {
        if case .error(let text) = self { text.text } else { nil }
    }
}

@Suite("One node on sockets", .timeLimit(.minutes(1)))
struct SingleNodeTests {
    @Test("commands are answered as Redis would", arguments: [Durability.memory, .buffered, .synced])
    func commands(durability: Durability) async throws {
        let script: [(words: [String], answer: RESPValue)] = [
            (["PING"], .simple("PONG")), (["ping", "hello"], .bulk("hello")), (["GET", "k"], .null),
            (["SET", "k", "v"], .ok), (["GET", "k"], .bulk("v")), (["CAS", "k", "x", "y"], .integer(0)),
            (["CAS", "k", "v", "w"], .integer(1)), (["GET", "k"], .bulk("w")), (["SETNX", "k", "z"], .integer(0)),
            (["INCR", "n"], .integer(1)), (["INCRBY", "n", "41"], .integer(42)), (["DECR", "n"], .integer(41)),
            (["INCR", "k"], .error("ERR value is not an integer or out of range")),
            (["APPEND", "k", "!"], .integer(2)),
            (["DEL", "k"], .integer(1)), (["DEL", "k"], .integer(0)), (["GET", "k"], .null),
            (["COMMAND", "DOCS"], .array([])), (["CLIENT", "SETINFO", "x", "y"], .ok),
            (["NOSUCH"], .error("ERR unknown command 'NOSUCH'")),
            (["GET"], .error("ERR wrong number of arguments: GET key")),
        ]
        let folder = TemporaryFolder()
        let words = script.map(\.words)
        let answers = try await withNode(durability: durability, folder: folder.path) { cluster in
            let connection = try ControlConnection(to: cluster.addresses[0].client)
            return try words.map { try connection.ask($0, timeoutNanoseconds: .seconds(20)) }
        }
        for (step, answer) in zip(script, answers) { #expect(answer == step.answer, "\(step.words)") }
        withExtendedLifetime(folder) {}
    }

    @Test("a pipeline cut into odd pieces is answered in order", arguments: [1, 2, 3, 7, 64, 1000])
    func pieces(size: Int) async throws {
        var writer = ByteWriter()
        var expected: [RESPValue] = []
        for number in 1...60 {
            writer.writeArrayHeader(3)
            for word in ["SET", "k", "value \(number)\r\n"] { writer.writeBulk(Bytes(word)) }
            writer.write(literal: "INCR n\r\n")
            writer.writeArrayHeader(2)
            for word in ["ECHO", "\(number)"] { writer.writeBulk(Bytes(word)) }
            writer.write(literal: "PING\n\r\n")
            expected += [.ok, .integer(Int64(number)), .bulk(Bytes("\(number)")), .simple("PONG")]
        }
        let bytes = writer.bytes().array
        let count = expected.count
        let folder = TemporaryFolder()
        let answers = try await withNode(durability: .memory, folder: folder.path) { cluster in
            let client = try RawClient(cluster.addresses[0].client)
            for start in stride(from: 0, to: bytes.count, by: size) {
                client.send(Array(bytes[start..<min(start + size, bytes.count)]))
            }
            var answers = try (0..<count).map { _ in try client.answer() }
            client.send("GET k\r\n")
            answers.append(try client.answer())
            return answers
        }
        #expect(answers == expected + [.bulk("value 60\r\n")])
    }

    @Test(
        "malformed bytes get an error and end the connection, and the others live on",
        arguments: [
            "*1\r\n:1\r\n", "*x\r\n", "*99999999\r\n", "*1\r\n$99999999\r\n", "*2\r\n$3\r\nGET\r\n$-1\r\n",
            "*1\r\n$4\r\nPINGxx",
        ])
    func malformed(text: String) async throws {
        let (first, error, isEnded, other) = try await withNode { cluster in
            let neighbour = try ControlConnection(to: cluster.addresses[0].client)
            _ = try neighbour.ask(["SET", "k", "v"])
            let client = try RawClient(cluster.addresses[0].client)
            client.send("PING\r\n" + text)
            let first = try client.answer()
            let error = try client.answer()
            let isEnded = try client.answer() == nil
            return (first, error, isEnded, try neighbour.ask(["GET", "k"]))
        }
        #expect(first == .simple("PONG"))
        #expect(error?.errorText?.hasPrefix("ERR Protocol error") == true)
        #expect(isEnded)
        #expect(other == .bulk("v"))
    }

    @Test("an inline command without an end is refused, not gathered forever")
    func endless() async throws {
        let (error, isEnded) = try await withNode { cluster in
            let client = try RawClient(cluster.addresses[0].client)
            client.send([UInt8](repeating: 0x78, count: 100_000))
            return (try client.answer(), try client.answer() == nil)
        }
        #expect(error?.errorText?.contains("inline command") == true)
        #expect(isEnded)
    }

    @Test("a client that leaves in the middle of a request is forgotten")
    func disconnect() async throws {
        let (answer, areForgotten) = try await withNode { cluster in
            let address = cluster.addresses[0].client
            for _ in 0..<5 {
                let client = try RawClient(address)
                client.send("*3\r\n$3\r\nSET\r\n$1\r\nk\r\n$10\r\nhalf")
            }
            for _ in 0..<5 {
                let client = try RawClient(address)
                for _ in 0..<50 { client.send("*2\r\n$4\r\nINCR\r\n$1\r\nn\r\n") }
            }
            let connection = try ControlConnection(to: address)
            let areForgotten = try becomesTrue { try connection.info()["connected_clients"] == "1" }
            return (try connection.ask(["GET", "k"]), areForgotten)
        }
        #expect(answer == .null)
        #expect(areForgotten)
    }

    @Test("quitting ends the connection after the answers before it")
    func quit() async throws {
        let answers = try await withNode { cluster in
            let client = try RawClient(cluster.addresses[0].client)
            client.send("SET k v\r\nQUIT\r\nGET k\r\n")
            return [try client.answer(), try client.answer(), try client.answer()]
        }
        #expect(answers == [.ok, .ok, nil])
    }

    @Test("more clients than allowed are told so and shut out")
    func maximumClients() async throws {
        let (error, isEnded, other, later) = try await withNode(maximumClients: 1) { cluster in
            let address = cluster.addresses[0].client
            var only: ControlConnection? = try ControlConnection(to: address)
            _ = try only?.ask(["PING"])
            let second = try RawClient(address)
            let error = try second.answer()
            let isEnded = try second.answer() == nil
            let other = try only?.ask(["PING"])
            only = nil
            let isLetIn = try becomesTrue {
                let third = try RawClient(address)
                third.send("PING\r\n")
                return try third.answer() == .simple("PONG")
            }
            return (error, isEnded, other, isLetIn)
        }
        #expect(error?.errorText?.contains("max number of clients") == true)
        #expect(isEnded)
        #expect(other == .simple("PONG"))
        #expect(later)
    }

    @Test("a client that doesn't read its answers holds up itself only")
    func slowReader() async throws {
        let (count, other) = try await withNode { cluster in
            let neighbour = try ControlConnection(to: cluster.addresses[0].client)
            let value = String(repeating: "x", count: 100_000)
            _ = try neighbour.ask(["SET", "k", value])
            let client = try RawClient(cluster.addresses[0].client)
            for _ in 0..<300 { client.send("GET k\r\n") }
            let other = try neighbour.ask(["INCR", "n"])
            var count = 0
            for _ in 0..<300 where try client.answer() == .bulk(Bytes(value)) { count += 1 }
            return (count, other)
        }
        #expect(other == .integer(1))
        #expect(count == 300)
    }

    @Test("INFO tells who the node is and what it has done")
    func info() async throws {
        let folder = TemporaryFolder()
        let facts = try await withNode(durability: .synced, folder: folder.path) { cluster in
            let connection = try ControlConnection(to: cluster.addresses[0].client)
            for _ in 0..<5 { _ = try connection.ask(["INCR", "n"]) }
            return try connection.info()
        }
        #expect(facts["node"] == "0")
        #expect(facts["cluster"] == "1")
        #expect(facts["durability"] == "synced")
        #expect(facts["is_leader"] == "1")
        #expect(facts["connected_clients"] == "1")
        #expect(facts["requests"] == "6")
        #expect(facts["last_applied"] == "5")
        for name in ["log_writes", "log_syncs", "log_bytes", "process_peak_bytes", "client_bytes"] {
            #expect((facts[name].flatMap { UInt64($0) } ?? 0) > 0, "\(name)")
        }
    }

    @Test("what was answered is there after a restart", arguments: [Durability.buffered, .synced])
    func restart(durability: Durability) async throws {
        let folder = TemporaryFolder()
        let answers = try await withNode(durability: durability, folder: folder.path) { cluster in
            _ = try ControlConnection(to: cluster.addresses[0].client).ask(["SET", "k", "v"])
            var answers: [RESPValue] = []
            for _ in 0..<3 {
                try cluster.kill(0)
                try cluster.restart(0)
                let connection = try ControlConnection(to: cluster.addresses[0].client)
                answers.append(try connection.ask(["GET", "k"]))
                answers.append(try connection.ask(["INCR", "n"]))
            }
            return answers
        }
        #expect(answers == [.bulk("v"), .integer(1), .bulk("v"), .integer(2), .bulk("v"), .integer(3)])
    }

    @Test("another cluster's folder is refused")
    func foreign() async throws {
        let folder = TemporaryFolder()
        try await withNode(durability: .buffered, folder: folder.path) { _ in }
        let error = await #expect(throws: RuntimeError.self) {
            try await withNode(durability: .buffered, folder: folder.path, cluster: 2) { _ in }
        }
        guard case .foreignData? = error else {
            Issue.record("\(String(describing: error))")
            return
        }
    }

    @Test("a port in use is an error that names the address")
    func portInUse() async throws {
        let (fd, address) = try Socket.listen(on: .anyLoopback)
        defer { close(fd) }
        for isClientPort in [true, false] {
            var configuration = NodeConfiguration(
                id: NodeID(0), members: [NodeID(0)], cluster: 1, durability: .memory)
            if isClientPort { configuration.clientAddress = address } else { configuration.peerAddress = address }
            let error = #expect(throws: RuntimeError.self) {
                _ = try SharedCluster(
                    try UnreplicatedSystem(options: VariantOptions()), configuration: configuration, dataFolder: nil)
            }
            guard case .cannotListen(address.description, _)? = error else {
                Issue.record("\(String(describing: error))")
                return
            }
        }
    }

    @Test("asking where nobody listens is an error")
    func nobody() async throws {
        let (fd, address) = try Socket.listen(on: .anyLoopback)
        close(fd)
        await #expect(throws: RuntimeError.self) { try await onThread { _ = try ControlConnection(to: address) } }
    }
}
