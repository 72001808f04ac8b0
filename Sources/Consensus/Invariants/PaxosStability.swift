import ProtocolKit

/// A ballot has one value for a slot, and once a value is chosen every higher ballot has that one (P2, Lamport 2001,
/// section 2.2).
///
/// A value counts as chosen as soon as a quorum's acceptances of it in one ballot are durable, whoever knows, and when a
/// node learns that it is.
struct PaxosStability<Node: PaxosNode>: Invariant {
    private struct Proposal {
        let ballot: Ballot
        let record: LogRecord
        /// The nodes that have accepted it durably, a bit each.
        var acceptors = UInt64(0)
    }

    private struct History {
        /// What was accepted anywhere, in the order in which it was seen first; mostly one proposal.
        var proposals: [Proposal] = []
        /// A proposal whose value is chosen, and the lowest ballot known in which it is.
        var chosen: Int?
        var chosenBallot = Ballot.zero
    }

    private struct Pending {
        let slot: LogIndex
        let ballot: Ballot
        let ticket: Ticket
    }

    /// For each slot, from 1.
    private var slots: [History] = []
    private var watches: [AcceptanceWatch] = []
    /// What each node has accepted and not yet durably, in the order of the tickets.
    private var pending: [Fifo<Pending>] = []
    private var learned: [LogIndex] = []

    var name: String { "chosen-stability" }

    /// Looks at what the node that took a step has newly accepted, made durable and learned.
    mutating func check(_ nodes: NodeStates<Node>, changed: Int) -> String? {
        while watches.count < nodes.count {
            watches.append(AcceptanceWatch())
            pending.append(Fifo())
            learned.append(.zero)
        }
        if watches[changed].isRestart(nodes, changed) {
            // What wasn't durable is gone; what is recovered is.
            pending[changed].removeAll()
            learned[changed] = .zero
        }
        if let range = watches[changed].changed(nodes, changed) {
            if let wrong = accept(nodes, changed, range) { return wrong }
        }
        if !pending[changed].isEmpty {
            if let wrong = settle(nodes[changed].durableTicket, nodes, changed) { return wrong }
        }
        return learn(nodes, changed)
    }

    private mutating func accept(_ nodes: NodeStates<Node>, _ node: Int, _ range: ClosedRange<LogIndex>) -> String? {
        var slot = range.lowerBound
        let ticket = nodes[node].acceptanceTicket
        let isVoter = nodes[node].isVoter
        while slot <= range.upperBound {
            let ballot = nodes[node].slots.ballot(at: slot)
            if ballot > .zero {
                if let wrong = propose(nodes[node].slots[slot], in: ballot, node: node) { return wrong }
                if isVoter { pending[node].append(Pending(slot: slot, ballot: ballot, ticket: ticket)) }
            }
            slot = slot.next
        }
        return nil
    }

    private mutating func propose(_ record: LogRecord, in ballot: Ballot, node: Int) -> String? {
        let place = Int(record.index.rawValue)
        while slots.count <= place { slots.append(History()) }
        if let known = position(of: ballot, at: place) {
            guard slots[place].proposals[known].record != record else { return nil }
            return "ballot \(ballot) has two values for slot \(record.index), one at node \(node)"
        }
        slots[place].proposals.append(Proposal(ballot: ballot, record: record))
        guard let chosen = slots[place].chosen, slots[place].chosenBallot < ballot,
            slots[place].proposals[chosen].record != record
        else { return nil }
        return contradiction(at: place, slots[place].proposals.count - 1)
    }

    /// Which of a slot's proposals is of a ballot. Through a closure each would be copied.
    private func position(of ballot: Ballot, at place: Int) -> Int? {
        for position in slots[place].proposals.indices where slots[place].proposals[position].ballot == ballot {
            return position
        }
        return nil
    }

    private mutating func settle(_ durable: Ticket, _ nodes: NodeStates<Node>, _ node: Int) -> String? {
        let quorum = nodes[node].choosingQuorum
        while let item = pending[node].first, item.ticket <= durable {
            pending[node].removeFirst()
            let place = Int(item.slot.rawValue)
            guard let position = position(of: item.ballot, at: place) else { continue }
            let before = slots[place].proposals[position].acceptors
            let after = before | 1 << UInt64(node)
            guard after != before else { continue }
            slots[place].proposals[position].acceptors = after
            guard after.nonzeroBitCount == quorum else { continue }
            if let wrong = choose(position, at: place) { return wrong }
        }
        return nil
    }

    private mutating func learn(_ nodes: NodeStates<Node>, _ node: Int) -> String? {
        let decided = nodes[node].decided
        guard decided > learned[node] else { return nil }
        var slot = max(learned[node], nodes[node].slots.base).next
        learned[node] = decided
        while slot <= min(decided, nodes[node].slots.last) {
            let (place, ballot) = (Int(slot.rawValue), nodes[node].slots.ballot(at: slot))
            // A node learns from what it holds, so that the proposal was seen.
            if place < slots.count, let position = position(of: ballot, at: place),
                let wrong = choose(position, at: place)
            {
                return wrong
            }
            slot = slot.next
        }
        return nil
    }

    private mutating func choose(_ position: Int, at place: Int) -> String? {
        let ballot = slots[place].proposals[position].ballot
        if let chosen = slots[place].chosen {
            guard chosen == position || slots[place].proposals[chosen].record == slots[place].proposals[position].record
            else {
                return "slot \(place) has two values, chosen by ballots \(slots[place].chosenBallot) and \(ballot)"
            }
            guard ballot < slots[place].chosenBallot else { return nil }
        }
        slots[place].chosen = position
        slots[place].chosenBallot = ballot
        for other in slots[place].proposals.indices
        where slots[place].proposals[other].ballot > ballot
            && slots[place].proposals[other].record != slots[place].proposals[position].record
        {
            return contradiction(at: place, other)
        }
        return nil
    }

    private func contradiction(at place: Int, _ position: Int) -> String {
        "ballot \(slots[place].proposals[position].ballot) has another value for slot \(place) than was chosen in ballot "
            + "\(slots[place].chosenBallot)"
    }
}
