import ProtocolKit

/// Once a write is answered, or a read that promises its value to later ones, no quorum of replicas that answer lacks its
/// tag, or a higher one, whatever crashes take from them. Since tags grow at each replica while it runs it is enough to
/// look when an operation is answered, when a replica has recovered from its disk (one that is down counts with what it
/// held: what it lost shows then), and when one that lost its disk begins to answer again.
public struct RegisterDurability: Invariant {
    /// The nodes it looks at.
    public typealias Node = RegisterReplica

    private var watch = RegisterWatch()
    /// The highest tag that was answered, by the register's number.
    private var answered: [RegisterTag] = []

    /// Before the first step.
    public init() {}

    /// The property's name.
    public var name: String { "durable-quorum" }

    /// Looks at what the node that took a step has answered.
    public mutating func check(_ nodes: NodeStates<Node>, changed: Int) -> String? {
        while watch.replicas.count < nodes.count { watch.addReplica() }
        let incarnation = watch.replicas[changed].incarnation
        let wasRecovering = watch.replicas[changed].isRecovering
        _ = watch.look(nodes, changed: changed)
        if watch.replicas[changed].incarnation != incarnation
            || wasRecovering && !watch.replicas[changed].isRecovering
        {
            for register in answered.indices {
                if let wrong = lacking(register, nodes[changed].assignment) { return wrong }
            }
        }
        guard !nodes[changed].observed.ended.isEmpty else { return nil }
        let promisesReads = nodes[changed].options.reads != .neverWriteBack
        for operation in nodes[changed].observed.ended where promisesReads || !operation.isRead {
            if let wrong = note(operation, nodes[changed].assignment) { return wrong }
        }
        return nil
    }

    private mutating func note(_ operation: RegisterOperation, _ assignment: VoteAssignment) -> String? {
        let register = watch.number(of: operation.key)
        while answered.count <= register { answered.append(.zero) }
        guard operation.tag > answered[register] else { return nil }
        answered[register] = operation.tag
        return lacking(register, assignment)
    }

    private func lacking(_ register: Int, _ assignment: VoteAssignment) -> String? {
        var votes = 0
        for place in watch.replicas.indices
        where !watch.replicas[place].isRecovering
            && watch.replicas[place].heldTag(of: register) < answered[register]
        {
            votes += assignment.votes[place]
        }
        guard votes >= min(assignment.read, assignment.write) else { return nil }
        return "an operation on \(watch.keys[register]) with tag \(answered[register]) is answered and replicas of "
            + "\(votes) votes, which are a quorum, don't hold it"
    }
}
