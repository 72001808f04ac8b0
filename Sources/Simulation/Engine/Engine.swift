import ByteCoding
import ProtocolKit
import RESP
import Workload

/// A message on its way.
@usableFromInline
struct Flight<Message> {
    @usableFromInline var message: Message
    @usableFromInline var from: Int
    /// The connection that carries it; nil for one that outlives connections.
    @usableFromInline var epoch: UInt32?
    @usableFromInline var cause: Cause

    @inlinable
    init(message: Message, from: Int, epoch: UInt32?, cause: Cause) {
        self.message = message
        self.from = from
        self.epoch = epoch
        self.cause = cause
    }
}

/// A request or response on its way.
@usableFromInline
struct ClientFlight<Content> {
    @usableFromInline var content: Content
    @usableFromInline var id: RequestID
    @usableFromInline var connection: Int
    @usableFromInline var cause: Cause

    @inlinable
    init(content: Content, id: RequestID, connection: Int, cause: Cause) {
        self.content = content
        self.id = id
        self.connection = connection
        self.cause = cause
    }
}

/// The phases of a run: VOPR's two (safety under faults, then progress without them) between prologue and epilogue, and
/// the quiet in which replicas come to agree.
@usableFromInline
enum Phase: UInt32 {
    case prologue, chaos, recovery, epilogue, quiet, finished
}

/// One user: a source of operations, one under way at a time.
@usableFromInline
struct User<Offer: Service> {
    @usableFromInline var source: Offer.Source
    @usableFromInline var current: Offer.Operation?
    @usableFromInline var followUp: Offer.Operation?
    @usableFromInline var operation = UInt64(0)
    @usableFromInline var sent = UInt64(0)
    @usableFromInline var answeredInRecovery = 0
    @usableFromInline var isScheduled = false
    /// What its pauses are drawn from.
    @usableFromInline var random: SeededGenerator

    @inlinable
    init(source: Offer.Source, random: SeededGenerator) {
        self.source = source
        self.random = random
    }
}

/// Runs one seed: virtual time, network, disks, clocks, crashes, clients and users. Its properties are unchecked for the
/// reason that ``Host`` gives.
@usableFromInline
final class Engine<System: ClusterSystem> {
    @usableFromInline typealias Node = System.Node
    @usableFromInline typealias Client = System.Client
    @usableFromInline typealias Offer = System.Offer

    @usableFromInline let options: SimulationOptions
    @usableFromInline let system: System
    @usableFromInline let members: [NodeID]
    @exclusivity(unchecked) @usableFromInline var workload: WorkloadOptions
    @exclusivity(unchecked) @usableFromInline var now = UInt64.seconds(1)
    @exclusivity(unchecked) @usableFromInline var queue = EventQueue()
    @exclusivity(unchecked) @usableFromInline var phase = Phase.prologue
    @exclusivity(unchecked) @usableFromInline var trace: Trace

    @usableFromInline let root: SeededGenerator
    /// What the delays between clients and nodes are drawn from, by client and node.
    @exclusivity(unchecked) @usableFromInline var clientRandom: [SeededGenerator]
    /// Nanoseconds that the distance between a client and a node takes at least, by client and node.
    @usableFromInline let clientDistance: [UInt64]

    @usableFromInline let nodes: NodeStore<Node>
    @exclusivity(unchecked) @usableFromInline var hosts: [Host<Node>] = []
    @exclusivity(unchecked) @usableFromInline var links: LinkTable
    /// The network as it is at the moment, faults included.
    @exclusivity(unchecked) @usableFromInline var network: NetworkOptions
    @exclusivity(unchecked) @usableFromInline var messages = Slab<Flight<Node.Message>>()
    @exclusivity(unchecked) @usableFromInline var reads = Slab<(part: SnapshotPart, incarnation: UInt64)>()
    @exclusivity(unchecked) @usableFromInline var writer = ByteWriter(capacity: 4096)
    @usableFromInline let parser = RESPCommandParser()

    @exclusivity(unchecked) @usableFromInline var clients: [Client] = []
    @exclusivity(unchecked) @usableFromInline var clientTimers: [TimerTable] = []
    @exclusivity(unchecked) @usableFromInline var clientEffects = ClientEffects<Client>()
    @exclusivity(unchecked) @usableFromInline var connections: [SimulatedConnection<Node>] = []
    /// The connection that a client uses to a node, -1 for none, by client and node.
    @exclusivity(unchecked) @usableFromInline var current: [Int]
    /// Whether a client and a node are cut off from each other.
    @exclusivity(unchecked) @usableFromInline var isClientBlocked: [Bool]
    @exclusivity(unchecked) @usableFromInline var requests = Slab<ClientFlight<Node.Request>>()
    @exclusivity(unchecked) @usableFromInline var responses = Slab<ClientFlight<Node.Response>>()

