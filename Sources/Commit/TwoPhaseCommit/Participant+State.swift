import ByteCoding
import ProtocolKit

/// Why a participant can't do its part.
struct Impossible: Error {
    var reason: AbortReason
}

extension Participant {
    func balance(of account: UInt32) -> Int64? {
        let place = sharding.place(of: account)
        return place < balances.count ? balances[place] : nil
    }

    /// The new balances of a branch that may be prepared.
    func imageOf(_ first: Posting, _ second: Posting?) -> Result<AfterImage, Impossible> {
        guard let balance = balance(of: first.account) else { return .failure(Impossible(reason: .noSuchAccount)) }
        let after = balance &+ first.delta
        guard after >= 0 else { return .failure(Impossible(reason: .insufficientFunds)) }
        guard let second else { return .success(.balance(account: first.account, balance: after)) }
        guard let other = self.balance(of: second.account) else {
            return .failure(Impossible(reason: .noSuchAccount))
        }
        let otherAfter = other &+ second.delta
        guard otherAfter >= 0 else { return .failure(Impossible(reason: .insufficientFunds)) }
        return .success(
            .balances(account: first.account, balance: after, other: second.account, otherBalance: otherAfter))
    }

    /// The balances of a range in order, or the sum of all for an empty range; nil where an account isn't open.
    func read(_ first: UInt32, _ count: UInt32) -> [Int64]? {
        guard count > 0 else { return [sum] }
        var values: [Int64] = []
        for place in sharding.places(first: first, count: count, at: number) {
            guard place < balances.count, let balance = balances[place] else { return nil }
            values.append(balance)
        }
        return values
    }

    mutating func apply(_ image: AfterImage) {
        switch image {
        case .balance(let account, let balance): set(account, balance)
        case .balances(let account, let balance, let other, let otherBalance):
            set(account, balance)
            set(other, otherBalance)
        case .open(let first, let count, let balance):
            let places = sharding.places(first: first, count: count, at: number)
            grow(to: places.upperBound)
            for place in places where balances[place] == nil { balances[place] = balance }
        }
    }

    private mutating func set(_ account: UInt32, _ balance: Int64) {
        let place = sharding.place(of: account)
        grow(to: place + 1)
        balances[place] = balance
    }

    private mutating func grow(to count: Int) {
        guard count > balances.count else { return }
        balances.append(contentsOf: repeatElement(nil, count: count - balances.count))
        holders.append(contentsOf: repeatElement(-1, count: count - holders.count))
    }

    // MARK: - Checkpoint and recovery

    /// Puts balances, remembered decisions and prepared branches in the log's place.
    mutating func writeCheckpoint(_ effects: inout Effects<TwoPhaseCommit>) {
        var writer = ByteWriter(capacity: 64 + 8 * balances.count)
        writer.write(UInt32(balances.count))
        for balance in balances { writer.write(balance ?? Int64.min) }
        writer.write(decided.oldest.rawValue)
        let remembered = decided.all
        writer.write(UInt32(remembered.count))
        for decision in remembered {
            writer.write(decision.id)
            writer.write(UInt8(decision.committed ? 1 : 0))
        }
        let prepared = branches.filter { $0.state == .prepared }
        writer.write(UInt32(prepared.count))
        for branch in prepared {
            guard let image = branch.image else { preconditionFailure("a prepared branch knows what it will write") }
            writer.write(branch.id.rawValue)
            PrepareRecord(age: branch.age, image: image).encode(into: &writer)
        }
        log.writeCheckpoint(writer, &effects)
    }

    /// Rebuilds the state from the disk: prepared branches are in doubt, hold their locks again, and ask the coordinator.
    mutating func recover(
        _ recovery: Recovery, _ now: UInt64, _ effects: inout Effects<TwoPhaseCommit>
    ) throws(WireError) {
        stamps = recovery.incarnation << 32
        log.resume(recovery)
        if let snapshot = recovery.snapshot { try restore(snapshot.data) }
        for record in recovery.logAfterCheckpoint { try redo(record) }
        // Asked on the first tick, which is no sooner than the link can be up.
        for index in branches.indices { branches[index].since = now }
        armTick(now, &effects)
    }

    private mutating func restore(_ data: Bytes) throws(WireError) {
        try data.withUnsafeBytes { (region) throws(WireError) in
            var reader = ByteReader(region)
            let places = try reader.readCount(limit: Int(BankRequest.accountLimit), of: "number of accounts")
            grow(to: places)
            for place in 0..<places {
                let balance = try reader.read(Int64.self)
                balances[place] = balance == .min ? nil : balance
            }
            decided.forget(below: TransactionID(try reader.read()))
            for _ in 0..<(try reader.readCount(limit: 1 << 28, of: "number of decisions")) {
                let id = TransactionID(try reader.read())
                decided.record(id, committed: try reader.readBool())
            }
            for _ in 0..<(try reader.readCount(limit: 1 << 24, of: "number of branches")) {
                let id = TransactionID(try reader.read())
                restorePrepared(id, try PrepareRecord(from: &reader))
            }
            try reader.expectEnd()
        }
    }

    private mutating func redo(_ record: LogRecord) throws(WireError) {
        let id = TransactionID(record.tag)
        switch RecordKind(rawValue: record.kind) {
        case .prepare: restorePrepared(id, try PrepareRecord(decoding: record.payload))
        case .commit:
            guard let index = numbers[id.rawValue] else { return }
            if let image = branches[Int(index)].image { apply(image) }
            finish(index, committed: true)
        case .abort:
            guard let index = numbers[id.rawValue] else { return }
            finish(index, committed: false)
        case .end, nil: throw .unknownTag(what: "participant's log record", value: UInt64(record.kind))
        }
    }

    private mutating func restorePrepared(_ id: TransactionID, _ record: PrepareRecord) {
        var branch = Branch(id: id, age: record.age, work: record.image.work, since: 0)
        branch.state = .prepared
        branch.image = record.image
        let index = add(branch)
        takeLocks(index)
    }
}

extension AfterImage {
    /// The work whose locks the image needs; only the accounts count, not the amounts.
    var work: Work {
        switch self {
        case .balance(let account, _): .post(Posting(account: account, delta: 0), nil)
        case .balances(let account, _, let other, _):
            .post(Posting(account: account, delta: 0), Posting(account: other, delta: 0))
        case .open(let first, let count, let balance): .open(first: first, count: count, balance: balance)
        }
    }
}
