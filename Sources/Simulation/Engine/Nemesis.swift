import ProtocolKit
import Workload

/// What a strike of the nemesis does.
@usableFromInline
struct Strike {
    /// What happens at once.
    var faults: [Fault] = []
    /// What ends it, after ``nanoseconds``.
    var endings: [Fault] = []
    /// How long it lasts.
    var nanoseconds = UInt64(0)
    /// What happens while the node next syncs, in place of ``faults``.
    var duringSync: Fault?
}

/// Draws faults from the seed (the name is Jepsen's).
@usableFromInline
struct Nemesis {
    private let rates: FaultRates
    private let world: FaultWorld
    private let clients: Int
    private let jump: UInt64
    private var random: SeededGenerator
    /// Nodes that may lose what they had promised to remember; never more than the system tolerates.
    private var victims: [NodeID] = []

    init(rates: FaultRates, world: FaultWorld, clients: Int, clocks: ClockOptions, random: SeededGenerator) {
        self.rates = rates
        self.world = world
        self.clients = clients
        jump = clocks.jumpNanoseconds
        self.random = random
    }

    /// Nanoseconds until the next strike of a kind, or nil when it never strikes.
    @usableFromInline
    mutating func pause(before kind: FaultRates.Kind) -> UInt64? {
        guard rates[kind].interval > 0, world.allows(kind) else { return nil }
        return 1 + UInt64(random.exponential(mean: Double(rates[kind].interval)))
    }

    /// One strike.
    @usableFromInline
    mutating func strike(_ kind: FaultRates.Kind) -> Strike {
        let duration = rates[kind].duration
        let length = duration.lowerBound + random.below(duration.upperBound - duration.lowerBound + 1)
        let node = NodeID(UInt32(random.below(world.nodes)))
        let other = NodeID(UInt32(random.below(world.nodes)))
        switch kind {
        case .crash:
            let struck = world.losesAllInCrash ? victim(node) : node
            let ending = [Fault.restart(struck)]
            return random.chance(0.5)
                ? Strike(faults: [.kill(struck)], endings: ending, nanoseconds: length)
                : Strike(endings: ending, nanoseconds: length, duringSync: .kill(struck))
        case .blackout:
            return Strike(faults: all.map(Fault.kill), endings: all.map(Fault.restart), nanoseconds: length)
        case .pause: return Strike(faults: [.pause(node)], endings: [.resume(node)], nanoseconds: length)
        case .partition: return Strike(faults: [partition()], endings: [.heal], nanoseconds: length)
        case .oneWay: return Strike(faults: [oneWay(node)], endings: [.heal], nanoseconds: length)
        case .slowLink:
            guard node != other else { return Strike() }
            let extra = 1 + random.below(UInt64.milliseconds(200))
            return Strike(
                faults: [.delay(from: node, to: other, nanoseconds: extra)],
                endings: [.delay(from: node, to: other, nanoseconds: 0)], nanoseconds: length)
        case .clog:
            guard node != other else { return Strike() }
            return Strike(faults: [.clog(from: node, to: other, nanoseconds: length)])
        case .slowDisk:
            let factor = 2 + random.below(UInt64(100))
            return Strike(
                faults: [.slowDisk(node, factor: factor)], endings: [.slowDisk(node, factor: 1)], nanoseconds: length)
        case .disconnect: return Strike(faults: [.disconnect(client: random.below(clients), node)])
        case .clockJump:
            let nanoseconds = Int64(random.below(2 * jump + 1)) - Int64(jump)
            return Strike(faults: [.clockJump(node, nanoseconds: nanoseconds)])
        case .tornWrite, .syncError, .diskFull, .bitFlip, .misdirectedWrite, .wipe:
            return strikeDisk(kind, node, length)
        }
    }

    private mutating func strikeDisk(_ kind: FaultRates.Kind, _ node: NodeID, _ length: UInt64) -> Strike {
        switch kind {
        case .tornWrite: return Strike(endings: [.restart(node)], nanoseconds: length, duringSync: .tornWrite(node))
        case .syncError: return Strike(endings: [.restart(node)], nanoseconds: length, duringSync: .syncError(node))
        case .diskFull:
            return Strike(faults: [.diskFull(node)], endings: [.diskFree(node), .restart(node)], nanoseconds: length)
        default:
            let struck = victim(node)
            let damage: [Fault] =
                switch kind {
                case .bitFlip: [.bitFlip(struck), .kill(struck)]
                case .misdirectedWrite: [.misdirectedWrite(struck), .kill(struck)]
                default: [.wipe(struck)]
                }
            return Strike(faults: damage, endings: [.restart(struck)], nanoseconds: length)
        }
    }

    private var all: [NodeID] { (0..<UInt32(world.nodes)).map(NodeID.init) }

    /// The node itself where it may still lose its disk, or one that has.
    private mutating func victim(_ node: NodeID) -> NodeID {
        if victims.contains(node) { return node }
        if victims.count < world.tolerated {
            victims.append(node)
            return node
        }
        return victims[random.below(victims.count)]
    }

    private mutating func oneWay(_ node: NodeID) -> Fault {
        let others = all.filter { $0 != node }
        let hearers = random.chance(0.5) ? others : [others[random.below(others.count)]]
        return random.chance(0.5) ? .oneWay(from: [node], to: hearers) : .oneWay(from: hearers, to: [node])
    }

    private mutating func partition() -> Fault {
        var order = all
        random.shuffle(&order)
        let side = order.prefix(1 + random.below(max(1, world.nodes / 2))).sorted()
        let with = (0..<clients).filter { _ in random.chance(0.5) }
        return .partition(side, clients: with)
    }
}
