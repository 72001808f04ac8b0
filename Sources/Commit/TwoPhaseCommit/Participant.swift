import ByteCoding
import ProtocolKit

/// A transaction's part at a participant.
struct Branch: Sendable {
    /// Where it stands.
    enum State: Sendable {
        /// A place that waits to be used again.
        case free
        /// Has come and not yet met the locks.
        case starting
        /// Older than those that hold its locks, and waiting for them.
        case waiting
        /// Has read under locks that it keeps until its vote.
        case reading
        /// Has voted yes: only the coordinator can say how it ends.
        case prepared
    }

    var state = State.starting
    var id: TransactionID
    var age: TransactionID
    var work: Work
    var image: AfterImage?
    /// Whether it holds its locks.
    var holdsLocks = false
    /// What the prepare record has to reach before the vote may leave.
    var ticket = Ticket.none
    /// Names the locks of a reading branch.
    var stamp = UInt64(0)
    /// When it came, or when the coordinator was last asked about it.
    var since: UInt64
    var nextFree: Int32 = -1
}

/// A participant: a shard of the accounts under strict two-phase locking, its branches and its log.
///
/// Locks are taken when PREPARE or READ comes and kept until the outcome (a reading branch: until its vote, Mohan,
/// Lindsay & Obermarck 1986, section 3.2 "read-only"). A write locks its accounts; a reading or opening transaction locks
/// the shard. Under `no-wait` a conflict is a vote of no; under `wait-die` a transaction that is older than all in its
/// way waits and any other one dies (Rosenkrantz, Stearns & Lewis 1978), so no wait can close a cycle, and a retry keeps
/// its age, so that in the end it is the oldest.
struct Participant: Sendable {
    static let coordinator = NodeID(0)

    let number: Int
    let sharding: Sharding
    let settings: TwoPhaseSettings
    /// Balances by place; nil where no account is open.
    var balances: [Int64?] = []
    /// The branch that holds each account; -1 for none.
    var holders: [Int32] = []
    var branches: [Branch] = []
    var numbers: [UInt64: Int32] = [:]
    var freeBranch: Int32 = -1
    /// Waiting branches in their order.
    var waiting: [Int32] = []
    /// How many branches hold the shard or wait for it.
    var shardWide = 0
    /// How many branches hold accounts.
    var accountHolders = 0
    var decided = DecidedTransactions()
    var log: LogWriter
    var acknowledgements: [UInt64] = []
    var stamps = UInt64(0)
    var isTicking = false
    var isAcknowledging = false
    /// Decisions executed in this step, for the invariants of a simulation.
    var decidedNow: [(id: TransactionID, committed: Bool)] = []

    init(number: Int, sharding: Sharding, settings: TwoPhaseSettings) {
        self.number = number
        self.sharding = sharding
        self.settings = settings
        log = LogWriter(interval: settings.checkpointInterval)
    }

    var branchCount: Int { numbers.count }
    var sum: Int64 { balances.reduce(0) { $0 &+ ($1 ?? 0) } }

    // MARK: - From the coordinator

    mutating func receive(_ message: TwoPhaseMessage, _ now: UInt64, _ effects: inout Effects<TwoPhaseCommit>) {
        switch message {
        case .prepare(let begin), .read(let begin): self.begin(begin, now, &effects)
        case .prepareRead(let id, let stamp): voteReading(TransactionID(id), stamp, now, &effects)
        case .commit(let id): commit(TransactionID(id), now, &effects)
        case .abort(let id): abort(TransactionID(id), now, &effects)
        case .vote, .values, .acknowledge, .inquire: break
        }
        if log.isCheckpointDue { writeCheckpoint(&effects) }
    }

    private mutating func begin(
        _ begin: TwoPhaseMessage.Begin, _ now: UInt64, _ effects: inout Effects<TwoPhaseCommit>
    ) {
        decided.forget(below: begin.oldest)
        if let known = numbers[begin.id.rawValue] {
            return answerAgain(known, &effects)
        }
        guard begin.id >= decided.oldest, decided.outcome(of: begin.id) == nil else { return }
        guard numbers.count < settings.branchLimit else {
            return vote(.no(.unavailable), begin.id, after: .none, &effects)
        }
        let index = add(Branch(id: begin.id, age: begin.age, work: begin.work, since: now))
        lock(index, now, &effects)
        armTick(now, &effects)
    }

