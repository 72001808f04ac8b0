import ProtocolKit
import Workload

/// Draws faults from the seed (the name is Jepsen's).
@usableFromInline
struct Nemesis {
    private let rates: FaultRates
    private let isActive: [Bool]
    private let nodes: Int
    private let clients: Int
    private let jump: UInt64
    private var random: SeededGenerator

    init(rates: FaultRates, swarm: Bool, nodes: Int, clients: Int, clocks: ClockOptions, random: SeededGenerator) {
        self.rates = rates
        self.nodes = nodes
        self.clients = clients
        jump = clocks.jumpNanoseconds
        var random = random
        isActive = FaultRates.Kind.allCases.map { kind in
            let chosen = !swarm || random.chance(0.5)
            return chosen && rates[kind].interval > 0
        }
        self.random = random
    }

    /// Nanoseconds until the next strike of a kind, or nil when it never strikes.
    @usableFromInline
    mutating func pause(before kind: FaultRates.Kind) -> UInt64? {
        guard isActive[Int(kind.rawValue)] else { return nil }
        return 1 + UInt64(random.exponential(mean: Double(rates[kind].interval)))
    }

    /// One strike: what begins now, and what ends it after some nanoseconds.
    @usableFromInline
    mutating func strike(_ kind: FaultRates.Kind) -> (faults: [Fault], endings: [Fault], after: UInt64) {
        let duration = rates[kind].duration
        let length = duration.lowerBound + random.below(duration.upperBound - duration.lowerBound + 1)
        let node = NodeID(UInt32(random.below(nodes)))
        let other = NodeID(UInt32(random.below(nodes)))
        switch kind {
        case .crash: return ([.kill(node)], [.restart(node)], length)
        case .blackout:
            let all = (0..<UInt32(nodes)).map(NodeID.init)
            return (all.map(Fault.kill), all.map(Fault.restart), length)
        case .pause: return ([.pause(node)], [.resume(node)], length)
        case .partition: return ([partition()], [.heal], length)
        case .oneWay:
            guard nodes > 1 else { return ([], [], 0) }
            let others = (0..<UInt32(nodes)).map(NodeID.init).filter { $0 != node }
            let hearers = random.chance(0.5) ? others : [others[random.below(others.count)]]
            let fault: Fault =
                random.chance(0.5) ? .oneWay(from: [node], to: hearers) : .oneWay(from: hearers, to: [node])
            return ([fault], [.heal], length)
        case .slowLink:
            guard node != other else { return ([], [], 0) }
            let extra = 1 + random.below(UInt64.milliseconds(200))
            return (
                [.delay(from: node, to: other, nanoseconds: extra)], [.delay(from: node, to: other, nanoseconds: 0)],
                length
            )
        case .slowDisk:
            return ([.slowDisk(node, factor: 2 + random.below(100))], [.slowDisk(node, factor: 1)], length)
        case .disconnect: return ([.disconnect(client: random.below(clients), node)], [], 0)
        case .clockJump:
            let nanoseconds = Int64(random.below(2 * jump + 1)) - Int64(jump)
            return ([.clockJump(node, nanoseconds: nanoseconds)], [], 0)
        }
    }

    private mutating func partition() -> Fault {
        var order = (0..<UInt32(nodes)).map(NodeID.init)
        random.shuffle(&order)
        let side = order.prefix(1 + random.below(max(1, nodes / 2))).sorted()
        let with = (0..<clients).filter { _ in random.chance(0.5) }
        return .partition(side, clients: with)
    }
}
