import ByteCoding
import ProtocolKit

// Phase 3 at a follower.
extension Zab {
    /// PROPOSE, or a transaction that DIFF announced.
    @inlinable
    mutating func handle(_ message: Propose, from: NodeID, at now: Now, effects: inout Effects<Self>) {
        guard hears(message.bond, from: from, at: now), following.isInLine, incoming == nil else { return }
        following.owesAcknowledgement = true
        if message.previous.index == history.lastIndex {
            guard message.previous.zxid == history.lastZxid || options.mutation == .noTruncate else {
                return halt("the leader's history doesn't continue the own one", effects: &effects)
            }
            for transaction in message.transactions {
                effects.append(transaction)
                history.append(transaction)
            }
            following.inLine = history.lastIndex
            if !message.own.places.isEmpty { assign(message) }
        } else if message.previous.index > history.lastIndex {
            following.hasGap = true
        } else {
            handleOverlap(message, effects: &effects)
        }
        if let committed = message.committed { learn(committed: committed, effects: &effects) }
    }

    /// Some of the transactions, or all, are there already.
    @usableFromInline
    mutating func handleOverlap(_ message: Propose, effects: inout Effects<Self>) {
        for transaction in message.transactions {
            if transaction.index > history.lastIndex {
                effects.append(transaction)
                history.append(transaction)
            } else if let known = history.zxid(at: transaction.index), known.rawValue != transaction.tag,
                options.mutation != .noTruncate
            {
                return halt("the leader's history has another \(transaction.index)", effects: &effects)
            }
        }
        let end = LogIndex(message.previous.index.rawValue + UInt64(message.transactions.count))
        following.inLine = max(following.inLine, end)
        if !message.own.places.isEmpty { assign(message) }
    }

    /// Learns which of the proposals are the own clients'.
    @usableFromInline
    mutating func assign(_ message: Propose) {
        for (offset, place) in message.own.places.enumerated() {
            let number = following.forwardBase + message.own.first + UInt64(offset)
            writes.assign(number, to: LogIndex(message.previous.index.rawValue + UInt64(place) + 1))
        }
    }

    /// COMMIT: delivers what is committed and there. The first after NEWLEADER is UPTODATE.
    @inlinable
    mutating func learn(committed: LogIndex, effects: inout Effects<Self>) {
        if following.committed.map({ $0 < committed }) ?? true { following.committed = committed }
        guard following.hasAcceptedNewLeader else { return }
        phase = .broadcast
        let reachable = min(following.committed ?? .zero, following.inLine)
        guard reachable > commitIndex else { return }
        commitIndex = reachable
        applyCommitted(effects: &effects)
    }

    /// Sends what the turn has collected: the acknowledgement, requests and the question for a round.
    @inlinable
    mutating func followerTurnEnded(at now: Now, effects: inout Effects<Self>) {
        if following.owesAcknowledgement { acknowledge(effects: &effects) }
        guard phase == .broadcast else { return }
        if following.forwarded < writes.last { forward(effects: &effects) }
        if reads.isDue { askForRound(effects: &effects) }
    }

    /// ACK of everything that is there, once it is durable.
    @inlinable
    mutating func acknowledge(effects: inout Effects<Self>) {
        following.owesAcknowledgement = false
        guard let leader else { return }
        let isDurable = history.lastIndex <= durable.index || options.mutation == .skipSync
        effects.send(
            .acknowledge(
                Acknowledge(bond: following.bond, index: following.inLine, isGap: following.hasGap)),
            to: leader, after: isDurable ? .none : effects.lastTicket)
        following.hasGap = false
    }

    /// A heartbeat. What it doesn't know of and was sent before the one before is lost, and sent again.
    mutating func handle(_ message: Ping, from: NodeID, at now: Now, effects: inout Effects<Self>) {
        guard hears(message.bond, from: from, at: now) else { return }
        if let committed = message.committed { learn(committed: committed, effects: &effects) }
        let pong = Pong(
            bond: message.bond, round: message.round,
            index: following.isInLine && incoming == nil ? min(durable.index, following.inLine) : nil)
        effects.send(.pong(pong), to: from)
        if isReplacement {
            introduce(effects: &effects)
            return joinIfIntroduced(at: now, effects: &effects)
        }
        guard phase == .broadcast else { return }
        let taken = max(following.forwardBase + message.forwarded, writes.assigned)
        if taken < following.forwardedAtPing { following.forwarded = min(following.forwarded, taken) }
        following.forwardedAtPing = following.forwarded
        if following.askedAtPing > reads.confirmed { askAgain(effects: &effects) }
        following.askedAtPing = reads.number
    }

    /// Sends on what the own clients ask.
    @inlinable
    mutating func forward(effects: inout Effects<Self>) {
        guard let leader else { return }
        // What seemed to be lost may have come back as proposals in the same turn.
        following.forwarded = max(following.forwarded, writes.assigned)
        while following.forwarded < writes.last {
            let message = Forward(
                bond: following.bond, first: following.forwarded &- following.forwardBase &+ 1,
                payloads: writes.payloads(
                    after: following.forwarded, count: options.batchEntries, bytes: options.batchBytes))
            following.forwarded &+= UInt64(message.payloads.count)
            effects.send(.forward(message), to: leader)
        }
    }

    /// A follower's requests become proposals, in its order.
    @inlinable
    mutating func handle(_ message: Forward, from: NodeID, at now: Now, effects: inout Effects<Self>) {
        guard let position = bound(message.bond, from: from, at: now), phase == .broadcast,
            learners[position].hasAcknowledgedNewLeader
        else { return }
        var number = message.first
        for payload in message.payloads {
            // Those before are proposed already; one that leaves a gap comes again after what is missing.
            if number == learners[position].forwarded &+ 1 {
                guard hasRoom else { return }
                leading.uncommittedBytes &+= payload.count
                propose(.command, payload, effects: &effects)
                learners[position].forwarded = number
                learners[position].own.append(history.lastIndex)
                learners[position].lastOwn = history.lastIndex
                if options.batchEntries == 1 { broadcast(at: now, effects: &effects) }
            }
            number &+= 1
        }
    }
}
