import ByteCoding
import ProtocolKit
import Workload

extension Engine {
    /// Sends a message, through the codec and the network as it is.
    @inlinable
    func transmit(_ message: Node.Message, from: Int, to peer: NodeID, cause: Cause) {
        let to = Int(peer.rawValue)
        guard to < members.count, to != from else {
            violate("contract", "node \(from) sends to \(peer)")
            return
        }
        coverage.messagesSent &+= 1
        if options.countsCosts { meter.countMessage(cause) }
        let direction = links.direction(from, to)
        guard let epoch = links.epoch(from, to), !links.isBlocked[direction],
            network.loss == 0 || !links.random[direction].chance(network.loss)
        else {
            coverage.messagesDropped &+= 1
            if trace.isOn { trace.line(now, "n\(from)>n\(to) lost \(message)") }
            return
        }
        guard let copy = recoded(message) else { return }
        if options.countsCosts { meter.countMessageBytes(writer.count, cause) }
        var delay = drawLinkDelay(direction) &+ links.extraDelay[direction]
        if network.capacityBytesPerSecond > 0 {
            guard let wait = links.admit(writer.count, on: direction, at: now, network) else {
                return overflow(from, to)
            }
            delay &+= wait
        }
        if network.duplication > 0, links.random[direction].chance(network.duplication) {
            coverage.messagesDuplicated &+= 1
            let again = now &+ delay &+ drawLinkDelay(direction) &* links.random[direction].below(50)
            post(Flight(message: copy, from: from, epoch: nil, cause: cause.hop), at: again, to: to)
        }
        if network.reordering > 0, links.random[direction].chance(network.reordering) {
            coverage.messagesReordered &+= 1
            let late = now &+ delay &+ drawLinkDelay(direction) &* links.random[direction].below(20)
            post(Flight(message: copy, from: from, epoch: nil, cause: cause.hop), at: late, to: to)
            return
        }
        let arrival = max(now &+ delay, links.lastArrival[direction])
        links.lastArrival[direction] = arrival
        post(Flight(message: copy, from: from, epoch: epoch, cause: cause.hop), at: arrival, to: to)
    }

    @inlinable
    func post(_ flight: Flight<Node.Message>, at time: UInt64, to: Int) {
        queue.push(.message, at: time, target: to, payload: messages.insert(flight))
    }

    /// What the receiver makes of a message's bytes.
    @inlinable
    func recoded(_ message: Node.Message) -> Node.Message? {
        writer.removeAll()
        message.encode(into: &writer)
        var reader = ByteReader(writer.readable)
        do {
            let copy = try Node.Message(from: &reader)
            try reader.expectEnd()
            return copy
        } catch {
            violate("codec", "\(message) isn't read back: \(error)")
            return nil
        }
    }

    /// A queue is full: the connection ends, as it does in the real runtime.
    @usableFromInline
    func overflow(_ from: Int, _ to: Int) {
        coverage.messagesDropped &+= 1
        coverage.queuesOverflowed &+= 1
        if trace.isOn { trace.line(now, "n\(from)>n\(to) the queue is full") }
        breakLink(from, to, cutsFlight: false, isSlow: false)
    }

    @inlinable
    func arrive(_ slot: UInt32, at to: Int) {
        let flight = messages.take(slot)
        let direction = links.direction(flight.from, to)
        // What comes while others wait waits behind them.
        guard links.stalledUntil[direction] <= now, links.stalled[direction].isEmpty else {
            return stall(messages.insert(flight), direction)
        }
        hand(flight, to: to)
    }

    @inlinable
    func hand(_ flight: Flight<Node.Message>, to: Int) {
        if let epoch = flight.epoch {
            guard links.receives(flight.from, to, epoch: epoch) else {
                coverage.messagesDropped &+= 1
                return
            }
        } else if links.isBlocked[links.direction(flight.from, to)] || !hosts[to].isUp {
            coverage.messagesDropped &+= 1
            return
        }
        deliver(.message(flight.message, from: members[flight.from]), to: to, cause: flight.cause)
    }

