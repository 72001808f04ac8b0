import ByteCoding
import ProtocolKit

// What clients ask of this node.
extension Zab {
    /// A client's request: a leader proposes a write, a follower forwards it, both answer it once they have applied it.
    @inlinable
    mutating func accept(
        _ request: Request, _ token: RequestToken, at now: Now, effects: inout Effects<Self>
    ) {
        if !connections.ended.isEmpty, connections.ended.contains(token.connection) { return }
        guard phase == .broadcast, options.serving == .any || isServing(token, effects: &effects) else {
            if phase != .broadcast { effects.reply(.refusal(.noLeader), to: token) }
            return
        }
        // What it has seen this node hasn't: it would go back in time.
        if let seen = request.lastSeen, seen > appliedZxid, options.mutation != .serveClientAhead {
            effects.count(.refused)
            return effects.reply(.behind(appliedZxid), to: token)
        }
        if request.content.isRead { return read(request, token, effects: &effects) }
        let payload = request.content.payload
        if role == .leading {
            guard hasRoom else { return refuse(token, effects: &effects) }
            leading.uncommittedBytes &+= payload.count
            propose(.command, payload, effects: &effects)
            writes.append(token, isOrdered: request.lastSeen != nil, at: history.lastIndex)
        } else {
            guard writes.waiting.count < options.maximumUncommittedEntries else {
                return refuse(token, effects: &effects)
            }
            writes.append(token, isOrdered: request.lastSeen != nil, payload: payload)
        }
        connections.note(token.connection, write: writes.last)
        if options.batchEntries == 1, role == .leading { broadcast(at: now, effects: &effects) }
    }

    @usableFromInline
    func refuse(_ token: RequestToken, effects: inout Effects<Self>) {
        effects.count(.refused)
        effects.reply(.refusal(.overloaded), to: token)
    }

    /// Whether this node serves clients; if not, the client is told which does.
    @usableFromInline
    func isServing(_ token: RequestToken, effects: inout Effects<Self>) -> Bool {
        var other: NodeID?
        switch (options.serving, role) {
        case (.leader, .following): other = leader
        case (.followers, .leading) where !learners.isEmpty:
            let followers = learners.filter(\.hasAcknowledgedNewLeader)
            guard !followers.isEmpty else {
                effects.reply(.refusal(.noLeader), to: token)
                return false
            }
            other = followers[Int(token.connection.rawValue % UInt64(followers.count))].id
        default: return true
        }
        effects.count(.redirected)
        effects.reply(.refusal(other.map { .redirect($0) } ?? .noLeader), to: token)
        return false
    }

    /// A read: at once, or behind the connection's own writes, or behind a round of the quorum.
    @inlinable
    mutating func read(_ request: Request, _ token: RequestToken, effects: inout Effects<Self>) {
        let after = writes.waiting.isEmpty ? 0 : connections.lastWrite[token.connection] ?? 0
        let read = WaitingRead(
            token: token, isOrdered: request.lastSeen != nil, payload: request.content.payload, after: after)
        if options.reads == .local { return answerInOrder(read, effects: &effects) }
        guard reads.waiting.count < options.maximumWaitingReads else { return refuse(token, effects: &effects) }
        if options.mutation == .syncWithoutQuorum, role == .leading {
            return answerInOrder(read, effects: &effects)
        }
        reads.waiting.append(.client(read))
    }

    /// Answers a read, once its connection's own writes before it are applied.
    @inlinable
    mutating func answerInOrder(_ read: WaitingRead, effects: inout Effects<Self>) {
        guard read.after > writes.done, options.mutation != .readOvertakesWrite else {
            return answer(read, effects: &effects)
        }
        guard connections.waitingCount < options.maximumWaitingReads else {
            return refuse(read.token, effects: &effects)
        }
        connections.wait(read)
    }

    @inlinable
    func answer(_ read: WaitingRead, effects: inout Effects<Self>) {
        let content = machine.query(read.payload)
        effects.reply(Response(content, at: read.isOrdered ? appliedZxid : nil), to: read.token)
    }

    /// Answers the client whose write was just applied, and the reads that it had sent behind it.
    @inlinable
    mutating func answer(_ content: Machine.Response, to write: LocalWrites.Write, effects: inout Effects<Self>) {
        effects.reply(Response(content, at: write.isOrdered ? appliedZxid : nil), to: write.token)
        guard connections.waitingCount > 0 else { return }
        for read in connections.takeReads(after: writes.done) { answer(read, effects: &effects) }
    }

