import ProtocolKit

/// What acceptors have promised, over restarts: a promise that was kept on disk, and so may have been given, is never
/// taken back, and nothing is accepted below it (P1a, Lamport 2001, section 2.2).
struct PromiseLedger {
    /// The highest promise of each acceptor.
    private var kept: [Ballot] = []
    /// The ballot in which each acceptor was last seen to hold a value, by slot.
    private var held: [[Ballot]] = []

    /// An acceptor's promise as it is now.
    mutating func look(_ node: Int, promised: Ballot, isKept: Bool) -> String? {
        while kept.count <= node { kept.append(.zero) }
        guard promised >= kept[node] else {
            return "node \(node) had promised ballot \(kept[node]) and has gone back to \(promised)"
        }
        if isKept { kept[node] = promised }
        return nil
    }

    /// An acceptor holds a value that it has accepted in a ballot, or recovered.
    mutating func look(_ node: Int, _ slot: LogIndex, in ballot: Ballot, isRecovered: Bool) -> String? {
        while held.count <= node { held.append([]) }
        let place = Int(slot.rawValue)
        while held[node].count <= place { held[node].append(.zero) }
        guard held[node][place] != ballot else { return nil }
        held[node][place] = ballot
        guard !isRecovered, node < kept.count, ballot < kept[node] else { return nil }
        return "node \(node) had promised ballot \(kept[node]) and has accepted slot \(slot) in \(ballot)"
    }
}

/// Multi-Paxos's acceptors promise a ballot for all slots.
struct MultiPaxosPromises: Invariant {
    typealias Node = MultiPaxos<KeyValueStore>

    private var ledger = PromiseLedger()
    private var watches: [AcceptanceWatch] = []

    var name: String { "promises" }

    /// Looks at the acceptor that took a step.
    mutating func check(_ nodes: NodeStates<Node>, changed: Int) -> String? {
        while watches.count < nodes.count { watches.append(AcceptanceWatch()) }
        // Who has lost its promises with its disk is held to none, for it says nothing on their strength any more.
        guard nodes[changed].isVoter else { return nil }
        let isRecovered = watches[changed].isRestart(nodes, changed)
        if let range = watches[changed].changed(nodes, changed) {
            var slot = range.lowerBound
            while slot <= range.upperBound {
                let ballot = nodes[changed].slots.ballot(at: slot)
                if ballot > .zero,
                    let wrong = ledger.look(changed, slot, in: ballot, isRecovered: isRecovered)
                {
                    return wrong
                }
                slot = slot.next
            }
        }
        return ledger.look(
            changed, promised: nodes[changed].promised,
            isKept: nodes[changed].promiseTicket <= nodes[changed].durableTicket)
    }
}

/// Paxos's acceptors promise a ballot for one slot.
struct PaxosPromises: Invariant {
    typealias Node = Paxos<KeyValueStore>

    /// What each acceptor has promised durably, slot by slot from 1.
    private var kept: [[Ballot]] = []

    var name: String { "promises" }

    /// Looks at the acceptor that took a step: at the few slots after those that it knows to be decided.
    mutating func check(_ nodes: NodeStates<Node>, changed: Int) -> String? {
        while kept.count < nodes.count { kept.append([]) }
        guard nodes[changed].isVoter else { return nil }
        let first = Int(nodes[changed].decided.rawValue) + 1
        let last = max(kept[changed].count - 1, Int(nodes[changed].slots.last.rawValue))
        let isKept = max(nodes[changed].promiseTicket, nodes[changed].journal.ticket) <= nodes[changed].persistedThrough
        for place in first...max(first, max(last, first + nodes[changed].promises.count)) {
            let slot = LogIndex(UInt64(place))
            let promised = nodes[changed].promise(for: slot)
            if place < kept[changed].count, promised < kept[changed][place] {
                return
                    "node \(changed) had promised ballot \(kept[changed][place]) for slot \(slot) and has gone back to "
                    + "\(promised)"
            }
            guard isKept, promised > .zero else { continue }
            while kept[changed].count <= place { kept[changed].append(.zero) }
            kept[changed][place] = promised
        }
        return nil
    }
}
