import ProtocolKit
import Workload

extension Engine {
    /// Does what a step wants done.
    @inlinable
    func perform(_ index: Int, _ host: Host<Node>, cause: Cause) {
        var list: [Effect<Node>] = []
        swap(&list, &host.effects.list)
        var reason: String?
        // Taken out from the end, effects are moved and not copied.
        if list.count > 1 { list.reverse() }
        while let effect = list.popLast() {
            switch effect {
            case .send(let message, let peer, let ticket):
                if ticket.rawValue <= host.ticketsDurable {
                    transmit(message, from: index, to: peer, cause: cause)
                } else {
                    hold(.message(message, peer), until: ticket, host, cause: cause)
                }
            case .reply(let response, let token, let ticket):
                if ticket.rawValue <= host.ticketsDurable {
                    answer(response, from: index, to: token, cause: cause)
                } else {
                    hold(.reply(response, token), until: ticket, host, cause: cause)
                }
            case .disconnect(let connection): disconnect(connection, by: index)
            case .append(let record): persist(.append(record), host, cause: cause)
            case .truncateSuffix(let from): persist(.truncateSuffix(from), host, cause: cause)
            case .discardPrefix(let through): persist(.discardPrefix(through), host, cause: cause)
            case .writeHardState(let state): persist(.hardState(state), host, cause: cause)
            case .beginSnapshot(let mark): host.disk.beginSnapshot(mark)
            case .writeSnapshot(let data):
                if let wrong = host.disk.writeSnapshot(data) { violate("contract", "node \(index) \(wrong)") }
            case .commitSnapshot:
                host.ticketsIssued &+= 1
                host.waitingCause = host.waitingCause.joined(cause)
                if let wrong = host.disk.commitSnapshot() { violate("contract", "node \(index) \(wrong)") }
            case .readSnapshot(let transfer, let offset, let maximumBytes):
                host.waitingReads.append((transfer, offset, maximumBytes))
            case .setTimer(let timer, let deadline): setTimer(timer, deadline, index, host)
            case .cancelTimer(let timer): host.timers.cancel(timer)
            case .count(let event): coverage.events[Int(event.rawValue)] &+= 1
            case .halt(let text): reason = reason ?? text
            }
        }
        swap(&list, &host.effects.list)
        assert(host.ticketsIssued == host.effects.lastTicket.rawValue, "tickets are counted apart")
        beginSync(index, host)
        if !host.waitingReads.isEmpty, !host.disk.awaitsSnapshot { readSnapshots(index, host) }
        if let reason { halt(index, host, reason) }
    }

    @usableFromInline
    func halt(_ index: Int, _ host: Host<Node>, _ reason: String) {
        halts.append(Halt(node: members[index], reason: reason))
        if trace.isOn { trace.line(now, "n\(index) halts: \(reason)") }
        kill(index)
    }

    @inlinable
    func setTimer(_ timer: TimerID, _ deadline: UInt64, _ index: Int, _ host: Host<Node>) {
        let time = host.clock.time(deadline, notBefore: now)
        if host.timers.set(timer, at: time) {
            queue.push(.nodeTimer, at: time, target: index, payload: timer.rawValue)
        }
    }

    @inlinable
    func hold(_ content: Held<Node>.Content, until ticket: Ticket, _ host: Host<Node>, cause: Cause) {
        guard ticket.rawValue <= host.ticketsIssued else {
            violate("contract", "waits for ticket \(ticket), which was not given out")
            return
        }
        host.held.append(Held(content: content, ticket: ticket.rawValue, cause: cause))
    }

    @inlinable
    func persist(_ write: DiskWrite, _ host: Host<Node>, cause: Cause) {
        host.ticketsIssued &+= 1
        host.waitingCause = host.waitingCause.joined(cause)
        if let wrong = host.disk.write(write) { violate("contract", "a node \(wrong)") }
    }