    /// A PREPARE or READ that came twice: the same vote again, no earlier than the first; the same values under the same
    /// locks.
    private mutating func answerAgain(_ index: Int32, _ effects: inout Effects<TwoPhaseCommit>) {
        let branch = branches[Int(index)]
        switch (branch.state, branch.work) {
        case (.prepared, _): vote(.yes, branch.id, after: branch.ticket, &effects)
        case (.reading, .read(let first, let count)):
            guard let values = read(first, count) else { return }
            let message = TwoPhaseMessage.values(id: branch.id.rawValue, stamp: branch.stamp, values: values)
            effects.send(message, to: Self.coordinator)
        default: break
        }
    }

    /// Takes the branch's locks and goes on, or waits for them, or dies.
    private mutating func lock(_ index: Int32, _ now: UInt64, _ effects: inout Effects<TwoPhaseCommit>) {
        switch conflict(of: index) {
        case .none:
            takeLocks(index)
            execute(index, now, &effects)
            if !waiting.isEmpty { wake(now, &effects) }
        case .wait:
            branches[Int(index)].state = .waiting
            waiting.append(index)
            if branches[Int(index)].work.isShardWide { shardWide += 1 }
        case .die: refuse(index, .lockConflict, &effects)
        }
    }

    /// Does the work under the branch's locks and votes, or answers what was read.
    mutating func execute(_ index: Int32, _ now: UInt64, _ effects: inout Effects<TwoPhaseCommit>) {
        let branch = branches[Int(index)]
        switch branch.work {
        case .read(let first, let count):
            guard let values = read(first, count) else { return refuse(index, .noSuchAccount, &effects) }
            stamps += 1
            branches[Int(index)].state = .reading
            branches[Int(index)].stamp = stamps
            let message = TwoPhaseMessage.values(id: branch.id.rawValue, stamp: stamps, values: values)
            effects.send(message, to: Self.coordinator)
        case .post(let first, let second):
            switch imageOf(first, second) {
            case .success(let image): prepare(index, image, &effects)
            case .failure(let reason): refuse(index, reason.reason, &effects)
            }
        case .open(let first, let count, let balance):
            prepare(index, .open(first: first, count: count, balance: balance), &effects)
        }
    }

    private mutating func prepare(_ index: Int32, _ image: AfterImage, _ effects: inout Effects<TwoPhaseCommit>) {
        let branch = branches[Int(index)]
        let record = PrepareRecord(age: branch.age, image: image)
        let ticket = log.append(.prepare, branch.id, payload: record.encoded(), &effects)
        branches[Int(index)].state = .prepared
        branches[Int(index)].image = image
        branches[Int(index)].ticket = ticket
        if settings.mutation == .releaseBeforeDecision { releaseLocks(index) }
        vote(.yes, branch.id, after: settings.mutation == .forgetPrepare ? .none : ticket, &effects)
    }

    /// Sends a vote. One of yes carries the acknowledgements that wait: their commit records lie before the prepare
    /// record, so they are durable when it is.
    private mutating func vote(
        _ vote: Vote, _ id: TransactionID, after ticket: Ticket, _ effects: inout Effects<TwoPhaseCommit>
    ) {
        var carried: [UInt64] = []
        if vote == .yes, ticket == effects.lastTicket, !acknowledgements.isEmpty {
            swap(&carried, &acknowledgements)
        }
        effects.send(
            .vote(TwoPhaseMessage.Ballot(id: id, vote: vote, acknowledged: carried)), to: Self.coordinator,
            after: ticket)
    }

    /// Votes no and forgets: nothing is written, since no record means abort.
    mutating func refuse(_ index: Int32, _ reason: AbortReason, _ effects: inout Effects<TwoPhaseCommit>) {
        vote(.no(reason), branches[Int(index)].id, after: .none, &effects)
        remove(index)
    }

