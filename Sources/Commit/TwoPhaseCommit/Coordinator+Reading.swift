import ProtocolKit

extension Coordinator {
    /// Takes what a participant read. When all have, every lock is held at once: the instant at which the transaction
    /// reads. That the locks lasted until then is what the votes say.
    mutating func take(
        _ values: [Int64], _ stamp: UInt64, _ id: TransactionID, _ participant: Int, _ now: UInt64,
        _ effects: inout Effects<TwoPhaseCommit>
    ) {
        guard let place = numbers[id.rawValue] else {
            return effects.send(.abort(id: id.rawValue), to: Sharding.node(of: participant))
        }
        let transaction = transactions[Int(place)]
        guard transaction.state == .reading, transaction.participants.contains(participant),
            !transaction.heard.contains(participant)
        else { return }
        transactions[Int(place)].reads[participant] = (stamp, values)
        transactions[Int(place)].heard.insert(participant)
        guard transactions[Int(place)].heard == transaction.participants else { return }
        transactions[Int(place)].state = .votingRead
        transactions[Int(place)].heard = ParticipantSet()
        transactions[Int(place)].since = now
        transactions[Int(place)].sent = now
        for participant in 0..<sharding.participants where transaction.participants.contains(participant) {
            let stamp = transactions[Int(place)].reads[participant].stamp
            effects.send(.prepareRead(id: id.rawValue, stamp: stamp), to: Sharding.node(of: participant))
        }
    }

    /// All votes are read-only: there is no second phase and nothing to write down.
    mutating func finishReading(_ place: Int32, _ effects: inout Effects<TwoPhaseCommit>) {
        let transaction = transactions[Int(place)]
        effects.count(.transactionCommitted)
        if let client = transaction.client {
            effects.reply(.result(result(of: transaction)), to: client)
        }
        remove(place)
    }

    private func result(of transaction: Transaction) -> BankResult {
        guard case .balances(let first, let count) = transaction.operation else {
            return .values(transaction.reads.map { $0.values.first ?? 0 })
        }
        var taken = Array(repeating: 0, count: sharding.participants)
        var values: [Int64] = []
        for account in first..<first + count {
            let participant = sharding.participant(of: account)
            let own = transaction.reads[participant].values
            guard taken[participant] < own.count else { return .aborted(.noSuchAccount) }
            values.append(own[taken[participant]])
            taken[participant] += 1
        }
        return .values(values)
    }
}
