import ByteCoding
import ProtocolKit

/// A transaction at the coordinator.
struct Transaction: Sendable {
    /// Where it stands.
    enum State: Sendable {
        /// A place that waits to be used again.
        case free
        /// PREPARE is out.
        case voting
        /// READ is out.
        case reading
        /// All values are in and PREPARE is out: the locks must have lasted until the vote.
        case votingRead
        /// Decided; its commit record is written or being written; acknowledgements are out.
        case committed
        /// Aborted for a lock conflict, to be tried again.
        case resting
    }

    var state: State
    var id: TransactionID
    var age: TransactionID
    var operation: BankOperation
    /// Whom to answer; nil once answered, or after a restart.
    var client: RequestToken?
    var participants: ParticipantSet
    /// Who has voted or sent values.
    var heard = ParticipantSet()
    var acknowledged = ParticipantSet()
    var retries = 0
    /// When the current phase began.
    var since: UInt64
    /// When what isn't answered was last sent.
    var sent: UInt64
    /// The commit record's.
    var ticket = Ticket.none
    var reads: [(stamp: UInt64, values: [Int64])] = []
    var nextFree: Int32 = -1
}

/// The coordinator: begins transactions, collects votes, decides.
///
/// Presumed abort (Mohan, Lindsay & Obermarck 1986, section 3): only a commit is recorded, and forced before anybody is
/// told. An abort is told to those that may have prepared, neither recorded nor acknowledged, and forgotten; whoever asks
/// about a transaction that the coordinator doesn't know is told that it aborted. A commit is sent again until every
/// participant has acknowledged; then an end record, not forced, lets it be forgotten.
struct Coordinator: Sendable {
    let sharding: Sharding
    let settings: TwoPhaseSettings
    var transactions: [Transaction] = []
    var numbers: [UInt64: Int32] = [:]
    var freeTransaction: Int32 = -1
    var incarnation = UInt64(0)
    var counter = UInt64(0)
    /// Transactions in the order of their numbers; those that have ended are skipped.
    var order: [TransactionID] = []
    var head = 0
    /// Places of resting transactions, in the order of their return.
    var resting: [(place: Int32, id: TransactionID, until: UInt64)] = []
    var log: LogWriter
    var isTicking = false

    init(sharding: Sharding, settings: TwoPhaseSettings) {
        self.sharding = sharding
        self.settings = settings
        log = LogWriter(interval: settings.checkpointInterval)
    }

    var transactionCount: Int { numbers.count }

    // MARK: - From clients

    mutating func begin(
        _ operation: BankOperation, _ client: RequestToken, _ now: UInt64, _ effects: inout Effects<TwoPhaseCommit>
    ) {
        if case .transfer(_, let from, let to, _) = operation, from == to {
            return effects.reply(.refused(.rejected("the accounts are the same")), to: client)
        }
        guard numbers.count < settings.transactionLimit, order.count - head < settings.spanLimit else {
            effects.count(.refused)
            return effects.reply(.refused(.overloaded), to: client)
        }
        let id = nextID()
        let place = add(
            Transaction(
                state: .voting, id: id, age: id, operation: operation, client: client,
                participants: participants(of: operation), since: now, sent: now))
        start(place, now, &effects)
        armTick(now, &effects)
    }

    private mutating func nextID() -> TransactionID {
        counter += 1
        return TransactionID(incarnation: incarnation, counter: counter)
    }

    private func participants(of operation: BankOperation) -> ParticipantSet {
        var set = ParticipantSet()
        switch operation {
        case .transfer(_, let from, let to, _):
            set.insert(sharding.participant(of: from))
            set.insert(sharding.participant(of: to))
        case .audit: set = .all(sharding.participants)
        case .open(let first, let count, _), .balances(let first, let count):
            for offset in 0..<min(count, UInt32(sharding.participants)) {
                set.insert(sharding.participant(of: first + offset))
            }
        }
        return set
    }