    /// This node can't serve any more. Whether a write that it has taken is committed it can't know: the connection
    /// ends, and with it everything behind the write. Reads have had no effect.
    mutating func stopServing(effects: inout Effects<Self>) {
        for offset in 0..<writes.waiting.count { end(writes.waiting[offset].token.connection, effects: &effects) }
        writes.giveUp()
        connections.waiting = [:]
        connections.waitingCount = 0
        for offset in 0..<reads.waiting.count {
            guard case .client(let read) = reads.waiting[offset],
                !connections.ended.contains(read.token.connection)
            else { continue }
            effects.reply(.refusal(.noLeader), to: read.token)
        }
        reads = SynchronisedReads()
    }

    private mutating func end(_ connection: ConnectionID, effects: inout Effects<Self>) {
        guard connections.ended.insert(connection).inserted else { return }
        effects.disconnect(connection)
    }
}

// Reads with `sync`.
extension Zab {
    /// Asks every follower whether it still follows: an answer confirms that no other leader was established before the
    /// round began, so that everything committed by then is committed here.
    @usableFromInline
    mutating func beginRound(effects: inout Effects<Self>) {
        reads.beginBatch()
        for position in learners.indices where learners[position].isFollowing {
            ping(position, effects: &effects)
        }
    }

    /// Every follower, whatever it has come to.
    mutating func pingAll(effects: inout Effects<Self>) {
        reads.beginBatch()
        for position in learners.indices where learners[position].stage != .absent {
            ping(position, effects: &effects)
        }
    }

    private mutating func ping(_ position: Int, effects: inout Effects<Self>) {
        let message = Ping(
            bond: bond(position), round: reads.number, committed: commitToTell,
            forwarded: learners[position].forwarded)
        effects.send(.ping(message), to: learners[position].id, after: hardStateTicket)
    }

    /// A follower still follows.
    mutating func handle(_ message: Pong, from: NodeID, at now: Now, effects: inout Effects<Self>) {
        guard let position = bound(message.bond, from: from, at: now) else { return }
        if let index = message.index, learners[position].stage == .streaming {
            acknowledged(position, index, effects: &effects)
        }
        guard message.round > learners[position].acknowledgedRound else { return }
        learners[position].acknowledgedRound = min(message.round, reads.number)
        confirmRounds(effects: &effects)
    }

    /// Answers the reads of the rounds that a quorum has answered.
    @usableFromInline
    mutating func confirmRounds(effects: inout Effects<Self>) {
        guard phase == .broadcast else { return }
        reads.confirmed = max(reads.confirmed, quorumRound)
        for reader in reads.takeConfirmed() {
            switch reader {
            case .client(let read): answerInOrder(read, effects: &effects)
            case .learner(let position, let bond, let number):
                guard bond == self.bond(position) else { continue }
                effects.send(
                    .synced(bond, number: number, committed: commitIndex), to: learners[position].id)
            }
        }
    }

    /// The last round that a quorum, the leader included, has answered.
    private var quorumRound: UInt64 {
        guard !learners.isEmpty else { return reads.number }
        let rounds = learners.filter(\.isFollowing).map(\.acknowledgedRound).sorted(by: >)
        return rounds.count >= quorum - 1 ? rounds[quorum - 2] : 0
    }

    /// A follower asks its leader for a round.
    @usableFromInline
    mutating func askForRound(effects: inout Effects<Self>) {
        reads.beginBatch()
        askAgain(effects: &effects)
    }

    @usableFromInline
    func askAgain(effects: inout Effects<Self>) {
        guard let leader else { return }
        effects.send(.sync(following.bond, reads.number), to: leader)
    }

    /// A follower's question waits for the next round as the leader's own reads do.
    mutating func sync(
        _ bond: Bond, _ number: UInt64, from: NodeID, at now: Now, effects: inout Effects<Self>
    ) {
        guard let position = bound(bond, from: from, at: now), phase == .broadcast,
            reads.waiting.count < options.maximumWaitingReads
        else { return }
        if options.mutation == .syncWithoutQuorum {
            return effects.send(.synced(bond, number: number, committed: commitIndex), to: from)
        }
        reads.waiting.append(.learner(position, bond, number))
    }

    /// The round is over: the reads are answered once everything that was committed is applied here.
    mutating func synced(_ number: UInt64, _ committed: LogIndex, effects: inout Effects<Self>) {
        if number > reads.confirmed {
            reads.confirmed = min(number, reads.number)
            reads.required = max(reads.required, committed)
        }
        learn(committed: committed, effects: &effects)
        answerSynchronised(effects: &effects)
    }

    /// Answers a follower's reads that are confirmed and caught up with.
    @usableFromInline
    mutating func answerSynchronised(effects: inout Effects<Self>) {
        guard lastApplied >= reads.required else { return }
        for reader in reads.takeConfirmed() {
            if case .client(let read) = reader { answerInOrder(read, effects: &effects) }
        }
    }
}
