import ByteCoding
import ProtocolKit
import Testing

@testable import Consensus

@Suite("A replica of registers, step by step")
struct ABDReplicaTests {
    private let newer = RegisterTag(sequence: 5, node: NodeID(2), incarnation: 1, counter: 9)

    @Test("a write takes a higher tag than any found, and is answered once a majority holds it durably")
    func write() throws {
        var replica = SteppedReplica()
        replica.request(.put(key: "k", value: "v"))
        let query = try #require(replica.query)
        replica.receive(RegisterAnswer.holding(query, newer, nil, [.durable]), from: 1)
        let request = try #require(replica.storing)
        let tag = try request.body.withUnsafeBytes { region in
            var reader = ByteReader(region)
            return try RegisterEntry(from: &reader).tag
        }
        #expect(tag == RegisterTag(sequence: 6, node: NodeID(0), incarnation: 1, counter: 1))
        replica.receive(.acknowledge(request.round), from: 2)
        #expect(replica.replies.isEmpty, "the own copy isn't durable")
        replica.persist()
        #expect(replica.replies == [.done])
    }

    @Test("a read answers with the newest value, written back first")
    func read() throws {
        var replica = SteppedReplica()
        replica.request(.get(key: "k"))
        let query = try #require(replica.query)
        replica.receive(RegisterAnswer.holding(query, newer, "new", [.durable, .value]), from: 2)
        #expect(replica.replies.isEmpty)
        let request = try #require(replica.storing)
        replica.receive(.acknowledge(request.round), from: 1)
        replica.receive(.acknowledge(request.round), from: 2)
        #expect(replica.replies == [.value("new")])
    }

