import ByteCoding
import Consensus
import Glibc
import ProtocolKit
import Testing
import Workload

@testable import LoopbackRuntime

@Suite("Order of answers")
struct AnswerOrderTests {
    /// Gives a connection its answers in an order, and returns the bytes to be written after each.
    private func outputs(count: Int, order: [Int]) async throws -> [Bytes] {
        let loop = try EventLoop(label: "test.connection")
        return try await onThread {
            var sockets: [Int32] = [0, 0]
            guard socketpair(AF_UNIX, Int32(SOCK_STREAM.rawValue), 0, &sockets) == 0 else {
                throw RuntimeError.socket(call: "socketpair", reason: Socket.reason())
            }
            defer { close(sockets[1]) }
            return try loop.queue.sync {
                let connection = ClientConnection<KeyValueResponse>(
                    id: ConnectionID(1), channel: try Channel(fd: sockets[0], loop: loop))
                for _ in 0..<count { _ = connection.beginRequest() }
                let outputs = order.map { place in
                    connection.answer(UInt64(place), .raw(Bytes("\(place);"))) { answer, writer in
                        if case .raw(let bytes) = answer { writer.write(raw: bytes) }
                    }
                    return connection.channel.outbound.bytes()
                }
                connection.channel.close()
                loop.stop()
                return outputs
            }
        }
    }

    @Test("answers leave in the order of the requests, as soon as they can", arguments: UInt64(1)...8)
    func shuffled(seed: UInt64) async throws {
        var generator = SeededGenerator(seed: seed)
        let count = 200
        var order = Array(0..<count)
        generator.shuffle(&order)
        let outputs = try await outputs(count: count, order: order)
        var answered = Set<Int>()
        for (place, output) in zip(order, outputs) {
            answered.insert(place)
            let due = (0..<count).prefix { answered.contains($0) }
            #expect(output == Bytes(due.map { "\($0);" }.joined()))
        }
    }

    @Test("a second answer and one to no request are ignored")
    func ignored() async throws {
        let outputs = try await outputs(count: 3, order: [0, 0, 2, 3, 99, 0, 1, 1, 2])
        #expect(outputs.last == "0;1;2;")
        #expect(outputs[5] == "0;")
    }

    @Test("held effects leave in the order they came, when their ticket is durable")
    func held() {
        typealias Node = Unreplicated<KeyValueStore>
        var held = HeldEffects<Node>()
        func hold(_ number: Int64, _ ticket: UInt64) {
            let token = RequestToken(connection: ConnectionID(1), sequence: UInt64(number))
            held.append(.reply(.integer(number), to: token, after: Ticket(ticket)), Ticket(ticket))
        }
        func pop(_ durable: UInt64) -> [Int64] {
            var popped: [Int64] = []
            while let effect = held.popDue(Ticket(durable)) {
                if case .reply(.integer(let number), _, _) = effect { popped.append(number) }
            }
            return popped
        }
        #expect(held.isEmpty)
        for (number, ticket) in [(1, 1), (2, 1), (3, 3), (4, 2), (5, 4)] { hold(Int64(number), UInt64(ticket)) }
        #expect(pop(0) == [])
        #expect(pop(1) == [1, 2])
        #expect(pop(2) == [], "one with a lower ticket behind one with a higher waits with it")
        #expect(pop(3) == [3, 4])
        #expect(!held.isEmpty)
        hold(6, 4)
        #expect(pop(9) == [5, 6])
        #expect(held.isEmpty)
        for number in 0..<10_000 { hold(Int64(number), UInt64(number + 10)) }
        #expect(pop(5_009) == (0..<5_000).map { Int64($0) })
        #expect(pop(.max) == (5_000..<10_000).map { Int64($0) })
    }
}
