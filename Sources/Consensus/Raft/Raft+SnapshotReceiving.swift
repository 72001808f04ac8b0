import ByteCoding
import ProtocolKit

// InstallSnapshot (figure 13): the follower's side.
extension Raft {
    /// A part of the leader's snapshot.
    mutating func handle(_ message: InstallSnapshot, from: NodeID, at now: Now, effects: inout Effects<Self>) {
        guard position(of: from) != nil else { return }
        guard message.term >= currentTerm else { return refuse(from, effects: &effects) }
        if message.term > currentTerm || role != .follower {
            guard role != .leader || message.term > currentTerm else { return }
            follow(message.term, at: now, effects: &effects)
        }
        if leader != from { learn(leader: from, effects: &effects) }
        heardAt = now.monotonic
        quietSince = now.monotonic
        // What it contains was committed, and so was everything through the own commit index.
        guard message.mark.index > commitIndex else {
            return respond(to: from, message.mark.index, nextOffset: 0, isInstalled: true, effects: &effects)
        }
        if message.offset == 0, incoming?.mark != message.mark || incoming?.term != message.term {
            snapshots.abandon()
            incoming = IncomingSnapshot(term: message.term, mark: message.mark)
            effects.beginSnapshot(message.mark)
        }
        guard incoming?.mark == message.mark, incoming?.term == message.term, incoming?.complete == nil else { return }
        if incoming!.nextOffset == message.offset {
            guard take(message, effects: &effects) else { return }
        }
        if incoming?.complete == nil {
            let nextOffset = incoming?.nextOffset ?? 0
            respond(to: from, message.mark.index, nextOffset: nextOffset, isInstalled: false, effects: &effects)
        }
    }

    /// Adds a part to the snapshot that is being put together. False when it makes no sense: it is given up, and the
    /// leader begins again when it gets no answer.
    private mutating func take(_ message: InstallSnapshot, effects: inout Effects<Self>) -> Bool {
        do {
            try incoming!.assembler.take(message.data)
            effects.writeSnapshot(message.data)
            incoming!.nextOffset += UInt64(message.data.count)
            if message.isLast {
                let machine = try incoming!.assembler.finish()
                let configuration = try RaftConfiguration(decoding: incoming!.assembler.header ?? .init())
                incoming!.complete = IncomingSnapshot.Complete(
                    machine: machine, configuration: configuration, ticket: effects.commitSnapshot())
            }
            return true
        } catch {
            incoming = nil
            return false
        }
    }

    /// Puts a durable snapshot in the place of the state; entries that follow it stay if the logs agree there.
    mutating func install(_ complete: IncomingSnapshot<Machine>.Complete, effects: inout Effects<Self>) {
        guard let incoming else { return }
        let mark = incoming.mark
        snapshots.stored = mark
        snapshots.bytes = Int(incoming.nextOffset)
        self.incoming = nil
        bytesSinceSnapshot = 0
        if mark.index > commitIndex {
            machine = complete.machine
            commitIndex = mark.index
            lastApplied = mark.index
            // What became of the entries that it replaces isn't known here.
            var unanswered = pending.removeAll(through: mark.index)
            if log.term(at: mark.index) == Term(mark.tag) {
                log.discard(through: mark.index)
                effects.discardPrefix(through: mark.index)
                configurations.commit(through: mark.index)
            } else {
                // The disk may have given up more than memory has so far.
                let first = max(log.baseIndex, discardTarget).next
                if log.lastIndex >= first { effects.truncateSuffix(from: first) }
                effects.discardPrefix(through: mark.index)
                log.reset(to: mark)
                unanswered += pending.removeAll()
                durable.reset(to: mark.index)
                if options.mutation != .forgetConfiguration {
                    configurations = ConfigurationHistory(complete.configuration, at: mark.index)
                }
                configurationChanged()
            }
            for connection in unanswered { effects.disconnect(connection) }
            discardTarget = log.baseIndex
            effects.count(.snapshotInstalled)
        }
        if let leader, role == .follower {
            respond(to: leader, mark.index, nextOffset: 0, isInstalled: true, effects: &effects)
        }
    }

    private func respond(
        to leader: NodeID, _ index: LogIndex, nextOffset: UInt64, isInstalled: Bool, effects: inout Effects<Self>
    ) {
        let response = SnapshotResponse(
            term: currentTerm, index: index, nextOffset: nextOffset, isInstalled: isInstalled, birth: birth)
        effects.send(.snapshotResponse(response), to: leader, after: effects.lastTicket)
    }
}
