import ProtocolKit
import Workload

extension Engine {
    /// Schedules the plan's faults.
    @usableFromInline
    func beginFaults() {
        chaosBegan = now
        if options.network.loss > 0 { apply(.loss(options.network.loss), isScheduled: true) }
        if options.network.duplication > 0 { apply(.duplicate(options.network.duplication), isScheduled: true) }
        if options.network.reordering > 0 { apply(.reorder(options.network.reordering), isScheduled: true) }
        switch options.faults {
        case .none: break
        case .script(let faults):
            for item in faults { schedule(item.fault, after: item.nanoseconds) }
        case .random(let rates, _):
            nemesis = Nemesis(
                rates: rates, world: world, clients: options.clients, clocks: options.clocks, random: root.split(5))
            for kind in FaultRates.Kind.allCases { scheduleStrike(kind) }
        }
    }

    func schedule(_ fault: Fault, after nanoseconds: UInt64) {
        scheduledFaults.append(fault)
        queue.push(.fault, at: now + nanoseconds, target: 0, payload: UInt32(scheduledFaults.count - 1))
    }

    func scheduleStrike(_ kind: FaultRates.Kind) {
        guard let pause = nemesis?.pause(before: kind) else { return }
        queue.push(.strike, at: now + pause, target: 0, payload: UInt32(kind.rawValue))
    }

    @usableFromInline
    func strike(_ number: UInt32) {
        guard phase == .chaos, let kind = FaultRates.Kind(rawValue: UInt8(number)), let strike = nemesis?.strike(kind)
        else { return }
        scheduleStrike(kind)
        if let fault = strike.duringSync, let node = fault.nodes.first {
            hosts[Int(node.rawValue)].strikeAtNextSync = strike
            return
        }
        for fault in strike.faults { apply(fault, isScheduled: true) }
        for ending in strike.endings { schedule(ending, after: strike.nanoseconds) }
    }

    /// Lets what was to strike during a sync strike during this one.
    @usableFromInline
    func strikeDuringSync(_ host: Host<Node>, _ duration: UInt64) {
        guard let strike = host.strikeAtNextSync.take(), let fault = strike.duringSync, let node = fault.nodes.first
        else { return }
        var random = faultDetails(Int(node.rawValue))
        let time = 1 + random.below(duration)
        schedule(fault, after: time)
        for ending in strike.endings { schedule(ending, after: max(time, duration) + 1 + strike.nanoseconds) }
    }

    /// Lets a fault happen or end; scheduled ones only while faults are allowed.
    @usableFromInline
    func apply(_ fault: Fault, isScheduled: Bool) {
        guard !isScheduled || phase == .chaos else { return }
        guard fault.nodes.allSatisfy({ Int($0.rawValue) < members.count }) else { return }
        if isScheduled { struck.append(ScheduledFault(at: now - chaosBegan, fault)) }
        if trace.isOn { trace.line(now, "** \(fault)") }
        switch fault {
        case .kill(let node): kill(place(node))
        case .restart(let node): restart(place(node))
        case .pause(let node): pause(place(node))
        case .resume(let node): resume(place(node))
        case .partition(let side, let clients): partition(side.map(place), clients)
        case .oneWay(let from, let to): block(from.map(place), to.map(place))
        case .heal: heal()
        case .delay(let from, let to, let nanoseconds):
            links.extraDelay[links.direction(place(from), place(to))] = nanoseconds
        case .clog(let from, let to, let nanoseconds):
            coverage.clogs += 1
            links.stalledUntil[links.direction(place(from), place(to))] = now + nanoseconds
        case .loss(let probability): network.loss = probability
        case .duplicate(let probability): network.duplication = probability
        case .reorder(let probability): network.reordering = probability
        case .clockSkew(let node, let nanoseconds): hosts[place(node)].clock.wallError = nanoseconds
        case .clockJump(let node, let nanoseconds): hosts[place(node)].clock.wallError += nanoseconds
        case .disconnect(let client, let node): disconnect(client: client, place(node))
        case .slowDisk, .syncError, .diskFull, .diskFree, .lostSuffix, .tornWrite, .bitFlip, .misdirectedWrite, .wipe:
            applyToDisk(fault)
        }
    }

    /// What the details of a fault that strikes now are drawn from: it depends on the time and the node only.
    @usableFromInline
    func faultDetails(_ node: Int) -> SeededGenerator { root.split(9).split(now).split(UInt64(node)) }

    private func place(_ node: NodeID) -> Int { Int(node.rawValue) }

    func restart(_ index: Int) {
        guard !hosts[index].isUp, !hosts[index].isStarting else { return }
        hosts[index].isStarting = true
        queue.push(.start, at: now + 1, target: index, payload: 0)
    }

    private func disconnect(client: Int, _ node: Int) {
        guard client >= 0, client < options.clients else { return }
        let number = current[client * members.count + node]
        var random = faultDetails(node)
        if number >= 0 { breakConnection(number, cutsFlight: random.chance(0.5), isSlow: false) }
    }
}
