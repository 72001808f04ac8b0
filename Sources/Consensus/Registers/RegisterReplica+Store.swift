import ByteCoding
import ProtocolKit

// The second phase, as the coordinator goes through it.
extension RegisterReplica {
    /// Begins the second phase of the operations that wait for it: all replicas write at the same time.
    mutating func beginStores(at now: Now, effects: inout Effects<Self>) {
        while !storing.isEmpty, rounds.stores < options.window {
            let (operations, bytes) = batch(from: &storing) {
                RegisterEntry.byteCount(key: $0.keyCount, value: $0.storedCount)
            }
            let body = storeBody(of: operations, bytes)
            let number = begin(.store, operations, quorum: storeQuorum, body: body, at: now, effects: &effects)
            let ticket = keep(body, effects: &effects)
            if assignment.votes[place] == 0 { continue }
            if ticket <= persistedThrough || options.mutation == .skipSync {
                countStored(number, from: place, effects: &effects)
            } else {
                ownStores.append(OwnStore(ticket: ticket, round: number))
            }
        }
    }

    private var storeQuorum: Int {
        options.mutation == .acknowledgeBeforeQuorum ? min(1, assignment.votes[place]) : assignment.write
    }

    private func storeBody(of operations: ContiguousArray<RegisterOperation>, _ bytes: Int) -> Bytes {
        var writer = ByteWriter(capacity: bytes)
        for operation in operations {
            operation.withKey { key in
                if options.mutation == .staleWriteBack, operation.isRead,
                    let position = store.find(key, hash: stableHash(key))
                {
                    let tag = store.tag(at: position)
                    return store.value(at: position).withUnsafeBytes {
                        RegisterEntry.write(tag, key: key, value: $0, into: &writer)
                    }
                }
                operation.withStored { RegisterEntry.write(operation.tag, key: key, value: $0, into: &writer) }
            }
        }
        return writer.bytes()
    }

    /// A weak representative keeps what a client has read through it, so that the next read of the same version needs no
    /// value from the others (Gifford 1979, section 2.5).
    mutating func cache(_ operation: RegisterOperation, effects: inout Effects<Self>) {
        let position = operation.withKey { store.find($0, hash: stableHash($0)) }
        if let position, store.tag(at: position) >= operation.tag { return }
        _ = keep(storeBody(of: [operation], operation.keyCount + operation.storedCount), effects: &effects)
    }

    /// Some rounds' entries are durable at a replica.
    mutating func count(
        _ acknowledgement: RegisterAcknowledgement, from sender: Int, effects: inout Effects<Self>
    ) {
        guard isCurrent(acknowledgement.replacements, from: sender, effects: &effects) else { return }
        for round in acknowledgement.rounds {
            if let number = roundNumber(round) { countStored(number, from: sender, effects: &effects) }
        }
    }

    /// A round's entries are durable at a replica; with a quorum of them the clients are answered.
    mutating func countStored(_ number: UInt64, from place: Int, effects: inout Effects<Self>) {
        guard rounds.phase(of: number) == .store else { return }
        let bit = UInt64(1) << UInt64(place)
        guard rounds[number].answered & bit == 0 || options.mutation == .countTwice else { return }
        rounds[number].answered |= bit
        rounds[number].votes += assignment.votes[place]
        guard rounds[number].votes >= rounds[number].quorum else { return }
        for operation in rounds.end(number) {
            finish(operation, operation.isRead ? .value(operation.value) : .done, effects: &effects)
        }
    }
}

// What a replica does for coordinators, itself included.
extension RegisterReplica {
    /// Keeps entries that are newer than what is held.
    ///
    /// - Returns: the ticket after which all of it, or what is newer, is durable.
    mutating func keep(_ body: Bytes, effects: inout Effects<Self>) -> Ticket {
        var last = Ticket.none
        body.withUnsafeBytes { region in
            var reader = ByteReader(region)
            while reader.remaining > 0 {
                let start = region.count - reader.remaining
                guard let entry = try? RegisterEntry(from: &reader) else { return }
                let ticket = keep(entry, record: body[start..<start + entry.byteCount], effects: &effects)
                last = max(last, ticket)
            }
        }
        return last
    }

    private mutating func keep(_ entry: RegisterEntry, record: Bytes, effects: inout Effects<Self>) -> Ticket {
        let hash = stableHash(entry.key)
        let found = store.find(entry.key, hash: hash)
        if let found, store.tag(at: found) >= entry.tag {
            guard options.mutation == .overwriteNewer, store.tag(at: found) > entry.tag else {
                return store.ticket(at: found)
            }
        }
        lastIndex = lastIndex.next
        let ticket = effects.append(LogRecord(index: lastIndex, tag: 0, kind: RegisterRecord.entry, payload: record))
        bytesSinceSnapshot &+= record.count
        if let found {
            store.replace(at: found, with: entry, ticket: ticket)
            observed.written.append(found)
        } else {
            observed.written.append(store.insert(entry, hash: hash, ticket: ticket))
        }
        return ticket
    }

    /// A coordinator's second phase. It is acknowledged at the end of the turn, once everything is durable.
    mutating func keep(_ request: RegisterStoreRequest, from sender: Int, effects: inout Effects<Self>) {
        let ticket = keep(request.body, effects: &effects)
        owed[sender].rounds.append(request.round)
        owed[sender].ticket = max(owed[sender].ticket, ticket)
    }

    /// One acknowledgement for each coordinator, for all that the turn has stored for it.
    mutating func acknowledge(effects: inout Effects<Self>) {
        for place in owed.indices where !owed[place].rounds.isEmpty {
            let message = RegisterAcknowledgement(
                replacements: hardState.replacements, rounds: owed[place].rounds)
            let ticket = options.mutation == .skipSync ? .none : max(owed[place].ticket, hardStateTicket)
            effects.send(.stored(message), to: members[place], after: ticket)
            owed[place] = OwedAcknowledgement()
        }
    }

    /// A coordinator's first phase. What is held and not yet durable is told as such: a read may return it, since it will
    /// write it back, but must not take it for agreed.
    mutating func answer(_ query: RegisterQuery, to coordinator: NodeID, effects: inout Effects<Self>) {
        guard !hardState.isRecovering else { return }
        var writer = ByteWriter(capacity: query.count * 24)
        query.body.withUnsafeBytes { region in
            var reader = ByteReader(region)
            for _ in 0..<query.count {
                guard let item = try? QueryItem(from: &reader) else { return }
                answer(item, into: &writer)
            }
        }
        let message = RegisterAnswer(
            round: query.round, replacements: hardState.replacements, count: query.count, body: writer.bytes())
        effects.send(.answer(message), to: coordinator, after: hardStateTicket)
    }

    private func answer(_ item: QueryItem, into writer: inout ByteWriter) {
        guard let position = store.find(item.key, hash: stableHash(item.key)) else {
            writer.write(RegisterAnswer.Holding.durable.rawValue)
            return writer.write(RegisterTag.zero)
        }
        let tag = store.tag(at: position)
        var holding: RegisterAnswer.Holding = isDurable(position) ? .durable : []
        if tag > item.known { holding.insert(writer.count < RegisterLimits.answerBytes ? .value : .omitted) }
        writer.write(holding.rawValue)
        writer.write(tag)
        guard holding.contains(.value) else { return }
        let value = store.value(at: position)
        writer.write(UInt32(value.count))
        value.withUnsafeBytes { writer.write(raw: $0) }
    }
}

/// The kinds of record in a replica's log.
enum RegisterRecord {
    /// A ``RegisterEntry``.
    static let entry = UInt8(1)
}
