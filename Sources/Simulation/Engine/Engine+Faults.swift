import ProtocolKit
import Workload

extension Engine {
    /// Schedules the plan's faults.
    @usableFromInline
    func beginFaults() {
        switch options.faults {
        case .none: break
        case .script(let faults):
            for item in faults { schedule(item.fault, after: item.nanoseconds) }
        case .random(let rates, let swarm):
            let drawn = Nemesis(
                rates: rates, swarm: swarm, nodes: members.count, clients: options.clients, clocks: options.clocks,
                random: faultRandom)
            nemesis = drawn
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
        guard phase == .chaos, let kind = FaultRates.Kind(rawValue: UInt8(number)),
            let (faults, endings, after) = nemesis?.strike(kind)
        else { return }
        if kind == .crash, faultRandom.chance(0.5), case .kill(let node) = faults.first {
            hosts[Int(node.rawValue)].downtimeAtNextSync = max(1, after)
            return scheduleStrike(kind)
        }
        for fault in faults { apply(fault, isScheduled: true) }
        for ending in endings { schedule(ending, after: after) }
        scheduleStrike(kind)
    }

    @usableFromInline
    func killDuringSync(_ index: Int, _ host: Host<Node>, _ duration: UInt64) {
        let time = 1 + faultRandom.below(duration + 1)
        schedule(.kill(members[index]), after: time)
        schedule(.restart(members[index]), after: time + host.downtimeAtNextSync)
        host.downtimeAtNextSync = 0
    }

    /// Lets a fault happen or end; scheduled ones only while faults are allowed.
    @usableFromInline
    func apply(_ fault: Fault, isScheduled: Bool) {
        guard !isScheduled || phase == .chaos else { return }
        if trace.isOn { trace.line(now, "** \(fault)") }
        switch fault {
        case .kill(let node): isMember(node) { kill($0) }
        case .restart(let node): isMember(node) { restart($0) }
        case .pause(let node): isMember(node) { pause($0) }
        case .resume(let node): isMember(node) { resume($0) }
        case .partition(let side, let with): partition(side, with)
        case .oneWay(let from, let to):
            coverage.partitions += 1
            for a in from {
                for b in to where a != b {
                    isMember(a) { a in
                        isMember(b) { b in
                            links.isBlocked[links.direction(a, b)] = true
                        }
                    }
                }
            }
        case .heal: heal()
        case .delay(let from, let to, let nanoseconds):
            isMember(from) { a in isMember(to) { b in links.extraDelay[links.direction(a, b)] = nanoseconds } }
        case .loss(let probability): network.loss = probability
        case .duplicate(let probability): network.duplication = probability
        case .reorder(let probability): network.reordering = probability
        case .slowDisk(let node, let factor): isMember(node) { hosts[$0].syncFactor = max(1, factor) }
        case .clockJump(let node, let nanoseconds): isMember(node) { hosts[$0].clock.wallError += nanoseconds }
        case .disconnect(let client, let node):
            guard client >= 0, client < options.clients else { return }
            isMember(node) { node in
                let number = current[client * members.count + node]
                if number >= 0 { breakConnection(number, cutsFlight: networkRandom.chance(0.5), isSlow: false) }
            }
        }
    }

    /// Does something with a member's position; a fault on a node that isn't there is passed over.
    private func isMember(_ node: NodeID, _ body: (Int) -> Void) {
        if Int(node.rawValue) < members.count { body(Int(node.rawValue)) }
    }

    private func restart(_ index: Int) {
        guard !hosts[index].isUp, !hosts[index].isStarting else { return }
        hosts[index].isStarting = true
        queue.push(.start, at: now + 1, target: index, payload: 0)
    }

    private func partition(_ side: [NodeID], _ with: [Int]) {
        coverage.partitions += 1
        let isInside = members.map(side.contains)
        for a in members.indices {
            for b in members.indices where a < b {
                guard isInside[a] != isInside[b] else {
                    unblock(a, b)
                    continue
                }
                links.isBlocked[links.direction(a, b)] = true
                links.isBlocked[links.direction(b, a)] = true
                breakLink(a, b, cutsFlight: true, isSlow: true)
            }
        }
        for client in 0..<options.clients {
            for node in members.indices {
                let place = client * members.count + node
                isClientBlocked[place] = with.contains(client) != isInside[node]
                if isClientBlocked[place], current[place] >= 0 {
                    breakConnection(current[place], cutsFlight: true, isSlow: true)
                }
            }
        }
    }

    /// Lets messages of two nodes through again. A connection that was deaf in one direction breaks, as TCP's would in
    /// the end: its ends learn that something may be lost.
    private func unblock(_ a: Int, _ b: Int) {
        let there = links.direction(a, b)
        let back = links.direction(b, a)
        let wasBlocked = links.isBlocked[there] || links.isBlocked[back]
        links.isBlocked[there] = false
        links.isBlocked[back] = false
        if wasBlocked, links.isUp(a, b) { breakLink(a, b, cutsFlight: true, isSlow: false) }
        if hosts[a].isUp, hosts[b].isUp { scheduleConnect(a, b) }
    }

    /// Ends partitions and delays.
    private func heal() {
        for a in members.indices {
            for b in members.indices where a < b {
                unblock(a, b)
                links.extraDelay[links.direction(a, b)] = 0
                links.extraDelay[links.direction(b, a)] = 0
            }
        }
        for place in isClientBlocked.indices { isClientBlocked[place] = false }
    }
}