    /// A reading branch's vote: the locks under which its values were read are still held, and are now let go.
    private mutating func voteReading(
        _ id: TransactionID, _ stamp: UInt64, _ now: UInt64, _ effects: inout Effects<TwoPhaseCommit>
    ) {
        guard let index = numbers[id.rawValue], branches[Int(index)].state == .reading,
            branches[Int(index)].stamp == stamp
        else {
            return vote(.no(.locksLost), id, after: .none, &effects)
        }
        vote(.readOnly, id, after: .none, &effects)
        remove(index)
        wake(now, &effects)
    }

    // MARK: - Outcomes

    private mutating func commit(_ id: TransactionID, _ now: UInt64, _ effects: inout Effects<TwoPhaseCommit>) {
        guard let index = numbers[id.rawValue], branches[Int(index)].state == .prepared else {
            // Executed before; its record may still be on its way to the disk.
            return effects.send(.acknowledge([id.rawValue]), to: Self.coordinator, after: effects.lastTicket)
        }
        if let image = branches[Int(index)].image { apply(image) }
        _ = log.append(.commit, id, &effects)
        finish(index, committed: true)
        acknowledgements.append(id.rawValue)
        if acknowledgements.count >= settings.acknowledgementBatch {
            sendAcknowledgements(&effects)
        } else if !isAcknowledging {
            isAcknowledging = true
            effects.setTimer(TwoPhaseCommit.acknowledgementTimer, at: now + settings.acknowledgementDelay)
        }
        wake(now, &effects)
    }

    mutating func sendAcknowledgements(_ effects: inout Effects<TwoPhaseCommit>) {
        guard !acknowledgements.isEmpty else { return }
        effects.send(.acknowledge(acknowledgements), to: Self.coordinator, after: effects.lastTicket)
        acknowledgements.removeAll()
    }

    private mutating func abort(_ id: TransactionID, _ now: UInt64, _ effects: inout Effects<TwoPhaseCommit>) {
        guard let index = numbers[id.rawValue] else { return }
        if branches[Int(index)].state == .prepared {
            log.appendLazily(.abort, id, &effects)
            finish(index, committed: false)
        } else {
            remove(index)
        }
        wake(now, &effects)
    }

    mutating func finish(_ index: Int32, committed: Bool) {
        let id = branches[Int(index)].id
        decided.record(id, committed: committed)
        decidedNow.append((id, committed))
        remove(index)
    }

    /// Whether a branch has been in doubt or unheard of for long: asks what became of it, or lets it go where it has
    /// promised nothing.
    mutating func tick(_ now: UInt64, _ effects: inout Effects<TwoPhaseCommit>) {
        isTicking = false
        var removed = false
        for index in branches.indices where now - min(now, branches[index].since) >= settings.inquiryInterval {
            switch branches[index].state {
            case .prepared:
                branches[index].since = now
                effects.count(.outcomeInquired)
                effects.send(.inquire(id: branches[index].id.rawValue), to: Self.coordinator)
            case .waiting, .reading:
                guard now - branches[index].since >= 2 * settings.voteTimeout else { continue }
                remove(Int32(index))
                removed = true
            case .free, .starting: break
            }
        }
        if removed { wake(now, &effects) }
        armTick(now, &effects)
    }

    /// The link to the coordinator is up again: who is in doubt need not wait to ask.
    mutating func linkUp(_ node: NodeID, _ now: UInt64, _ effects: inout Effects<TwoPhaseCommit>) {
        guard node == Self.coordinator else { return }
        for index in branches.indices where branches[index].state == .prepared {
            branches[index].since = now
            effects.count(.outcomeInquired)
            effects.send(.inquire(id: branches[index].id.rawValue), to: node)
        }
    }

    mutating func armTick(_ now: UInt64, _ effects: inout Effects<TwoPhaseCommit>) {
        guard !isTicking, !numbers.isEmpty else { return }
        isTicking = true
        effects.setTimer(TwoPhaseCommit.tickTimer, at: now + settings.inquiryInterval)
    }
}