    /// Starts a sync where there is something to sync and none under way.
    @inlinable
    func beginSync(_ index: Int, _ host: Host<Node>) {
        guard host.disk.beginSync() else { return }
        guard !host.isDiskFull else { return stopForDisk(index, "no space left on device") }
        host.syncingCause = host.waitingCause
        host.waitingCause = Cause()
        coverage.syncs &+= 1
        if options.countsCosts { meter.countSync(host.syncingCause) }
        let incarnation = UInt32(truncatingIfNeeded: host.incarnation)
        let duration = drawSync(host)
        queue.push(.synced, at: now &+ duration, target: index, payload: incarnation)
        if host.strikeAtNextSync != nil { strikeDuringSync(host, duration) }
        if host.crashAtNextSync != nil {
            var random = faultDetails(index)
            queue.push(.crash, at: now &+ random.below(duration), target: index, payload: incarnation)
        }
        if options.disk.lieAboutSync {
            queue.push(.lie, at: now &+ 1, target: index, payload: incarnation)
        }
    }

    @inlinable
    func drawSync(_ host: Host<Node>) -> UInt64 {
        if options.countsCosts { return CostMeter.syncNanoseconds }
        // In memory, or with the system's cache as the disk, a write is done when the turn ends.
        if options.durability != .synced { return 1 }
        let shortest = options.disk.minimumSyncNanoseconds
        let longest = max(shortest, options.disk.maximumSyncNanoseconds)
        return (shortest &+ host.diskRandom.below(longest &- shortest &+ 1)) &* host.syncFactor
    }

    @inlinable
    func syncDone(_ index: Int, incarnation: UInt32) {
        let host = hosts[index]
        guard host.isUp, UInt32(truncatingIfNeeded: host.incarnation) == incarnation else { return }
        guard !host.failsNextSync else { return stopForDisk(index, "sync failed: input/output error") }
        let count = UInt64(host.disk.finishSync())
        if options.disk.lieAboutSync {
            beginSync(index, host)
            return
        }
        host.ticketsDurable &+= count
        host.syncingCause = host.syncingCause.sync
        if host.isPaused {
            host.hasUnannouncedSync = true
        } else {
            announce(index, host)
        }
    }

    /// Lets out what waited for a sync, tells the node, and starts the next one.
    @inlinable
    func announce(_ index: Int, _ host: Host<Node>) {
        let cause = host.syncingCause
        beginSync(index, host)
        release(index, host, cause: cause)
        if !host.waitingReads.isEmpty, !host.disk.awaitsSnapshot { readSnapshots(index, host) }
        deliver(.persisted(through: Ticket(host.ticketsDurable)), to: index, cause: cause)
    }

    @inlinable
    func release(_ index: Int, _ host: Host<Node>, cause: Cause) {
        var kept = 0
        let count = host.held.count
        for position in 0..<count {
            let item = host.held[position]
            guard item.ticket <= host.ticketsDurable else {
                if kept != position { host.held[kept] = item }
                kept += 1
                continue
            }
            switch item.content {
            case .message(let message, let peer):
                transmit(message, from: index, to: peer, cause: item.cause.joined(cause))
            case .reply(let response, let token):
                answer(response, from: index, to: token, cause: item.cause.joined(cause))
            }
        }
        if kept == 0 { host.held.removeAll(keepingCapacity: true) } else { host.held.removeLast(count - kept) }
    }

    /// The planted fault: everything is announced as synced while the sync is still under way.
    @inlinable
    func lie(_ index: Int, incarnation: UInt32) {
        let host = hosts[index]
        guard host.isUp, UInt32(truncatingIfNeeded: host.incarnation) == incarnation else { return }
        host.ticketsDurable = host.ticketsIssued
        if host.isPaused {
            host.hasUnannouncedSync = true
        } else {
            announce(index, host)
        }
    }

    @inlinable
    func readSnapshots(_ index: Int, _ host: Host<Node>) {
        let waiting = host.waitingReads
        host.waitingReads.removeAll(keepingCapacity: true)
        for read in waiting {
            guard
                let part = host.disk.readSnapshot(
                    transfer: read.transfer, offset: read.offset, maximumBytes: read.maximumBytes)
            else {
                violate("contract", "node \(index) reads a snapshot and has none")
                return
            }
            let slot = reads.insert((part, host.incarnation))
            queue.push(.snapshotRead, at: now &+ drawSync(host), target: index, payload: slot)
        }
    }

    @inlinable
    func snapshotRead(_ index: Int, _ slot: UInt32) {
        let (part, incarnation) = reads.take(slot)
        guard hosts[index].incarnation == incarnation else { return }
        deliver(.snapshotRead(part), to: index, cause: Cause())
    }
}