    @Test("a register that was never written reads as absent")
    func absent() throws {
        var replica = SteppedReplica()
        replica.request(.get(key: "k"))
        replica.receive(RegisterAnswer.nothing(try #require(replica.query)), from: 2)
        #expect(replica.replies == [.absent])
    }

    @Test(
        "agreement in memory isn't agreement: a read in one phase writes back what isn't durable",
        arguments: [true, false])
    func onePhase(isDurable: Bool) throws {
        var replica = SteppedReplica(reads: .writeBackUnlessAgreed)
        var writer = ByteWriter()
        Bytes("k").withUnsafeBytes { key in
            Bytes("v").withUnsafeBytes { RegisterEntry.write(newer, key: key, value: $0, into: &writer) }
        }
        replica.receive(.store(RegisterStoreRequest(round: 1, count: 1, body: writer.bytes())), from: 2)
        replica.persist()
        replica.request(.get(key: "k"))
        let query = try #require(replica.query)
        replica.receive(RegisterAnswer.holding(query, newer, nil, isDurable ? [.durable] : []), from: 2)
        #expect(replica.replies == (isDurable ? [.value("v")] : []))
        #expect((replica.storing == nil) == isDurable)
    }

    @Test("a replica keeps the newer value and acknowledges once that is durable")
    func keepsNewer() throws {
        var replica = SteppedReplica(1)
        for tag in [newer, RegisterTag(sequence: 4, node: NodeID(0), incarnation: 1, counter: 1)] {
            var writer = ByteWriter()
            Bytes("k").withUnsafeBytes { key in
                RegisterEntry.write(tag, key: key, value: key, into: &writer)
            }
            replica.receive(.store(RegisterStoreRequest(round: tag.sequence, count: 1, body: writer.bytes())), from: 0)
            #expect(replica.sent(to: 0).map(\.after) == [Ticket(1)])
        }
        let position = try #require(
            Bytes("k").withUnsafeBytes { replica.replica.store.find($0, hash: stableHash($0)) })
        #expect(replica.replica.store.tag(at: position) == newer)
    }

    @Test("other operations than reads and writes are refused")
    func refuses() {
        var replica = SteppedReplica()
        for command in [KeyValueCommand.delete(key: "k"), .increment(key: "k", by: 1), .append(key: "k", value: "v")] {
            replica.request(command)
            #expect(replica.replies.first?.refusal != nil)
        }
    }

    @Test("what isn't answered is sent again, to those who haven't")
    func resends() throws {
        var replica = SteppedReplica()
        replica.request(.put(key: "k", value: "v"))
        let query = try #require(replica.query)
        replica.receive(RegisterAnswer.nothing(query), from: 1)
        let request = try #require(replica.storing)
        replica.receive(.acknowledge(request.round), from: 2)
        replica.nanoseconds += .seconds(1)
        replica.turn(.timer(RegisterTimer.resend))
        #expect(replica.storing == request)
        #expect(replica.sent(to: 2).isEmpty)
    }

    @Test(
        "an acknowledgement of a round of the former incarnation counts for nothing",
        arguments: [nil, RegisterMutation.staleAnswers])
    func staleAnswers(mutation: RegisterMutation?) throws {
        var before = SteppedReplica(mutation: mutation)
        before.request(.put(key: "k", value: "lost"))
        before.receive(RegisterAnswer.nothing(try #require(before.query)), from: 1)
        let late = RegisterMessage.acknowledge(try #require(before.storing).round)

        var after = SteppedReplica(incarnation: 2, mutation: mutation)
        after.request(.put(key: "k", value: "v"))
        after.receive(RegisterAnswer.nothing(try #require(after.query)), from: 1)
        after.persist()
        after.receive(late, from: 2)
        #expect(after.replies == (mutation == nil ? [] : [.done]))
    }
}

@Suite("Registers and lost disks")
struct ABDReplacementTests {
    private func query(_ key: Bytes) -> RegisterMessage {
        var writer = ByteWriter()
        writer.write(RegisterTag.zero)
        writer.write(key)
        return .query(RegisterQuery(round: 1, count: 1, body: writer.bytes()))
    }

    @Test(
        "a replica without its disk answers no query until it has everything from a majority",
        arguments: [nil, RegisterMutation.trustReplacement])
    func recovers(mutation: RegisterMutation?) throws {
        var replica = SteppedReplica(1, incarnation: 2, isReplacement: true, mutation: mutation)
        let requests = [0, 2].flatMap { peer in
            replica.sent(to: peer).compactMap {
                if case .transferRequest(let request) = $0.message { request } else { nil }
            }
        }
        replica.receive(query("k"), from: 0)
        #expect(replica.answers.isEmpty == (mutation == nil))
        guard mutation == nil else { return }

        #expect(requests.count == 2)
        var helper = SteppedReplica(0)
        helper.receive(.transferRequest(try #require(requests.first)), from: 1)
        let part = try #require(helper.sent(to: 1).first)
        #expect(part.after > .none, "what it knows of the lost disk is durable first")
        replica.receive(part.message, from: 0)
        replica.persist()
        replica.receive(query("k"), from: 0)
        #expect(replica.answers.isEmpty, "one other is no majority")
        replica.receive(part.message, from: 2)
        replica.persist()
        replica.receive(query("k"), from: 0)
        #expect(replica.answers.count == 1)
        #expect(replica.answers.first?.replacements.incarnation(at: 1) == 2)
    }

    @Test("a replica that crashes while it recovers goes on recovering")
    func recoversAgain() throws {
        let first = SteppedReplica(1, incarnation: 2, isReplacement: true)
        let states = first.effects.list.compactMap { effect -> Bytes? in
            if case .writeHardState(let state) = effect { state } else { nil }
        }
        let state = try #require(states.first as Bytes?)
        var second = SteppedReplica(1, incarnation: 3, hardState: state)
        #expect(second.replica.hardState.isRecovering)
        second.receive(query("k"), from: 0)
        #expect(second.answers.isEmpty)
    }

    @Test(
        "what a replica acknowledged before it lost its disk no longer counts",
        arguments: [nil, RegisterMutation.forgetReplacement])
    func forgets(mutation: RegisterMutation?) throws {
        var replica = SteppedReplica(mutation: mutation)
        replica.request(.put(key: "k", value: "v"))
        replica.receive(RegisterAnswer.nothing(try #require(replica.query)), from: 1)
        let request = try #require(replica.storing)
        replica.receive(.acknowledge(request.round), from: 1)
        replica.receive(
            .transferRequest(
                RegisterTransferRequest(replacedIn: 2, incarnation: 2, position: RegisterPosition(0, 0))), from: 1)
        replica.persist()
        #expect(replica.replies == (mutation == nil ? [] : [.done]))
        guard mutation == nil else { return }
        replica.receive(.acknowledge(request.round), from: 2)
        #expect(replica.replies == [.done])
    }
}
