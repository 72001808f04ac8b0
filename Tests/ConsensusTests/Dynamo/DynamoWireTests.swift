import ByteCoding
import ProtocolKit
import RESP
import Testing
import Workload

@testable import Consensus

@Suite("Dynamo messages on the wire")
struct DynamoWireTests {
    private static let version = Version(
        wall: 99, dot: Dot(actor: Dot.actor(node: NodeID(2), incarnation: 5), counter: 7))
    private static let siblings: Cell = {
        var set = SiblingSet()
        set.put("a", as: version, seen: VersionVector())
        let dot = Dot(actor: Dot.actor(node: NodeID(1), incarnation: 3, generation: 4), counter: 9)
        set.put("b", as: Version(wall: 98, dot: dot), seen: VersionVector())
        return .siblings(set)
    }()

    private static func record(_ cell: Cell) -> VersionedRecord {
        VersionedRecord(key: "key", hash: KeyHash.hash("key"), cell: cell)
    }

    static let messages: [DynamoMessage] = [
        DynamoMessage([]),
        DynamoMessage([
            .write(1 << 40, hintFor: nil, record(.register(version, "value"))), .written(3),
            .write(1 << 40, hintFor: 4, record(.register(version, nil))),
        ]),
        DynamoMessage([
            .read(4, key: "key", digest: 9), .readSame(4), .readAnswer(4, nil), .readAnswer(4, siblings),
            .readAnswer(4, .register(version, "")),
        ]),
        DynamoMessage([
            .forward(1, incarnation: 2, number: 3, DynamoRequest(.put, key: "k", value: "v", context: "c")),
            .forward(1, incarnation: 2, number: 4, DynamoRequest(.get, key: "k")), .forwardAnswer(1, .done),
            .forwardAnswer(1, .value("v")), .forwardAnswer(1, .absent), .forwardAnswer(1, .integer(-1)),
            .forwardAnswer(1, .versions(context: "c", values: ["a", "b"])),
            .forwardAnswer(1, .refused(.overloaded)), .forwardAnswer(1, .refused(.noLeader)),
            .forwardAnswer(1, .refused(.rejected("why"))),
        ]),
        DynamoMessage([
            .repair(record(siblings)), .handoff(record(siblings), revision: 8), .handedOff(key: "k", revision: 8),
        ]),
        DynamoMessage([
            .ranges(HashRange.all.children.map { RangeDigest(range: $0, digest: 5, count: 6) }),
            .keys(HashRange(depth: 8, prefix: 0xAB << 56), [KeyDigest(hash: 1, digest: 2)]), .want([1, 2, 3]),
        ]),
    ]

    @Test("every message comes back as it was", arguments: messages)
    func roundTrip(message: DynamoMessage) throws {
        #expect(try DynamoMessage(decoding: message.encoded()) == message)
    }

    @Test("a message that is cut anywhere, or has more after it, is refused", arguments: messages)
    func truncated(message: DynamoMessage) {
        let bytes = message.encoded()
        for count in 0..<bytes.count {
            #expect(throws: WireError.self) { try DynamoMessage(decoding: bytes[0..<count]) }
        }
        #expect(throws: WireError.trailingBytes(1)) { try DynamoMessage(decoding: Bytes(bytes.array + [0])) }
    }

    @Test("random and damaged bytes are refused or understood, and a node survives what is understood")
    func random() {
        var random = SeededGenerator(seed: 11)
        for conflicts in DynamoConflicts.allCases {
            var options = DynamoOptions()
            options.conflicts = conflicts
            let cluster = DynamoCluster(5, options: options)
            var understood = 0
            for round in 0..<6_000 {
                var bytes: [UInt8]
                if round % 4 == 0 {
                    bytes = (0..<random.below(80)).map { _ in UInt8(truncatingIfNeeded: random.next()) }
                } else {
                    bytes = Self.messages[random.below(Self.messages.count)].encoded().array
                    for _ in 0...random.below(3) {
                        bytes[random.below(bytes.count)] = UInt8(truncatingIfNeeded: random.next())
                    }
                }
                guard let message = try? DynamoMessage(decoding: Bytes(bytes)) else { continue }
                understood += 1
                cluster.turn(random.below(5), .message(message, from: NodeID(UInt32(random.below(7)))))
                if cluster.flights.count > 50 { cluster.flights.removeAll() }
                if round % 100 == 0 { cluster.wait(.milliseconds(500)) }
            }
            #expect(understood > 500)
            cluster.settle()
            #expect(cluster.call(.set("fine", "still"), at: 0) != nil)
        }
    }

    @Test(
        "a request comes back from its RESP form",
        arguments: [
            DynamoRequest(.get, key: "k"), DynamoRequest(.put, key: "k", value: "v"), DynamoRequest(.delete, key: "k"),
            DynamoRequest(.get, key: "k", context: ""), DynamoRequest(.put, key: "k", value: "v", context: ""),
            DynamoRequest(.put, key: "k", value: "", context: "\r\n"), DynamoRequest(.delete, key: "", context: "c"),
        ])
    func requests(request: DynamoRequest) throws {
        var writer = ByteWriter()
        request.encode(into: &writer)
        guard case .command(let command, writer.count) = try RESPCommandParser().parse(writer.readable) else {
            Issue.record("not one command")
            return
        }
        #expect(try DynamoRequest(command) == request)
    }

    @Test("a context that no node has given out is refused, and changes nothing")
    func foreignContext() {
        var options = DynamoOptions()
        options.conflicts = .versionVectors
        let cluster = DynamoCluster(3, options: options)
        let forged = DynamoRequest(.put, key: "k", value: "v", context: "not a context")
        #expect(cluster.call(forged, at: 0)?.refusal != nil)
        var vector = VersionVector()
        vector.insert(Dot(actor: Dot.actor(node: NodeID(0), incarnation: 1), counter: DynamoLimits.number))
        let greedy = DynamoRequest(.put, key: "k", value: "v", context: vector.encoded())
        #expect(cluster.call(greedy, at: 0)?.refusal != nil)
        #expect(cluster.call(.read("k"), at: 1) == .absent)
        #expect(cluster.call(.set("k", "w"), at: 0) == .done)
        #expect(cluster.call(.read("k"), at: 1) == .value("w"))
        // Another node can't know that this one has written no such version; its next write is kept all the same.
        #expect(cluster.call(greedy, at: 1)?.refusal == nil)
        let context = vector.encoded()
        #expect(cluster.call(DynamoRequest(.put, key: "k", value: "x", context: ""), at: 0)?.refusal == nil)
        guard case .versions(_, let values)? = cluster.call(DynamoRequest(.get, key: "k", context: context), at: 2)
        else {
            Issue.record("no versions")
            return
        }
        #expect(values.contains("x"))
    }
}
