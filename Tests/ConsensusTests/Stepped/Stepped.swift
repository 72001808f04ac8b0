import ByteCoding
import ProtocolKit

@testable import Consensus

/// One node driven by hand, input by input, with a disk that remembers what was synced.
struct Stepped<Node: ProtocolNode> {
    /// A message that the node wants to have sent once a ticket is durable.
    struct Outgoing {
        let message: Node.Message
        let peer: NodeID
        let ticket: Ticket
    }

    var node: Node
    /// What the last turn wanted done.
    var effects = Effects<Node>()
    /// Every message since they were last taken away.
    var outbox: [Outgoing] = []
    /// Parts of its snapshot that the node wants to read.
    var reads: [(transfer: UInt64, offset: UInt64, maximumBytes: Int)] = []
    var nanoseconds = UInt64.seconds(1)
    var disk: SteppedDisk
    private(set) var durable = Ticket.none
    let incarnation: UInt64
    private let make: () -> Node

    /// A node, started with this on its disk.
    init(
        incarnation: UInt64 = 1, disk: SteppedDisk = SteppedDisk(), isReplacement: Bool = false,
        make: @escaping () -> Node
    ) {
        self.incarnation = incarnation
        self.disk = disk
        self.make = make
        node = make()
        turn(.start(disk.recovery(incarnation: incarnation, isReplacement: isReplacement)))
    }

    /// The node after a crash, which takes what wasn't synced or the whole disk, and a restart.
    func restarted(losingDisk: Bool = false) -> Stepped {
        var node = Stepped(
            incarnation: incarnation + 1, disk: losingDisk ? SteppedDisk() : disk.afterCrash,
            isReplacement: losingDisk, make: make)
        node.nanoseconds = nanoseconds
        return node
    }

    var now: Now { Now(monotonic: nanoseconds, wall: nanoseconds) }

    /// Handles inputs as one turn, keeping all their effects and dropping those of the turn before.
    mutating func turn(_ inputs: Input<Node>...) {
        effects.removeAll()
        for input in inputs { node.step(input, at: now, effects: &effects) }
        node.step(.turnEnded, at: now, effects: &effects)
        disk.take(effects.list)
        for effect in effects.list {
            switch effect {
            case .send(let message, let peer, let ticket):
                outbox.append(Outgoing(message: message, peer: peer, ticket: ticket))
            case .readSnapshot(let transfer, let offset, let maximumBytes):
                reads.append((transfer, offset, maximumBytes))
            default: break
            }
        }
    }

    /// Everything written so far is durable.
    mutating func persist() {
        disk.sync()
        durable = effects.lastTicket
        turn(.persisted(through: durable))
    }

    /// Whether it has written what isn't durable.
    var isUnsynced: Bool { durable < effects.lastTicket }

    /// Gives the node the next part of its snapshot that it wants to read.
    mutating func readSnapshot() {
        let read = reads.removeFirst()
        guard let part = disk.part(offset: read.offset, maximumBytes: read.maximumBytes, transfer: read.transfer)
        else { return }
        turn(.snapshotRead(part))
    }

    mutating func receive(_ message: Node.Message, from: UInt32) {
        turn(.message(message, from: NodeID(from)))
    }

    mutating func wait(_ duration: UInt64) { nanoseconds += duration }

    /// What the last turn sent to a node, and after which ticket it leaves.
    func sent(to peer: UInt32) -> [(message: Node.Message, after: Ticket)] {
        effects.list.compactMap { effect in
            guard case .send(let message, NodeID(peer), let ticket) = effect else { return nil }
            return (message, ticket)
        }
    }

    /// The last message of the last turn to a node.
    func said(to peer: UInt32) -> Node.Message? { sent(to: peer).last?.message }

    /// The records that the last turn wrote.
    var appended: [LogRecord] {
        effects.list.compactMap { if case .append(let record) = $0 { record } else { nil } }
    }

    /// The hard states that the last turn wrote.
    var hardStates: [Bytes] {
        effects.list.compactMap { if case .writeHardState(let state) = $0 { state } else { nil } }
    }

    /// The connections that the last turn ended.
    var disconnected: [ConnectionID] {
        effects.list.compactMap { if case .disconnect(let connection) = $0 { connection } else { nil } }
    }

    /// Why the last turn halted the node.
    var halts: [String] {
        effects.list.compactMap { if case .halt(let reason) = $0 { reason } else { nil } }
    }
}

extension Stepped where Node.Request == KeyValueRequest, Node.Response == KeyValueResponse {
    static func request(_ command: KeyValueCommand, _ sequence: UInt64 = 0) -> Input<Node> {
        .request(KeyValueRequest(command), RequestToken(connection: ConnectionID(1), sequence: sequence))
    }

    mutating func request(_ command: KeyValueCommand, _ sequence: UInt64 = 0) {
        turn(Self.request(command, sequence))
    }

    /// The last turn's answers to clients.
    var replies: [KeyValueResponse] {
        effects.list.compactMap { if case .reply(let response, _, _) = $0 { response } else { nil } }
    }
}
