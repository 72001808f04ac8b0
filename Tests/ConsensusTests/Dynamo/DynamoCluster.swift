import ByteCoding
import ProtocolKit
import Workload

@testable import Consensus

/// Dynamo nodes in one process, with a network whose messages arrive when the test says so. Disks are memory: what is
/// written is durable at the turn's end, unless the test holds it back.
final class DynamoCluster {
    struct Flight {
        var from: Int
        var to: Int
        var message: DynamoMessage
    }

    let options: DynamoOptions
    let members: [NodeID]
    var nodes: [Dynamo?] = []
    var flights: [Flight] = []
    var answers: [(token: RequestToken, response: DynamoResponse)] = []
    var ended: [ConnectionID] = []
    var logs: [[LogRecord]]
    var timers: [[TimerID: UInt64]]
    /// What each node's wall clock is ahead, in nanoseconds.
    var skew: [Int64]
    var nanoseconds = UInt64.seconds(1_000)
    private(set) var incarnations: [UInt64]
    private var tokens: UInt64 = 0
    private var cut: Set<[Int]> = []

    init(_ count: Int = 3, options: DynamoOptions = DynamoOptions()) {
        self.options = options
        members = (0..<UInt32(count)).map(NodeID.init)
        logs = Array(repeating: [], count: count)
        timers = Array(repeating: [:], count: count)
        skew = Array(repeating: 0, count: count)
        incarnations = Array(repeating: 0, count: count)
        nodes = Array(repeating: nil, count: count)
        for node in 0..<count { start(node) }
    }

    /// Starts a node that is down, with its log.
    func start(_ node: Int) {
        incarnations[node] += 1
        nodes[node] = Dynamo(id: members[node], members: members, options: options)
        timers[node] = [:]
        let recovery = Recovery(incarnation: incarnations[node], seed: 7 + UInt64(node), log: logs[node])
        turn(node, .start(recovery))
        for other in nodes.indices where other != node && nodes[other] != nil && !cut.contains([node, other]) {
            turn(node, .linkUp(members[other]))
            turn(other, .linkUp(members[node]))
        }
    }

    /// Stops a node; what is on its way to it is lost.
    func stop(_ node: Int) {
        nodes[node] = nil
        flights.removeAll { $0.to == node }
        for other in nodes.indices where nodes[other] != nil { turn(other, .linkDown(members[node])) }
    }

    /// Cuts two nodes off from each other, or joins them again.
    func setCut(_ a: Int, _ b: Int, _ isCut: Bool) {
        if isCut { cut.formUnion([[a, b], [b, a]]) } else { cut.subtract([[a, b], [b, a]]) }
        for (node, other) in [(a, b), (b, a)] where nodes[node] != nil {
            turn(node, isCut ? .linkDown(members[other]) : .linkUp(members[other]))
        }
        if isCut { flights.removeAll { [$0.from, $0.to] == [a, b] || [$0.from, $0.to] == [b, a] } }
    }

    var now: Now { Now(monotonic: nanoseconds, wall: nanoseconds) }

    /// Handles inputs as one turn, whose writes are durable at its end.
    func turn(_ node: Int, _ inputs: Input<Dynamo>...) {
        guard nodes[node] != nil else { return }
        let wall = UInt64(Int64(nanoseconds) + skew[node])
        let now = Now(monotonic: nanoseconds, wall: wall)
        var effects = Effects<Dynamo>()
        for input in inputs { nodes[node]!.step(input, at: now, effects: &effects) }
        nodes[node]!.step(.turnEnded, at: now, effects: &effects)
        perform(node, effects.list)
        effects.removeAll()
        nodes[node]!.step(.persisted(through: Ticket(.max)), at: now, effects: &effects)
        nodes[node]!.step(.turnEnded, at: now, effects: &effects)
        perform(node, effects.list)
    }

    private func perform(_ node: Int, _ list: [Effect<Dynamo>]) {
        for effect in list {
            switch effect {
            case .send(let message, let peer, _):
                let to = Int(peer.rawValue)
                if nodes[to] != nil, !cut.contains([node, to]) {
                    flights.append(Flight(from: node, to: to, message: message))
                }
            case .reply(let response, let token, _): answers.append((token, response))
            case .disconnect(let connection): ended.append(connection)
            case .append(let record): logs[node].append(record)
            case .setTimer(let timer, let time): timers[node][timer] = time
            default: break
            }
        }
    }

    /// Delivers a message that is on its way.
    func deliver(_ position: Int) {
        let flight = flights.remove(at: position)
        turn(flight.to, .message(flight.message, from: members[flight.from]))
    }

    /// Delivers everything, and what follows from it.
    func settle() {
        while !flights.isEmpty { deliver(0) }
    }

    /// Asks a node; the answer comes with the messages.
    func ask(_ request: DynamoRequest, at node: Int) -> RequestToken {
        tokens += 1
        let token = RequestToken(connection: ConnectionID(tokens), sequence: 0)
        turn(node, .request(request, token))
        return token
    }

    /// The answer to a request, if there is one.
    func answer(to token: RequestToken) -> DynamoResponse? {
        answers.last { $0.token == token }?.response
    }

    /// Asks a node and delivers everything.
    func call(_ request: DynamoRequest, at node: Int) -> DynamoResponse? {
        let token = ask(request, at: node)
        settle()
        return answer(to: token)
    }

    /// Lets time pass; due timers fire, and what follows is delivered.
    func wait(_ duration: UInt64) {
        let end = nanoseconds + duration
        while true {
            var next: (time: UInt64, node: Int, timer: TimerID)?
            for node in nodes.indices where nodes[node] != nil {
                for (timer, time) in timers[node] where time <= end {
                    if next == nil || (time, node, timer.rawValue) < (next!.time, next!.node, next!.timer.rawValue) {
                        next = (time, node, timer)
                    }
                }
            }
            guard let next else { break }
            timers[next.node][next.timer] = nil
            nanoseconds = max(nanoseconds, next.time)
            turn(next.node, .timer(next.timer))
            settle()
        }
        nanoseconds = end
    }

    /// What a node holds of a key in its store.
    func cell(_ key: Bytes, at node: Int) -> Cell? {
        nodes[node]?.store.cell(key, hash: KeyHash.hash(key))
    }

    /// The key's preference list.
    func preferences(_ key: Bytes) -> [Int] {
        let ring = PreferenceRing(members: members, replicas: options.replicas)
        let partition = PreferenceRing.partition(of: KeyHash.hash(key))
        return members.indices.map { ring.node(partition, rank: $0) }
    }
}

extension DynamoRequest {
    static func set(_ key: Bytes, _ value: Bytes) -> DynamoRequest { DynamoRequest(.put, key: key, value: value) }
    static func read(_ key: Bytes) -> DynamoRequest { DynamoRequest(.get, key: key) }
    static func remove(_ key: Bytes) -> DynamoRequest { DynamoRequest(.delete, key: key) }
}
