import ByteCoding
import ProtocolKit

/// Follows what replicas hold in memory and on disk, from what their steps say that they have written.
struct RegisterWatch {
    /// One replica, over all its incarnations.
    struct Replica {
        var incarnation = UInt64(0)
        /// Whether it lost its disk and doesn't answer yet.
        var isRecovering = false
        /// The tag it holds of each register, by the register's number.
        var held: [RegisterTag] = []
        /// The highest that is durable and that the replica knows to be.
        var durable: [RegisterTag] = []
        private var waiting = Fifo<Write>()
        private var persistedThrough = Ticket.none

        private struct Write {
            let ticket: Ticket
            let register: Int
            let tag: RegisterTag
        }

        fileprivate mutating func start(in incarnation: UInt64, isReplaced: Bool) {
            self.incarnation = incarnation
            if isReplaced { durable = [] }
            held = []
            waiting.removeAll()
            persistedThrough = .none
        }

        fileprivate mutating func note(_ register: Int, _ tag: RegisterTag, after ticket: Ticket) {
            while held.count <= register { held.append(.zero) }
            while durable.count <= register { durable.append(.zero) }
            held[register] = tag
            if ticket <= persistedThrough {
                durable[register] = tag
            } else {
                waiting.append(Write(ticket: ticket, register: register, tag: tag))
            }
        }

        fileprivate mutating func persist(through ticket: Ticket) {
            guard ticket > persistedThrough else { return }
            persistedThrough = ticket
            while let write = waiting.first, write.ticket <= ticket {
                durable[write.register] = write.tag
                waiting.removeFirst()
            }
        }

        func heldTag(of register: Int) -> RegisterTag { register < held.count ? held[register] : .zero }
    }

    /// A change of what a replica holds.
    enum Finding {
        /// A register went back within one incarnation.
        case wentBack(register: Int, from: RegisterTag, to: RegisterTag)
        /// After a restart a register holds less than was durable.
        case lost(register: Int, durable: RegisterTag, found: RegisterTag)
    }

    private(set) var replicas: [Replica] = []
    /// The registers' keys, by their numbers.
    private(set) var keys: [Bytes] = []
    private var numbers: [Bytes: Int] = [:]

    /// The number of a register.
    mutating func number(of key: Bytes) -> Int {
        if let number = numbers[key] { return number }
        let copy = key.compacted()
        numbers[copy] = keys.count
        keys.append(copy)
        return keys.count - 1
    }

    /// Makes room for a replica that hasn't started.
    mutating func addReplica() { replicas.append(Replica()) }

    /// Looks at the replica that took a step. What it is told first is the first thing wrong, if anything.
    mutating func look(_ nodes: NodeStates<RegisterReplica>, changed: Int) -> Finding? {
        while replicas.count < nodes.count { addReplica() }
        if nodes[changed].incarnation != replicas[changed].incarnation { return restart(nodes, changed) }
        replicas[changed].persist(through: nodes[changed].persistedThrough)
        replicas[changed].isRecovering = nodes[changed].hardState.isRecovering
        guard !nodes[changed].observed.written.isEmpty else { return nil }
        for position in nodes[changed].observed.written {
            let register = number(of: nodes[changed].store.key(at: position))
            let tag = nodes[changed].store.tag(at: position)
            let before = replicas[changed].heldTag(of: register)
            replicas[changed].note(register, tag, after: nodes[changed].store.ticket(at: position))
            if tag < before { return .wentBack(register: register, from: before, to: tag) }
        }
        return nil
    }

    private mutating func restart(_ nodes: NodeStates<RegisterReplica>, _ changed: Int) -> Finding? {
        let isReplaced =
            nodes[changed].hardState.replacements.incarnation(at: changed) == nodes[changed].incarnation
        replicas[changed].start(in: nodes[changed].incarnation, isReplaced: isReplaced)
        replicas[changed].isRecovering = nodes[changed].hardState.isRecovering
        let durable = replicas[changed].durable
        for shard in nodes[changed].store.shards.indices {
            for item in nodes[changed].store.shards[shard].items {
                replicas[changed].note(number(of: item.key), item.tag, after: .none)
            }
        }
        for register in durable.indices where replicas[changed].heldTag(of: register) < durable[register] {
            let found = replicas[changed].heldTag(of: register)
            return .lost(register: register, durable: durable[register], found: found)
        }
        return nil
    }
}

/// The properties of replicated registers.
enum RegisterInvariants {
    static var all: [InvariantCheck<RegisterReplica>] {
        [
            InvariantCheck(RegisterTagsGrow()), InvariantCheck(RegisterTagUniqueness()),
            InvariantCheck(RegisterDurability()), InvariantCheck(RegisterAtomicity()),
        ]
    }
}
