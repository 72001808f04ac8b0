import ByteCoding
import ProtocolKit

// The first phase, as the coordinator goes through it.
extension RegisterReplica {
    /// Begins the first phase of what has been gathered.
    mutating func beginQueries(at now: Now, effects: inout Effects<Self>) {
        for queue in 0..<2 {
            while !gathered[queue].isEmpty, rounds.queries < options.window {
                let (operations, bytes) = batch(from: &gathered[queue]) { QueryItem.headerBytes + $0.keyCount }
                let quorum = queryQuorum(ofWrites: queue == 1)
                beginQuery(operations, bytes, quorum: quorum, at: now, effects: &effects)
            }
        }
    }

    private func queryQuorum(ofWrites: Bool) -> Int {
        switch options.mutation {
        case .ownVersion where ofWrites: 0
        case .countRepresentatives: assignment.voters.count / 2 + 1
        default: ofWrites ? assignment.write : assignment.read
        }
    }

    /// The votes that a replica's answer counts for.
    private func queryVotes(of place: Int) -> Int {
        let votes = assignment.votes[place]
        return options.mutation == .countRepresentatives ? min(votes, 1) : votes
    }

    /// The own replica answers at once; where that isn't a quorum the others are asked.
    private mutating func beginQuery(
        _ gathered: ContiguousArray<RegisterOperation>, _ bytes: Int, quorum: Int, at now: Now,
        effects: inout Effects<Self>
    ) {
        var operations = gathered
        let votes = hardState.isRecovering ? 0 : queryVotes(of: place)
        for position in operations.indices { look(&operations[position], votes: votes) }
        if votes >= quorum { return finishQuery(operations, effects: &effects) }
        let body = queryBody(of: operations, bytes)
        let number = begin(.query, operations, quorum: quorum, body: body, at: now, effects: &effects)
        guard votes > 0 else { return }
        rounds[number].votes = votes
        rounds[number].answered = 1 << UInt64(place)
    }

    private func queryBody(of operations: ContiguousArray<RegisterOperation>, _ bytes: Int) -> Bytes {
        var writer = ByteWriter(capacity: bytes)
        for operation in operations {
            writer.write(operation.isRead ? operation.tag : .highest)
            writer.write(UInt32(operation.keyCount))
            operation.withKey { writer.write(raw: $0) }
        }
        return writer.bytes()
    }

    /// What the own replica holds, for an operation.
    private func look(_ operation: inout RegisterOperation, votes: Int) {
        operation.restart()
        let position = operation.withKey { store.find($0, hash: stableHash($0)) }
        guard let position else {
            operation.agreeingVotes = votes
            return
        }
        operation.tag = store.tag(at: position)
        if isDurable(position) { operation.agreeingVotes = votes }
        if operation.isRead { operation.value = Bytes(store.value(at: position)) }
    }

    /// Forgets all answers to a round but the own replica's.
    mutating func restart(_ number: UInt64) {
        let own = rounds[number].answered & 1 << UInt64(place)
        let isQuery = rounds[number].phase == .query
        let votes = own == 0 ? 0 : isQuery ? queryVotes(of: place) : assignment.votes[place]
        rounds[number].answered = own
        rounds[number].votes = votes
        guard isQuery else { return }
        for position in rounds[number].operations.indices {
            var operation = rounds[number].operations[position]
            look(&operation, votes: votes)
            rounds[number].operations[position] = operation
        }
    }

    /// Whether what a register holds can be relied on to survive.
    func isDurable(_ position: RegisterPosition) -> Bool {
        store.ticket(at: position) <= persistedThrough || options.mutation == .assumeDurable
    }

    /// An answer to a query.
    mutating func count(_ answer: RegisterAnswer, from sender: Int, effects: inout Effects<Self>) {
        guard isCurrent(answer.replacements, from: sender, effects: &effects) else { return }
        guard let number = roundNumber(answer.round), rounds.phase(of: number) == .query else { return }
        let bit = UInt64(1) << UInt64(sender)
        guard rounds[number].answered & bit == 0 || options.mutation == .countTwice,
            rounds[number].operations.count == answer.count
        else { return }
        let votes = queryVotes(of: sender)
        rounds[number].answered |= bit
        rounds[number].votes += votes
        Self.merge(answer.body, into: &rounds[number].operations, votes: votes)
        guard rounds[number].votes >= rounds[number].quorum else { return }
        finishQuery(rounds.end(number), effects: &effects)
    }

    /// Takes what a replica holds into account; the body was checked when it was decoded.
    private static func merge(
        _ body: Bytes, into operations: inout ContiguousArray<RegisterOperation>, votes: Int
    ) {
        body.withUnsafeBytes { region in
            var reader = ByteReader(region)
            for position in operations.indices {
                guard let item = try? AnswerItem(from: &reader, of: region.count) else { return }
                if item.tag < operations[position].tag { continue }
                if item.tag > operations[position].tag {
                    operations[position].tag = item.tag
                    operations[position].agreeingVotes = 0
                    operations[position].hasValue = item.holding.contains(.value)
                    operations[position].value = body[item.value]
                } else if !operations[position].hasValue, item.holding.contains(.value) {
                    operations[position].hasValue = true
                    operations[position].value = body[item.value]
                }
                if item.holding.contains(.durable) { operations[position].agreeingVotes += votes }
            }
        }
    }

    /// A quorum has answered: writes get their tags, reads are answered or written back.
    private mutating func finishQuery(
        _ operations: ContiguousArray<RegisterOperation>, effects: inout Effects<Self>
    ) {
        for var operation in operations {
            if !operation.isRead {
                operation.tag = nextTag(after: operation.tag, effects: &effects)
                storing.append(operation)
            } else if operation.tag == .zero {
                // Nothing was found and there is nothing to write back: every replica holds as much.
                finish(operation, .absent, effects: &effects)
            } else if !operation.hasValue {
                gathered[0].insert(operation, at: 0)
            } else if mustWriteBack(operation) {
                effects.count(.writtenBack)
                storing.append(operation)
            } else {
                if assignment.votes[place] == 0 { cache(operation, effects: &effects) }
                finish(operation, .value(operation.value), effects: &effects)
            }
        }
    }

    private func mustWriteBack(_ operation: RegisterOperation) -> Bool {
        if options.mutation == .skipWriteBack { return false }
        switch options.reads {
        case .alwaysWriteBack: return true
        case .writeBackUnlessAgreed: return operation.agreeingVotes < assignment.write
        case .neverWriteBack: return false
        }
    }

    /// A tag that is higher than what a write has found and that was never given out before.
    private mutating func nextTag(after found: RegisterTag, effects: inout Effects<Self>) -> RegisterTag {
        tagCounter &+= 1
        if tagCounter > RegisterTag.counterLimit || found.sequence >= RegisterTag.sequenceLimit {
            halt("the tags of an incarnation are used up; restart the node", effects: &effects)
        }
        let sequence = found.sequence + 1
        switch options.mutation {
        case .forgetWriter: return RegisterTag(sequence: sequence, node: NodeID(0), incarnation: 0, counter: 0)
        case .forgetIncarnation:
            return RegisterTag(sequence: sequence, node: id, incarnation: 0, counter: tagCounter)
        case .forgetCounter: return RegisterTag(sequence: sequence, node: id, incarnation: incarnation, counter: 0)
        default: return RegisterTag(sequence: sequence, node: id, incarnation: incarnation, counter: tagCounter)
        }
    }
}