    /// Sends PREPARE or READ to every participant.
    mutating func start(_ place: Int32, _ now: UInt64, _ effects: inout Effects<TwoPhaseCommit>) {
        let transaction = transactions[Int(place)]
        let isReading = transaction.operation.isReading
        transactions[Int(place)].state = isReading ? .reading : .voting
        transactions[Int(place)].since = now
        transactions[Int(place)].sent = now
        if isReading {
            transactions[Int(place)].reads = Array(repeating: (0, []), count: sharding.participants)
        }
        let oldest = oldestUnderWay()
        for participant in 0..<sharding.participants where transaction.participants.contains(participant) {
            sendBegin(place, participant, oldest, &effects)
        }
    }

    private func sendBegin(
        _ place: Int32, _ participant: Int, _ oldest: TransactionID, _ effects: inout Effects<TwoPhaseCommit>
    ) {
        let transaction = transactions[Int(place)]
        let begin = TwoPhaseMessage.Begin(
            id: transaction.id, age: transaction.age, oldest: oldest,
            work: work(of: transaction.operation, at: participant))
        let isReading = transaction.operation.isReading
        effects.send(isReading ? .read(begin) : .prepare(begin), to: Sharding.node(of: participant))
    }

    /// Sends a participant again what it hasn't answered; it takes nothing twice.
    mutating func sendAgain(_ place: Int32, _ participant: Int, _ effects: inout Effects<TwoPhaseCommit>) {
        let transaction = transactions[Int(place)]
        guard transaction.participants.contains(participant) else { return }
        switch transaction.state {
        case .voting, .reading:
            guard !transaction.heard.contains(participant) else { return }
            sendBegin(place, participant, oldestUnderWay(), &effects)
        case .votingRead:
            guard !transaction.heard.contains(participant) else { return }
            let stamp = transaction.reads[participant].stamp
            effects.send(
                .prepareRead(id: transaction.id.rawValue, stamp: stamp), to: Sharding.node(of: participant))
        case .committed:
            guard !transaction.acknowledged.contains(participant) else { return }
            effects.send(
                .commit(id: transaction.id.rawValue), to: Sharding.node(of: participant), after: transaction.ticket)
        case .free, .resting: break
        }
    }

    /// A link is up again: what was sent before may be lost.
    mutating func linkUp(_ node: NodeID, _ effects: inout Effects<TwoPhaseCommit>) {
        let participant = Int(node.rawValue) - 1
        guard participant >= 0, participant < sharding.participants else { return }
        for id in underWay {
            if let place = numbers[id.rawValue] { sendAgain(place, participant, &effects) }
        }
    }

    private func work(of operation: BankOperation, at participant: Int) -> Work {
        switch operation {
        case .transfer(_, let from, let to, let amount):
            let debit = Posting(account: from, delta: -amount)
            let credit = Posting(account: to, delta: amount)
            guard sharding.participant(of: from) == participant else { return .post(credit, nil) }
            return .post(debit, sharding.participant(of: to) == participant ? credit : nil)
        case .audit: return .read(first: 0, count: 0)
        case .balances(let first, let count): return .read(first: first, count: count)
        case .open(let first, let count, let balance):
            return .open(first: first, count: count, balance: balance)
        }
    }

    // MARK: - From participants

    mutating func receive(
        _ message: TwoPhaseMessage, from node: NodeID, _ now: UInt64, _ effects: inout Effects<TwoPhaseCommit>
    ) {
        let participant = Int(node.rawValue) - 1
        guard participant >= 0, participant < sharding.participants else { return }
        switch message {
        case .vote(let ballot):
            for id in ballot.acknowledged { acknowledge(TransactionID(id), participant, &effects) }
            vote(ballot.vote, ballot.id, participant, now, &effects)
        case .values(let id, let stamp, let values):
            take(values, stamp, TransactionID(id), participant, now, &effects)
        case .acknowledge(let ids):
            for id in ids { acknowledge(TransactionID(id), participant, &effects) }
        case .inquire(let id): inform(TransactionID(id), participant, &effects)
        case .prepare, .read, .prepareRead, .commit, .abort: break
        }
        if log.isCheckpointDue { writeCheckpoint(&effects) }
    }

