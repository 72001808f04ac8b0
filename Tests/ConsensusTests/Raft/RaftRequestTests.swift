import ByteCoding
import ProtocolKit
import RESP
import Testing

@testable import Consensus

@Suite("Raft's requests")
struct RaftRequestTests {
    private func parse(_ words: [String]) throws -> RaftRequest<KeyValueRequest> {
        var writer = ByteWriter()
        writer.writeArrayHeader(words.count)
        for word in words { writer.writeBulk(Bytes(word)) }
        let parser = RESPCommandParser()
        guard case .command(let command, _) = try parser.parse(writer.readable) else {
            throw CommandError.unknownCommand("nothing")
        }
        return try RaftRequest(command)
    }

    @Test(
        "every administrative command is read, in either case, and written as it is read",
        arguments: [
            (["RAFT.ADD-LEARNER", "3"], RaftAdministration.addLearner(NodeID(3))),
            (["raft.promote", "3"], .promote(NodeID(3))), (["Raft.Remove", "0"], .remove(NodeID(0))),
            (["RAFT.VOTERS", "0", "2", "4"], .setVoters([NodeID(0), NodeID(2), NodeID(4)])),
            (["RAFT.TRANSFER", "2"], .transfer(NodeID(2))),
        ])
    func administration(words: [String], expected: RaftAdministration) throws {
        guard case .administration(let request) = try parse(words) else {
            Issue.record("not an administrative request")
            return
        }
        #expect(request == expected)
        var writer = ByteWriter()
        request.encode(into: &writer)
        #expect(writer.bytes().text.contains(words[0].uppercased()))
    }

    @Test("the state machine's commands pass, and its errors too")
    func content() throws {
        guard case .content(let request) = try parse(["SET", "k", "v"]) else {
            Issue.record("not a command")
            return
        }
        #expect(request == KeyValueRequest(.put(key: "k", value: "v")))
        #expect(throws: CommandError.wrongArguments(usage: "SET key value")) { try parse(["SET", "k"]) }
    }

    @Test(
        "nonsense is refused with what would be right",
        arguments: [
            (["RAFT.REMOVE"], "wrong number of arguments: RAFT.REMOVE node"),
            (["RAFT.VOTERS"], "wrong number of arguments: RAFT.VOTERS node ..."),
            (["RAFT.REMOVE", "x"], "node is not an integer or out of range"),
            (["RAFT.REMOVE", "-1"], "node is not an integer or out of range"),
            (["RAFT.DANCE", "1"], "unknown command 'RAFT.DANCE'"),
        ])
    func nonsense(words: [String], message: String) throws {
        let error = try #require(throws: CommandError.self) { try parse(words) }
        #expect(error.description == message)
    }
}
