import ProtocolKit
import Workload

extension Engine {
    /// Starts a node with what its disk holds.
    @inlinable
    func start(_ index: Int) {
        let host = hosts[index]
        guard !host.isUp, host.isStarting else { return }
        host.isStarting = false
        host.reset()
        host.isUp = true
        host.incarnation += 1
        if host.incarnation > 1 { coverage.restarts += 1 }
        nodes.start(index, system.makeNode(members[index], members: members), incarnation: host.incarnation)
        let recovery = host.disk.recovery(incarnation: host.incarnation, seed: startRandom.next())
        step(index, host, .start(recovery), cause: Cause())
        endTurn(index, host, cause: Cause())
        for other in 0..<members.count where other != index { scheduleConnect(index, other) }
    }

    /// Stops a node at once.
    @usableFromInline
    func kill(_ index: Int) {
        let host = hosts[index]
        guard host.isUp else { return }
        coverage.crashes += 1
        host.isUp = false
        nodes.stop(index)
        let waiting = host.disk.waitingCount
        let kept = options.disk.keepsRandomPrefix && waiting > 0 ? diskRandom.below(waiting + 1) : 0
        coverage.unsyncedBytesLost += UInt64(host.disk.crash(keeping: kept))
        host.reset()
        for other in 0..<members.count where other != index {
            breakLink(index, other, cutsFlight: networkRandom.chance(0.5), isSlow: false)
        }
        for number in connections.indices where connections[number].node == index {
            breakConnection(number, cutsFlight: networkRandom.chance(0.5), isSlow: false)
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
        if !options.countsCosts, options.batchProbability > 0, turnRandom.chance(options.batchProbability) {
            host.inbox.append(Arrival(input: input, cause: cause, generation: generation))
            host.isTurnScheduled = true
            queue.push(
                .turn, at: now &+ turnRandom.below(options.batchDelayNanoseconds &+ 1), target: index, payload: 0)
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
        let count = 1 + turnRandom.below(waiting)
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
        nodes[index].step(input, at: host.clock.now(now), effects: &host.effects)
        afterStep(index, host, cause: cause)
    }

    @inlinable
    func endTurn(_ index: Int, _ host: Host<Node>, cause: Cause) {
        guard host.isUp, violation == nil else { return }
        nodes[index].step(.turnEnded, at: host.clock.now(now), effects: &host.effects)
        afterStep(index, host, cause: cause)
    }

    @inlinable
    func afterStep(_ index: Int, _ host: Host<Node>, cause: Cause) {
        let states = nodes.states
        for number in invariants.indices {
            if let message = invariants[number].check(states, index) {
                violate(invariants[number].name, message)
                return
            }
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