    @usableFromInline
    func stall(_ slot: UInt32, _ direction: Int) {
        coverage.messagesStalled &+= 1
        if links.stalled[direction].isEmpty {
            queue.push(.unstall, at: max(now, links.stalledUntil[direction]), target: 0, payload: UInt32(direction))
        }
        links.stalled[direction].append(slot)
    }

    /// Delivers what stood still, unless the link was clogged again in the meantime.
    @usableFromInline
    func unstall(_ direction: Int) {
        guard links.stalledUntil[direction] <= now else {
            return queue.push(.unstall, at: links.stalledUntil[direction], target: 0, payload: UInt32(direction))
        }
        let waiting = links.stalled[direction]
        links.stalled[direction] = []
        for slot in waiting { hand(messages.take(slot), to: direction % members.count) }
    }

    /// Schedules an attempt to connect two nodes, once both have noticed the end of their last connection.
    @usableFromInline
    func scheduleConnect(_ a: Int, _ b: Int) {
        let pair = links.pair(a, b)
        guard !links.isUp(a, b), !links.isConnecting[pair] else { return }
        links.isConnecting[pair] = true
        let time = max(now, links.noticedAt[pair]) + drawLinkDelay(links.direction(a, b)) + 1
        queue.push(.connect, at: time, target: min(a, b), payload: UInt32(max(a, b)))
    }

    @usableFromInline
    func connect(_ a: Int, _ b: Int) {
        let pair = links.pair(a, b)
        links.isConnecting[pair] = false
        guard hosts[a].isUp, hosts[b].isUp, !links.isUp(a, b) else { return }
        guard !links.isBlocked[links.direction(a, b)], !links.isBlocked[links.direction(b, a)] else { return }
        guard links.noticedAt[pair] < now else { return scheduleConnect(a, b) }
        links.connect(a, b)
        for (from, to) in [(a, b), (b, a)] {
            let direction = links.direction(from, to)
            links.isToldUp[direction] = true
            links.lastArrival[direction] = now
            deliver(.linkUp(members[from]), to: to, cause: Cause(), generation: links.currentEpoch(a, b))
        }
    }

    /// Breaks the connection of two nodes; the ends that are up notice it some time later, after what still arrives.
    ///
    /// - Parameters:
    ///   - cutsFlight: whether what is on its way is lost.
    ///   - isSlow: whether it takes a time-out to notice.
    @usableFromInline
    func breakLink(_ a: Int, _ b: Int, cutsFlight: Bool, isSlow: Bool) {
        guard links.isUp(a, b) else {
            // An end that goes down before it noticed the last break never will.
            for (from, to) in [(a, b), (b, a)] where !hosts[to].isUp {
                links.isToldUp[links.direction(from, to)] = false
                links.deafen(from, to)
            }
            return
        }
        coverage.linksBroken += 1
        links.disconnect(a, b)
        let pair = links.pair(a, b)
        for (from, to) in [(a, b), (b, a)] {
            let direction = links.direction(from, to)
            if cutsFlight || !hosts[to].isUp { links.deafen(from, to) }
            guard hosts[to].isUp else {
                links.isToldUp[direction] = false
                continue
            }
            let delay =
                isSlow
                ? links.random[direction].below(options.network.detectionNanoseconds + 1) : drawLinkDelay(direction)
            let time = max(now + delay, cutsFlight ? 0 : links.lastArrival[direction]) + 1
            links.noticedAt[pair] = max(links.noticedAt[pair], time)
            queue.push(.linkDown, at: time, target: to, payload: UInt32(from))
        }
        if hosts[a].isUp, hosts[b].isUp { scheduleConnect(a, b) }
    }

    @usableFromInline
    func noticeLinkDown(_ to: Int, _ from: Int) {
        let direction = links.direction(from, to)
        guard links.isToldUp[direction], !links.isUp(from, to) else { return }
        links.isToldUp[direction] = false
        links.deafen(from, to)
        deliver(.linkDown(members[from]), to: to, cause: Cause())
    }
}
