import ByteCoding
import ProtocolKit
import Testing

@testable import Consensus

@Suite("Dynamo's client")
struct DynamoClientTests {
    private struct Stepped {
        var client: DynamoClient
        var effects = ClientEffects<DynamoClient>()
        var nanoseconds = UInt64.seconds(1)
        let ring: PreferenceRing
        static let timeout = UInt64.milliseconds(500)

        init(
            number: Int = 0, nodes: Int = 5, _ conflicts: DynamoConflicts = .lastWriterWins,
            routing: DynamoRouting = .client
        ) {
            var options = DynamoOptions()
            options.conflicts = conflicts
            let members = (0..<UInt32(nodes)).map(NodeID.init)
            client = DynamoClient(
                number: number, members: members, preferred: members[number % nodes], timeoutNanoseconds: Self.timeout,
                options: options, routing: routing)
            ring = PreferenceRing(members: members, replicas: 3)
        }

        mutating func step(_ input: ClientInput<DynamoClient>) {
            effects.removeAll()
            client.step(input, at: Now(monotonic: nanoseconds, wall: nanoseconds), effects: &effects)
        }

        mutating func invoke(_ number: UInt64, _ command: KeyValueCommand) {
            step(.invoke(OperationID(number), command))
        }

        var requests: [(request: DynamoRequest, id: RequestID, node: NodeID)] {
            effects.list.compactMap {
                if case .request(let request, let id, let node) = $0 { (request, id, node) } else { nil }
            }
        }

        var completions: [(OperationID, String)] {
            effects.list.compactMap {
                if case .complete(let operation, let completion) = $0 { (operation, "\(completion)") } else { nil }
            }
        }

        func isReplica(_ node: NodeID, of key: Bytes) -> Bool {
            ring.isReplica(Int(node.rawValue), of: PreferenceRing.partition(of: KeyHash.hash(key)))
        }
    }

    @Test("it asks a replica of the key, clients spread over them, or its own node where the nodes route")
    func routing() throws {
        var asked: Set<NodeID> = []
        for number in 0..<5 {
            var client = Stepped(number: number)
            for key in 0..<50 {
                client.invoke(UInt64(key), .get(key: Bytes("k\(key)")))
                let node = try #require(client.requests.first).node
                #expect(client.isReplica(node, of: Bytes("k\(key)")))
                asked.insert(node)
            }
            var plain = Stepped(number: number, routing: .server)
            plain.invoke(1, .get(key: "k"))
            #expect(plain.requests.first?.node == NodeID(UInt32(number)))
        }
        #expect(asked.count == 5)
    }

    @Test("it gives back what it has seen of a key with its next write, joined where answers come out of order")
    func contexts() throws {
        var client = Stepped(.versionVectors)
        client.invoke(1, .put(key: "k", value: "a"))
        #expect(try #require(client.requests.first).request == DynamoRequest(.put, key: "k", value: "a", context: ""))
        var (first, second) = (VersionVector(), VersionVector())
        first.insert(Dot(actor: 1, counter: 4))
        second.insert(Dot(actor: 2, counter: 3))
        let write = try #require(client.requests.first)
        client.step(.response(.versions(context: first.encoded(), values: []), to: write.id, from: write.node))
        #expect(client.completions.map(\.1) == ["answered(ProtocolKit.KeyValueResponse.done)"])
        client.invoke(2, .get(key: "k"))
        let read = try #require(client.requests.first)
        client.step(
            .response(.versions(context: second.encoded(), values: ["new", "old"]), to: read.id, from: read.node))
        #expect(client.completions.map(\.1) == ["answered(ProtocolKit.KeyValueResponse.value(new))"])
        client.invoke(3, .put(key: "k", value: "b"))
        var joined = first
        joined.join(second)
        #expect(client.requests.first?.request.context == joined.encoded())
        client.invoke(4, .put(key: "j", value: "b"))
        #expect(client.requests.first?.request.context == "")
    }

    @Test("a read whose connection ends is asked elsewhere, a write is not: it may have been made")
    func disconnected() throws {
        var client = Stepped()
        client.invoke(1, .get(key: "k"))
        let node = try #require(client.requests.first).node
        client.invoke(2, .put(key: "k", value: "v"))
        #expect(client.requests.first?.node == node)
        client.step(.disconnected(node))
        #expect(client.completions.map(\.0) == [OperationID(2)])
        #expect(client.completions.first?.1.hasPrefix("indeterminate") == true)
        client.step(.timer(TimerID(2)))
        let again = try #require(client.requests.first)
        #expect(again.node != node)
        client.step(.response(.value("v"), to: again.id, from: again.node))
        #expect(client.completions.map(\.0) == [OperationID(1)])
    }

    @Test("a write that was never sent, or refused for want of a quorum, is asked elsewhere")
    func unreachable() throws {
        var client = Stepped()
        client.invoke(1, .put(key: "k", value: "v"))
        let first = try #require(client.requests.first).node
        client.step(.unreachable(first))
        #expect(client.completions.isEmpty)
        client.step(.timer(TimerID(2)))
        let second = try #require(client.requests.first)
        #expect(second.node != first)
        client.step(.response(.refused(.noLeader), to: second.id, from: second.node))
        client.step(.timer(TimerID(2)))
        #expect(try #require(client.requests.first).node != second.node)
    }

    @Test("an operation past its time ends: a read without effect, a write of which nobody knows")
    func timeout() {
        var client = Stepped()
        client.invoke(1, .get(key: "k"))
        client.invoke(2, .put(key: "k", value: "v"))
        client.invoke(3, .increment(key: "k", by: 1))
        #expect(client.completions.map(\.1) == ["failed(ProtocolKit.OperationError.rejected)"])
        client.nanoseconds += Stepped.timeout
        client.step(.timer(TimerID(1)))
        #expect(client.completions.map { $0.1.prefix(6) } == ["failed", "indete"])
    }
}
