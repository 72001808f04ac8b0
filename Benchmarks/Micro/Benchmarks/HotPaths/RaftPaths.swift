import ByteCoding
import Consensus
import ProtocolKit

/// Three Raft nodes of the key-value store that hand each other their messages directly: no socket, no coding, no
/// clock, and a log that is durable at once. What is left is what the algorithm and the state machine cost.
private struct InMemoryCluster: ~Copyable {
    typealias Node = Raft<KeyValueStore>

    /// A message on its way.
    struct Envelope {
        var message: RaftMessage
        var from: NodeID
        var to: NodeID
    }

    /// A node, what waits for it, and what it has asked for.
    struct Server {
        var node: Node
        var effects = Effects<Node>()
        var inbox: [Envelope] = []
        var electionTimer: (timer: TimerID, at: UInt64)?
        var durable = Ticket.none

        mutating func step(_ input: Input<Node>, at now: Now) {
            node.step(input, at: now, effects: &effects)
        }

        /// A turn as the runtime's: step all that is at hand, then end the turn and say what is durable until nothing
        /// new comes of it.
        mutating func takeTurn(at now: Now, sending outbox: inout [Envelope], done: inout Int) {
            for envelope in inbox {
                node.step(.message(envelope.message, from: envelope.from), at: now, effects: &effects)
            }
            inbox.removeAll(keepingCapacity: true)
            node.step(.turnEnded, at: now, effects: &effects)
            while effects.lastTicket > durable {
                durable = effects.lastTicket
                node.step(.persisted(through: durable), at: now, effects: &effects)
                node.step(.turnEnded, at: now, effects: &effects)
            }
            for effect in effects.list { carryOut(effect, sending: &outbox, done: &done) }
            effects.removeAll()
        }

        /// Everything is durable by the end of the turn, so nothing is held back.
        private mutating func carryOut(_ effect: Effect<Node>, sending outbox: inout [Envelope], done: inout Int) {
            switch effect {
            case .send(let message, let peer, _):
                outbox.append(Envelope(message: message, from: node.id, to: peer))
            case .reply(.done, _, _): done += 1
            case .setTimer(let timer, let deadline): electionTimer = (timer, deadline)
            case .halt(let reason): fatalError("a node stopped: \(reason)")
            default: break
            }
        }
    }

    private var servers: [Server]
    private var outbox: [Envelope] = []
    private var time = UInt64(1_000_000_000)
    /// Writes that were answered with success.
    private(set) var done = 0

    private var now: Now { Now(monotonic: time, wall: 1_700_000_000_000_000_000 + time) }

    /// A cluster whose node 0 leads.
    init() {
        let members = (0..<3).map { NodeID($0) }
        servers = members.map { Server(node: Raft(id: $0, members: members)) }
        for position in servers.indices {
            let recovery = Recovery(incarnation: 1, seed: UInt64(position))
            servers[position].step(.start(recovery), at: now)
            servers[position].takeTurn(at: now, sending: &outbox, done: &done)
        }
        deliver()
        if let (timer, deadline) = servers[0].electionTimer {
            time = deadline
            servers[0].step(.timer(timer), at: now)
            servers[0].takeTurn(at: now, sending: &outbox, done: &done)
            deliver()
        }
        precondition(servers[0].node.status.isLeader, "node 0 should lead")
    }

    /// Lets messages travel until there are none.
    private mutating func deliver() {
        while !outbox.isEmpty {
            for envelope in outbox { servers[Int(envelope.to.rawValue)].inbox.append(envelope) }
            outbox.removeAll(keepingCapacity: true)
            time &+= 1_000
            for position in servers.indices where !servers[position].inbox.isEmpty {
                servers[position].takeTurn(at: now, sending: &outbox, done: &done)
            }
        }
    }

    /// Requests that reach the leader together, and everything that follows from them.
    mutating func write(_ requests: ArraySlice<KeyValueRequest>) {
        for request in requests {
            let token = RequestToken(connection: ConnectionID(1), sequence: 1)
            servers[0].step(.request(.content(request), token), at: now)
        }
        servers[0].takeTurn(at: now, sending: &outbox, done: &done)
        deliver()
    }
}

/// Writes of 256 bytes over 1,024 keys, replicated to and applied on three nodes; one counts when the leader answers.
struct RaftWriting: HotPath, ~Copyable {
    private var cluster = InMemoryCluster()
    private let requests: [KeyValueRequest]
    private let inFlight: Int

    init(inFlight: Int) {
        self.inFlight = inFlight
        requests = (0..<1_024).map { KeyValueRequest(.put(key: sampleKey($0), value: sampleValue(UInt64($0)))) }
    }

    mutating func run(_ count: Int) throws {
        let before = cluster.done
        var sent = 0
        while sent < count {
            let first = sent % requests.count
            let size = min(inFlight, count - sent, requests.count - first)
            cluster.write(requests[first..<first + size])
            sent += size
        }
        guard cluster.done - before == count else {
            throw WrongAnswer(what: "\(cluster.done - before) of \(count) writes were done")
        }
    }
}
