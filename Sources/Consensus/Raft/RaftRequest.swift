import ByteCoding
import ProtocolKit
import RESP

/// What clients ask of a Raft server: something of the state machine, or a change of the cluster.
@frozen
public enum RaftRequest<Content: ReplicatedRequest>: Sendable {
    /// A command or read of the replicated state machine.
    case content(Content)
    /// A change of the membership or of the leadership.
    case administration(RaftAdministration)
}

extension RaftRequest: RequestEnvelope {
    /// A request of the state machine.
    @inlinable
    public init(carrying content: Content) { self = .content(content) }

    /// Reads a command of the state machine, or one that begins with `RAFT.`.
    @inlinable
    public init(_ command: RESPCommand) throws(CommandError) {
        do {
            self = .content(try Content(command))
        } catch {
            guard case .unknownCommand = error else { throw error }
            self = .administration(try RaftAdministration(command))
        }
    }

    /// Appends the command.
    @inlinable
    public func encode(into writer: inout ByteWriter) {
        switch self {
        case .content(let content): content.encode(into: &writer)
        case .administration(let administration): administration.encode(into: &writer)
        }
    }
}

/// A change of the cluster that an operator asks the leader for. It is answered once it is done.
public enum RaftAdministration: Hashable, Sendable {
    /// Send the log to a node that has no part in the cluster so far (thesis, section 4.2.1).
    case addLearner(NodeID)
    /// Give a learner that has caught up a vote.
    case promote(NodeID)
    /// Take a voter or learner out of the cluster.
    case remove(NodeID)
    /// Make these the voters, in one change; former voters that aren't named leave.
    case setVoters([NodeID])
    /// Hand the leadership to a voter (thesis, section 3.10).
    case transfer(NodeID)
}

extension RaftAdministration: ClientRequest {
    /// Reads `RAFT.ADD-LEARNER node`, `RAFT.PROMOTE node`, `RAFT.REMOVE node`, `RAFT.VOTERS node ...` or
    /// `RAFT.TRANSFER node`.
    public init(_ command: RESPCommand) throws(CommandError) {
        func node(_ argument: Int) throws(CommandError) -> NodeID {
            guard let number = command.integer(argument), let node = UInt32(exactly: number) else {
                throw .notAnInteger(argument: "node")
            }
            return NodeID(node)
        }
        if command.matches("RAFT.VOTERS") {
            guard command.count > 1, command.count <= RaftLimits.members else {
                throw .wrongArguments(usage: "RAFT.VOTERS node ...")
            }
            var nodes: [NodeID] = []
            for argument in 1..<command.count { nodes.append(try node(argument)) }
            self = .setVoters(nodes)
            return
        }
        for name in Self.names where command.matches(name.word) {
            guard command.count == 2 else { throw .wrongArguments(usage: name.usage) }
            self = name.make(try node(1))
            return
        }
        throw .unknownCommand(command.text(0))
    }

    private static var names: [(word: StaticString, usage: StaticString, make: (NodeID) -> RaftAdministration)] {
        [
            ("RAFT.ADD-LEARNER", "RAFT.ADD-LEARNER node", RaftAdministration.addLearner),
            ("RAFT.PROMOTE", "RAFT.PROMOTE node", RaftAdministration.promote),
            ("RAFT.REMOVE", "RAFT.REMOVE node", RaftAdministration.remove),
            ("RAFT.TRANSFER", "RAFT.TRANSFER node", RaftAdministration.transfer),
        ]
    }

    /// Appends the command.
    public func encode(into writer: inout ByteWriter) {
        let (word, nodes): (StaticString, [NodeID]) =
            switch self {
            case .addLearner(let node): ("RAFT.ADD-LEARNER", [node])
            case .promote(let node): ("RAFT.PROMOTE", [node])
            case .remove(let node): ("RAFT.REMOVE", [node])
            case .setVoters(let nodes): ("RAFT.VOTERS", nodes)
            case .transfer(let node): ("RAFT.TRANSFER", [node])
            }
        writer.writeArrayHeader(1 + nodes.count)
        writer.writeBulk(literal: word)
        for node in nodes { writer.writeBulk(decimal: Int(node.rawValue)) }
    }
}