    @exclusivity(unchecked) @usableFromInline var users: [User<Offer>] = []
    @exclusivity(unchecked) @usableFromInline var judge: Offer.Judge
    @exclusivity(unchecked) @usableFromInline var operationCount = UInt64(0)
    @exclusivity(unchecked) @usableFromInline var started = 0
    @exclusivity(unchecked) @usableFromInline var underWay = 0
    /// Prologue or epilogue, which one, and how often it was tried.
    @exclusivity(unchecked) @usableFromInline var script: [Offer.Operation] = []
    @exclusivity(unchecked) @usableFromInline var scriptPosition = 0
    @exclusivity(unchecked) @usableFromInline var scriptAttempts = 0

    @usableFromInline let world: FaultWorld
    @exclusivity(unchecked) @usableFromInline var nemesis: Nemesis?
    @exclusivity(unchecked) @usableFromInline var chaosBegan = UInt64(0)
    /// The faults that struck, and what ended them, as a script that lets them strike again.
    @exclusivity(unchecked) @usableFromInline var struck: [ScheduledFault] = []
    /// Which nodes the faults were ended for.
    @exclusivity(unchecked) @usableFromInline var isHealed: [Bool]
    /// When the replicas have to agree.
    @exclusivity(unchecked) @usableFromInline var quietUntil = UInt64(0)
    /// Nodes that refused to start with a damaged disk.
    @exclusivity(unchecked) @usableFromInline var detected: [Halt] = []
    @exclusivity(unchecked) @usableFromInline var scheduledFaults: [Fault] = []

    @usableFromInline let invariants: InvariantChain<Node>?
    @exclusivity(unchecked) @usableFromInline var violation: InvariantViolation?
    @exclusivity(unchecked) @usableFromInline var halts: [Halt] = []
    @exclusivity(unchecked) @usableFromInline var liveness = Liveness.notChecked(
        "the run ended before the faults were healed")
    @exclusivity(unchecked) @usableFromInline var coverage = Coverage()
    @exclusivity(unchecked) @usableFromInline var steps = UInt64(0)
    @exclusivity(unchecked) @usableFromInline var answered = 0
    @exclusivity(unchecked) @usableFromInline var failed = 0
    @exclusivity(unchecked) @usableFromInline var indeterminate = 0
    @exclusivity(unchecked) @usableFromInline var fingerprint = UInt64(0xCBF2_9CE4_8422_2325)
    @exclusivity(unchecked) @usableFromInline var meter = CostMeter()

    @inlinable
    init(system: System, options: SimulationOptions) {
        precondition(options.nodes > 0 && options.nodes <= 64, "between 1 and 64 nodes can be simulated")
        precondition(options.clients > 0 && options.usersPerClient > 0, "a run needs a client with a user")
        self.options = options
        self.system = system
        members = (0..<UInt32(options.nodes)).map(NodeID.init)
        let root = SeededGenerator(seed: options.seed)
        self.root = root
        world = FaultWorld(system, nodes: options.nodes, durability: options.durability)
        let places = 0..<options.clients * options.nodes
        let (clientStream, regions) = (root.split(2), options.network.regions)
        clientRandom = places.map { clientStream.split(UInt64($0)) }
        clientDistance = places.map { regions.delay(from: $0 / options.nodes, to: $0 % options.nodes) }
        trace = Trace(limit: options.traceLimit)
        workload = options.workload
        var seeds = root.split(options.workload.seed &+ 7)
        workload.seed = seeds.next()
        network = options.network
        isHealed = Array(repeating: true, count: options.nodes)
        nodes = NodeStore(count: options.nodes)
        network.loss = 0
        network.duplication = 0
        network.reordering = 0
        links = LinkTable(count: options.nodes, regions: regions, random: root.split(1))
        current = Array(repeating: -1, count: options.clients * options.nodes)
        isClientBlocked = Array(repeating: false, count: options.clients * options.nodes)
        judge = Offer.Judge(options: workload, promise: system.consistency)
        invariants = InvariantChain(System.invariants)
        setUp()
    }

