import ProtocolKit
import Workload

/// What a crash takes of what wasn't synced.
@usableFromInline
enum CrashLoss {
    /// A random part: what is left is what was written first.
    case randomPart
    case everything
    /// What is left ends within a record.
    case torn
}

extension Engine {
    /// Starts a node with what its disk holds, or finds that it can't.
    @inlinable
    func start(_ index: Int) {
        let host = hosts[index]
        guard !host.isUp, host.isStarting else { return }
        host.isStarting = false
        guard !host.isDiskFull else {
            if trace.isOn { trace.line(now, "n\(index) doesn't start: no space left on device") }
            return
        }
        switch host.disk.recovery(incarnation: host.incarnation + 1, seed: host.startRandom.next()) {
        case .success(let recovery): begin(index, host, recovery)
        case .failure(let damage): refuseStart(index, damage)
        }
    }

    @inlinable
    func begin(_ index: Int, _ host: Host<Node>, _ recovered: Recovery) {
        var recovery = recovered
        // A replacement that has stored nothing yet remembers no more than it did at its first start.
        host.isReplaced = host.isReplaced && host.disk.isEmpty
        recovery.isReplacement = host.isReplaced
        if host.isReplaced { coverage.replacements += 1 }
        host.reset()
        host.isUp = true
        host.incarnation += 1
        if host.incarnation > 1 { coverage.restarts += 1 }
        nodes.start(index, system.makeNode(members[index], members: members), incarnation: host.incarnation)
        step(index, host, .start(recovery), cause: Cause())
        endTurn(index, host, cause: Cause())
        for other in 0..<members.count where other != index { scheduleConnect(index, other) }
    }

    /// Stops a node at once.
    @usableFromInline
    func kill(_ index: Int, losing loss: CrashLoss = .randomPart) {
        let host = hosts[index]
        guard host.isUp else { return }
        coverage.crashes += 1
        host.isUp = false
        nodes.stop(index)
        // Draws of its own: leaving a kill out changes no other draw.
        var random = faultDetails(index)
        loseUnsynced(index, host, loss, &random)
        host.reset()
        for other in 0..<members.count where other != index {
            breakLink(index, other, cutsFlight: random.chance(0.5), isSlow: false)
        }
        for number in connections.indices where connections[number].node == index {
            breakConnection(number, cutsFlight: random.chance(0.5), isSlow: false)
        }
    }

    private func loseUnsynced(_ index: Int, _ host: Host<Node>, _ loss: CrashLoss, _ random: inout SeededGenerator) {
        let waiting = host.disk.waitingCount
        switch (options.durability, loss) {
        case (.memory, _):
            host.disk.wipe()
            host.isReplaced = true
        case (.buffered, _): coverage.unsyncedBytesLost += UInt64(host.disk.crash(keeping: waiting))
        case (.synced, .torn):
            let (lost, cutShort, wrong) = host.disk.tear(&random)
            coverage.unsyncedBytesLost += UInt64(lost)
            if cutShort > 0 { coverage.writesTorn += 1 }
            if let wrong { violate("torn write", "node \(index) takes it for damage: \(wrong.reason)") }
        case (.synced, .randomPart):
            let kept = options.disk.keepsRandomPrefix && waiting > 0 ? random.below(waiting + 1) : 0
            coverage.unsyncedBytesLost += UInt64(host.disk.crash(keeping: kept))
        case (.synced, .everything): coverage.unsyncedBytesLost += UInt64(host.disk.crash(keeping: 0))
        }
    }

    /// Hands an input to a node: at once, or in a turn with others.
    @inlinable
    func deliver(_ input: Input<Node>, to index: Int, cause: Cause, generation: UInt32 = 0) {
        let host = hosts[index]
        guard host.isUp else { return }
        if host.isPaused || host.isTurnScheduled {
            host.inbox.append(Arrival(input: input, cause: cause, generation: generation))
            return
        }
        if !options.countsCosts, options.batchProbability > 0, host.turnRandom.chance(options.batchProbability) {
            host.inbox.append(Arrival(input: input, cause: cause, generation: generation))
            host.isTurnScheduled = true
            queue.push(
                .turn, at: now &+ host.turnRandom.below(options.batchDelayNanoseconds &+ 1), target: index, payload: 0)
            return
        }
        if case .linkUp(let peer) = input { links.learn(index, Int(peer.rawValue), epoch: generation) }
        step(index, host, input, cause: cause)
        endTurn(index, host, cause: cause)
    }

