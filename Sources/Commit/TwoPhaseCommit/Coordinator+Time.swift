import ByteCoding
import ProtocolKit

extension Coordinator {
    // MARK: - Time

    /// Gives up on votes that are overdue and sends again what isn't answered.
    mutating func tick(_ now: UInt64, _ effects: inout Effects<TwoPhaseCommit>) {
        isTicking = false
        for id in underWay {
            guard let place = numbers[id.rawValue] else { continue }
            let transaction = transactions[Int(place)]
            let age = now - min(now, transaction.since)
            switch transaction.state {
            case .voting where age >= settings.voteTimeout && settings.mutation == .commitOnMissingVote:
                commit(place, now, &effects)
            case .voting where age >= settings.voteTimeout, .reading where age >= settings.voteTimeout,
                .votingRead where age >= settings.voteTimeout:
                abort(place, .unavailable, except: nil, now, &effects)
            case _ where now - min(now, transaction.sent) >= settings.inquiryInterval:
                transactions[Int(place)].sent = now
                for participant in 0..<sharding.participants { sendAgain(place, participant, &effects) }
            default: break
            }
        }
        armTick(now, &effects)
    }

    mutating func armTick(_ now: UInt64, _ effects: inout Effects<TwoPhaseCommit>) {
        guard !isTicking, !numbers.isEmpty else { return }
        isTicking = true
        effects.setTimer(TwoPhaseCommit.tickTimer, at: now + settings.inquiryInterval)
    }

    /// Sets a transaction aside for a short while, under a new number and with its old age.
    mutating func rest(_ place: Int32, _ now: UInt64, _ effects: inout Effects<TwoPhaseCommit>) {
        var transaction = transactions[Int(place)]
        remove(place)
        counter += 1
        transaction.id = TransactionID(incarnation: incarnation, counter: counter)
        transaction.state = .resting
        transaction.retries += 1
        transaction.heard = ParticipantSet()
        transaction.reads = []
        let id = transaction.id
        let renewed = add(transaction)
        let until = now + settings.retryDelay
        if resting.isEmpty { effects.setTimer(TwoPhaseCommit.retryTimer, at: until) }
        resting.append((renewed, id, until))
    }

    /// Tries those again whose rest is over.
    mutating func retry(_ now: UInt64, _ effects: inout Effects<TwoPhaseCommit>) {
        let due = resting.prefix { $0.until <= now }
        resting.removeFirst(due.count)
        for (place, id, _) in due {
            assert(numbers[id.rawValue] == place, "nothing else ends a resting transaction")
            start(place, now, &effects)
        }
        if let next = resting.first { effects.setTimer(TwoPhaseCommit.retryTimer, at: next.until) }
    }

    // MARK: - Transactions

    /// The numbers under way, and some that have ended, as they are now: whoever goes through them may end and begin
    /// transactions, which moves ``order``.
    var underWay: [TransactionID] { Array(order[head...]) }

    /// The smallest number under way; the next one where nothing is.
    mutating func oldestUnderWay() -> TransactionID {
        while head < order.count, numbers[order[head].rawValue] == nil { head += 1 }
        if head >= 1_024, head * 2 >= order.count {
            order.removeSubrange(0..<head)
            head = 0
        }
        return head < order.count ? order[head] : TransactionID(incarnation: incarnation, counter: counter + 1)
    }

    mutating func add(_ transaction: Transaction) -> Int32 {
        let place: Int32
        if freeTransaction >= 0 {
            place = freeTransaction
            freeTransaction = transactions[Int(place)].nextFree
            transactions[Int(place)] = transaction
        } else {
            place = Int32(transactions.count)
            transactions.append(transaction)
        }
        numbers[transaction.id.rawValue] = place
        order.append(transaction.id)
        return place
    }

    mutating func remove(_ place: Int32) {
        numbers[transactions[Int(place)].id.rawValue] = nil
        transactions[Int(place)].state = .free
        transactions[Int(place)].reads = []
        transactions[Int(place)].nextFree = freeTransaction
        freeTransaction = place
    }

    // MARK: - Checkpoint and recovery

    /// Puts the commits that aren't acknowledged by all in the log's place.
    mutating func writeCheckpoint(_ effects: inout Effects<TwoPhaseCommit>) {
        var writer = ByteWriter(capacity: 1024)
        let open = transactions.filter { $0.state == .committed }
        writer.write(UInt32(open.count))
        for transaction in open.sorted(by: { $0.id < $1.id }) {
            writer.write(transaction.id.rawValue)
            DecisionRecord(participants: transaction.participants).encode(into: &writer)
        }
        log.writeCheckpoint(writer, &effects)
    }

    /// Finds the commits that aren't acknowledged by all, and sends them again; everything else has aborted.
    mutating func recover(
        _ recovery: Recovery, _ now: UInt64, _ effects: inout Effects<TwoPhaseCommit>
    ) throws(WireError) {
        incarnation = recovery.incarnation
        log.resume(recovery)
        if let snapshot = recovery.snapshot {
            try snapshot.data.withUnsafeBytes { (region) throws(WireError) in
                var reader = ByteReader(region)
                for _ in 0..<(try reader.readCount(limit: 1 << 24, of: "number of commits")) {
                    let id = TransactionID(try reader.read())
                    restoreCommitted(id, try DecisionRecord(from: &reader), now)
                }
                try reader.expectEnd()
            }
        }
        for record in recovery.logAfterCheckpoint {
            let id = TransactionID(record.tag)
            switch RecordKind(rawValue: record.kind) {
            case .commit: restoreCommitted(id, try DecisionRecord(decoding: record.payload), now)
            case .end:
                if let place = numbers[id.rawValue] { remove(place) }
            case .prepare, .abort, nil:
                throw .unknownTag(what: "coordinator's log record", value: UInt64(record.kind))
            }
        }
        armTick(now, &effects)
    }

    private mutating func restoreCommitted(_ id: TransactionID, _ record: DecisionRecord, _ now: UInt64) {
        _ = add(
            Transaction(
                state: .committed, id: id, age: id, operation: .audit, client: nil,
                participants: record.participants, since: now, sent: now))
    }
}