    private mutating func vote(
        _ vote: Vote, _ id: TransactionID, _ participant: Int, _ now: UInt64,
        _ effects: inout Effects<TwoPhaseCommit>
    ) {
        guard let place = numbers[id.rawValue] else {
            // Forgotten, so aborted: whoever has voted yes need not wait until it asks.
            if vote == .yes { effects.send(.abort(id: id.rawValue), to: Sharding.node(of: participant)) }
            return
        }
        let transaction = transactions[Int(place)]
        guard transaction.participants.contains(participant) else { return }
        switch (transaction.state, vote) {
        case (.voting, .yes):
            transactions[Int(place)].heard.insert(participant)
            if transactions[Int(place)].heard == transaction.participants { commit(place, now, &effects) }
        case (.votingRead, .readOnly):
            transactions[Int(place)].heard.insert(participant)
            if transactions[Int(place)].heard == transaction.participants { finishReading(place, &effects) }
        case (.voting, .no(let reason)), (.reading, .no(let reason)), (.votingRead, .no(let reason)):
            abort(place, reason, except: participant, now, &effects)
        case (.committed, .yes):
            // A vote that came twice; its participant may not have heard.
            effects.send(.commit(id: id.rawValue), to: Sharding.node(of: participant), after: transaction.ticket)
        default: break
        }
    }

    /// The commit point: the record is forced, then the client and the participants are told.
    mutating func commit(_ place: Int32, _ now: UInt64, _ effects: inout Effects<TwoPhaseCommit>) {
        let transaction = transactions[Int(place)]
        let record = DecisionRecord(participants: transaction.participants)
        let ticket = log.append(.commit, transaction.id, payload: record.encoded(), &effects)
        transactions[Int(place)].state = .committed
        transactions[Int(place)].since = now
        transactions[Int(place)].sent = now
        transactions[Int(place)].ticket = ticket
        transactions[Int(place)].client = nil
        effects.count(.transactionCommitted)
        if let client = transaction.client {
            let isEarly = settings.mutation == .replyBeforeForce
            effects.reply(.result(.committed), to: client, after: isEarly ? .none : ticket)
        }
        for participant in 0..<sharding.participants { sendAgain(place, participant, &effects) }
    }

    private mutating func acknowledge(
        _ id: TransactionID, _ participant: Int, _ effects: inout Effects<TwoPhaseCommit>
    ) {
        guard let place = numbers[id.rawValue], transactions[Int(place)].state == .committed else { return }
        transactions[Int(place)].acknowledged.insert(participant)
        guard transactions[Int(place)].acknowledged == transactions[Int(place)].participants else { return }
        log.appendLazily(.end, id, &effects)
        remove(place)
    }

    /// An abort needs no record. Tells those that may have prepared; a lock conflict is tried again with the same age.
    mutating func abort(
        _ place: Int32, _ reason: AbortReason, except refuser: Int?, _ now: UInt64,
        _ effects: inout Effects<TwoPhaseCommit>
    ) {
        let transaction = transactions[Int(place)]
        for participant in 0..<sharding.participants
        where transaction.participants.contains(participant) && participant != refuser {
            effects.send(.abort(id: transaction.id.rawValue), to: Sharding.node(of: participant))
        }
        if reason == .lockConflict || reason == .locksLost, transaction.retries < settings.retries {
            return rest(place, now, &effects)
        }
        effects.count(.transactionAborted)
        if let client = transaction.client { effects.reply(.result(.aborted(reason)), to: client) }
        remove(place)
    }

    /// The answer to a participant in doubt. An undecided transaction isn't answered: the participant asks again.
    private func inform(_ id: TransactionID, _ participant: Int, _ effects: inout Effects<TwoPhaseCommit>) {
        let node = Sharding.node(of: participant)
        guard let place = numbers[id.rawValue] else {
            let presumed: TwoPhaseMessage =
                settings.mutation == .presumeCommitOnInquiry ? .commit(id: id.rawValue) : .abort(id: id.rawValue)
            return effects.send(presumed, to: node)
        }
        let transaction = transactions[Int(place)]
        guard transaction.state == .committed else { return }
        effects.send(.commit(id: id.rawValue), to: node, after: transaction.ticket)
    }
}

extension BankOperation {
    /// Whether it writes nothing.
    var isReading: Bool {
        switch self {
        case .audit, .balances: true
        case .transfer, .open: false
        }
    }
}
