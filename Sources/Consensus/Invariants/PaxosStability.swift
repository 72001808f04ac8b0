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
        /// What is chosen and the lowest ballot known in which it is.
        var chosen: (ballot: Ballot, record: LogRecord)?
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
        if let known = slots[place].proposals.first(where: { $0.ballot == ballot }) {
            guard known.record != record else { return nil }
            return "ballot \(ballot) has two values for slot \(record.index), one at node \(node)"
        }
        slots[place].proposals.append(Proposal(ballot: ballot, record: record))
        if let chosen = slots[place].chosen, chosen.ballot < ballot, chosen.record != record {
            return Self.contradiction(record, ballot, chosen.ballot)
        }
        return nil
    }

    private mutating func settle(_ durable: Ticket, _ nodes: NodeStates<Node>, _ node: Int) -> String? {
        let quorum = nodes[node].choosingQuorum
        while let item = pending[node].first, item.ticket <= durable {
            pending[node].removeFirst()
            let place = Int(item.slot.rawValue)
            guard let position = slots[place].proposals.firstIndex(where: { $0.ballot == item.ballot }) else {
                continue
            }
            let before = slots[place].proposals[position].acceptors
            let after = before | 1 << UInt64(node)
            guard after != before else { continue }
            slots[place].proposals[position].acceptors = after
            guard after.nonzeroBitCount == quorum else { continue }
            if let wrong = choose(slots[place].proposals[position].record, in: item.ballot) { return wrong }
        }
        return nil
    }

    private mutating func learn(_ nodes: NodeStates<Node>, _ node: Int) -> String? {
        let decided = nodes[node].decided
        guard decided > learned[node] else { return nil }
        var slot = max(learned[node], nodes[node].slots.base).next
        learned[node] = decided
        while slot <= min(decided, nodes[node].slots.last) {
            let ballot = nodes[node].slots.ballot(at: slot)
            if ballot > .zero, let wrong = choose(nodes[node].slots[slot], in: ballot) { return wrong }
            slot = slot.next
        }
        return nil
    }

    private mutating func choose(_ record: LogRecord, in ballot: Ballot) -> String? {
        let place = Int(record.index.rawValue)
        while slots.count <= place { slots.append(History()) }
        if let chosen = slots[place].chosen {
            guard chosen.record == record else {
                return "slot \(record.index) has two values, chosen by ballots \(chosen.ballot) and \(ballot)"
            }
            guard ballot < chosen.ballot else { return nil }
        }
        slots[place].chosen = (ballot, record)
        for proposal in slots[place].proposals where proposal.ballot > ballot && proposal.record != record {
            return Self.contradiction(proposal.record, proposal.ballot, ballot)
        }
        return nil
    }

    private static func contradiction(_ record: LogRecord, _ ballot: Ballot, _ chosen: Ballot) -> String {
        "ballot \(ballot) has another value for slot \(record.index) than was chosen in ballot \(chosen)"
    }
}