    @inlinable
    func setUp() {
        for node in 0..<options.nodes {
            let host = Host<Node>(node: node, random: root.split(3).split(UInt64(node)))
            host.clock = drawClock(&host.startRandom, options.clocks, isExact: options.countsCosts)
            host.isStarting = true
            hosts.append(host)
            // Where costs are counted every node is there before the client, which so stays where it is told to begin.
            let delay = host.startRandom.below(UInt64(1_000_000))
            queue.push(.start, at: options.countsCosts ? now : now + delay, target: node, payload: 0)
        }
        let total = options.clients * options.usersPerClient
        for client in 0..<options.clients {
            clients.append(
                system.makeClient(
                    number: client, members: members,
                    preferred: members[options.preferredNode ?? client % members.count],
                    timeoutNanoseconds: options.operationTimeoutNanoseconds))
            clientTimers.append(TimerTable())
        }
        for user in 0..<total {
            users.append(
                User(
                    source: Offer.Source(user: user, users: total, options: workload),
                    random: root.split(4).split(UInt64(user))))
        }
        for client in 0..<options.clients {
            var seeds = root.split(6).split(UInt64(client))
            stepClient(client, .start(seed: seeds.next()), cause: Cause())
        }
        script = Offer.Source.prologue(options: workload)
        queue.push(.phaseEnd, at: now + options.livenessLimitNanoseconds, target: 0, payload: Phase.prologue.rawValue)
        if script.isEmpty { beginChaos() } else { scheduleUser(0, after: 0) }
    }

    /// Runs events until the run is over.
    @inlinable
    func run() {
        while phase != .finished, violation == nil, let event = queue.pop() {
            now = event.time
            fingerprint =
                (fingerprint ^ now ^ UInt64(event.payload) << 32 ^ UInt64(event.kind.rawValue) << 56
                    ^ UInt64(event.target) << 40) &* 0x9E37_79B9_7F4A_7C15
            fingerprint ^= fingerprint >> 29
            handle(event)
            if steps >= options.stepLimit {
                liveness = .notChecked("the step limit of \(options.stepLimit) was reached")
                break
            }
        }
        finish()
    }

    @inlinable
    func handle(_ event: Event) {
        let target = Int(event.target)
        switch event.kind {
        case .message: arrive(event.payload, at: target)
        case .nodeTimer: nodeTimer(target, event.payload)
        case .turn: takeTurn(target)
        case .synced: syncDone(target, incarnation: event.payload)
        case .lie: lie(target, incarnation: event.payload)
        case .snapshotRead: snapshotRead(target, event.payload)
        case .unstall: unstall(Int(event.payload))
        case .request: requestArrived(event.payload)
        case .response: responseArrived(event.payload)
        case .clientTimer: clientTimer(target, event.payload)
        case .user: userGoesOn(Int(event.payload))
        case .start: start(target)
        case .connect: connect(target, Int(event.payload))
        case .linkDown: noticeLinkDown(target, Int(event.payload))
        case .clientConnect: clientConnect(Int(event.payload))
        case .clientDown: clientNoticesEnd(Int(event.payload))
        case .clientGone: nodeNoticesEnd(Int(event.payload))
        case .strike: strike(event.payload)
        case .fault: apply(scheduledFaults[Int(event.payload)], isScheduled: true)
        case .crash: crashNow(target, incarnation: event.payload)
        case .settle: compareReplicas()
        case .phaseEnd: phaseTimeIsUp(event.payload)
        }
    }

    /// Ends the run with a broken rule; only the first counts.
    @usableFromInline
    func violate(_ name: String, _ message: String) {
        guard violation == nil else { return }
        violation = InvariantViolation(name: name, message: message, step: steps, nanoseconds: now)
        if trace.isOn { trace.line(now, "VIOLATION \(name): \(message)") }
    }

    /// One delay of a message between nodes.
    @inlinable
    func drawLinkDelay(_ direction: Int) -> UInt64 {
        if options.countsCosts { return CostMeter.delayNanoseconds }
        return drawDelay(&links.random[direction], links.distance[direction])
    }

    /// One delay of a message between a client and a node, by their place.
    @inlinable
    func drawClientDelay(_ place: Int) -> UInt64 {
        if options.countsCosts { return CostMeter.delayNanoseconds }
        return drawDelay(&clientRandom[place], clientDistance[place])
    }

    @inlinable
    func drawDelay(_ random: inout SeededGenerator, _ distance: UInt64) -> UInt64 {
        let drawn = network.delay.draw(&random)
        guard distance > 0 else { return drawn }
        let jitter = random.exponential(mean: Double(distance) * network.regions.jitter)
        return drawn &+ distance &+ UInt64(jitter)
    }
}

/// Clocks as wrong as the options allow; exact ones start together.
@usableFromInline
func drawClock(_ random: inout SeededGenerator, _ options: ClockOptions, isExact: Bool) -> SimulatedClock {
    if isExact { return SimulatedClock() }
    let offset = random.below(UInt64.seconds(1_000))
    let drift = Int64(random.below(2 * options.driftPartsPerMillion + 1)) - Int64(options.driftPartsPerMillion)
    let error = Int64(random.below(2 * options.skewNanoseconds + 1)) - Int64(options.skewNanoseconds)
    return SimulatedClock(offset: offset, drift: drift, wallError: error)
}