    /// Steps a random number of the inputs at hand, then ends the turn.
    @inlinable
    func takeTurn(_ index: Int) {
        let host = hosts[index]
        guard host.isUp, host.isTurnScheduled else { return }
        host.isTurnScheduled = false
        let waiting = host.inbox.count - host.inboxHead
        guard !host.isPaused, waiting > 0 else { return }
        let count = 1 + host.turnRandom.below(waiting)
        if count > 1 { coverage.batchedTurns += 1 }
        let incarnation = host.incarnation
        var cause = Cause()
        // The inbox is closed to direct delivery while the turn lasts.
        host.isTurnScheduled = true
        for _ in 0..<count {
            let arrival = host.inbox[host.inboxHead]
            host.inboxHead += 1
            if case .timer(let timer) = arrival.input {
                guard host.timers.isCurrent(timer, generation: arrival.generation) else { continue }
            }
            if case .linkUp(let peer) = arrival.input {
                links.learn(index, Int(peer.rawValue), epoch: arrival.generation)
            }
            cause = arrival.cause
            step(index, host, arrival.input, cause: cause)
            guard host.isUp, host.incarnation == incarnation, violation == nil else { return }
        }
        endTurn(index, host, cause: cause)
        guard host.isUp, host.incarnation == incarnation else { return }
        host.isTurnScheduled = false
        if host.inboxHead == host.inbox.count {
            host.inbox.removeAll(keepingCapacity: true)
            host.inboxHead = 0
        } else {
            if host.inboxHead > 256 {
                host.inbox.removeFirst(host.inboxHead)
                host.inboxHead = 0
            }
            host.isTurnScheduled = true
            queue.push(.turn, at: now &+ 1, target: index, payload: 0)
        }
    }

    @inlinable
    func step(_ index: Int, _ host: Host<Node>, _ input: Input<Node>, cause: Cause) {
        steps &+= 1
        if trace.isOn { trace.line(now, "n\(index) \(input)") }
        let allocated = options.countsCosts ? meter.beforeStep() : 0
        nodes[index].step(input, at: host.clock.now(now), effects: &host.effects)
        if options.countsCosts { meter.countAllocatedBytes(since: allocated, cause) }
        afterStep(index, host, cause: cause)
    }

    @inlinable
    func endTurn(_ index: Int, _ host: Host<Node>, cause: Cause) {
        guard host.isUp, violation == nil else { return }
        let allocated = options.countsCosts ? meter.beforeStep() : 0
        nodes[index].step(.turnEnded, at: host.clock.now(now), effects: &host.effects)
        if options.countsCosts { meter.countAllocatedBytes(since: allocated, cause) }
        afterStep(index, host, cause: cause)
    }

    @inlinable
    func afterStep(_ index: Int, _ host: Host<Node>, cause: Cause) {
        if let invariants, let (name, message) = invariants.broken(nodes.states, changed: index) {
            return violate(name, message)
        }
        if !host.effects.list.isEmpty { perform(index, host, cause: cause) }
    }

    @inlinable
    func nodeTimer(_ index: Int, _ timer: UInt32) {
        let host = hosts[index]
        guard host.isUp else { return }
        switch host.timers.event(timer, at: now) {
        case .due(let generation): deliver(.timer(TimerID(timer)), to: index, cause: Cause(), generation: generation)
        case .later(let time): queue.push(.nodeTimer, at: time, target: index, payload: timer)
        case .stale: break
        }
    }

    @inlinable
    func pause(_ index: Int) {
        guard hosts[index].isUp, !hosts[index].isPaused else { return }
        coverage.pauses += 1
        hosts[index].isPaused = true
    }

    @inlinable
    func resume(_ index: Int) {
        let host = hosts[index]
        guard host.isUp, host.isPaused else { return }
        host.isPaused = false
        if host.inboxHead < host.inbox.count, !host.isTurnScheduled {
            host.isTurnScheduled = true
            queue.push(.turn, at: now, target: index, payload: 0)
        }
        guard host.hasUnannouncedSync else { return }
        host.hasUnannouncedSync = false
        announce(index, host)
    }
}
