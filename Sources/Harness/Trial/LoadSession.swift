import Dispatch
import LoopbackRuntime
import Measurement
import ProtocolKit
import Workload

/// Makes a trial's load on one event loop: users who each do one thing at a time, on connections that they share.
///
/// A closed loop starts a user's next operation when the last has ended. An open loop starts operations at times fixed
/// beforehand and takes latency from these: an operation that finds no free user waits, and its wait counts.
final class LoadSession<System: ClusterSystem>: @unchecked Sendable {  // everything mutable is confined to the loop
    typealias Offer = System.Offer

    struct User {
        var source: Offer.Source
        var client: Int
        /// What is kept of the operation under way; nil where there is none.
        var note: Offer.Note?
        var intended: UInt64 = 0
        var sent: UInt64 = 0
        var kind = 0
    }

    /// A user's next operation that isn't due yet.
    struct Delayed {
        var due: UInt64
        var user: Int
        var operation: Offer.Operation?
    }

    let plan: PlannedTrial
    /// The plan with the times and the seed of the turn under way.
    private var turn: PlannedTrial
    private var isInterrupted = false
    let loop: EventLoop
    let clients: ClientHost<System.Client>
    var users: ContiguousArray<User> = []
    var recorder: LoadRecorder<Offer>
    var phase = LoadPhase.prologue
    var started: UInt64 = 0
    var busyUsers = 0
    var delayed: ContiguousArray<Delayed> = []
    var arrivals: OpenArrivals?
    /// The trace to replay, where the plan names one.
    let trace: ArrivalTrace?
    /// Each client's pause.
    private let think: [ThinkTime]
    private var thinking: SeededGenerator
    var idleUsers = IdleUsers(all: 0)
    var backlog = Backlog()
    var issued = 0
    var deadline = UInt64.max
    var script: OperationScript<Offer>?
    var failure: TrialError?
    /// Told on the loop whenever a phase begins, with the time.
    var onPhase: @Sendable (LoadPhase, UInt64) -> Void = { _, _ in }

    init(
        system: System, plan: PlannedTrial, addresses: [SocketAddress], preferred: NodeID, loop: EventLoop,
        trace: ArrivalTrace? = nil
    ) {
        self.plan = plan
        turn = plan
        self.loop = loop
        self.trace = trace
        think = (0..<plan.clients).map(plan.think(ofClient:))
        thinking = SeededGenerator(seed: plan.seed).split(0x7468_696E_6B)
        clients = ClientHost(loop: loop, addresses: addresses)
        let judge = plan.isJudged ? Offer.Judge(options: plan.workload, promise: system.consistency) : nil
        recorder = LoadRecorder(clients: plan.clients, judge: judge)
        if !plan.faults.isEmpty { recorder.availability = AvailabilityLedger(plan, kinds: Offer.kinds) }
        let members = addresses.indices.map { NodeID(UInt32($0)) }
        let userCount = plan.clients * plan.inFlight
        loop.queue.sync {
            clients.activate()
            // The session owns the host, and this is called for every operation.
            clients.onComplete = { [unowned(unsafe) self] in ended(client: $0, $1, $2, at: $3) }
            for number in 0..<plan.clients {
                let client = system.makeClient(
                    number: number, members: members, preferred: preferred,
                    timeoutNanoseconds: plan.timeoutNanoseconds)
                let place = clients.add(client, seed: plan.seed &+ UInt64(number) &* 7919)
                clients.connect(place, to: preferred)
            }
            for number in 0..<userCount {
                users.append(
                    User(
                        source: Offer.Source(
                            user: number, users: userCount, options: plan.load(ofClient: number % plan.clients)),
                        client: number % plan.clients))
            }
            idleUsers = IdleUsers(all: userCount)
            loop.onTimer(next: { [unowned self] in nextDeadline }) { [unowned self] _ in pump() }
        }
    }

    /// Begins with the prologue; then the load rests.
    func begin() {
        loop.perform { [self] in
            if plan.subject == .external {
                let loads = Set((0..<plan.clients).map(plan.load(ofClient:))).sorted { "\($0.mix)" < "\($1.mix)" }
                script = OperationScript(loads.flatMap(Offer.Source.cleanup(options:)), mustSucceed: true)
                script?.isCleanup = true
            } else {
                script = prologue
            }
            advanceScript()
        }
    }

    var prologue: OperationScript<Offer> {
        OperationScript(Offer.Source.prologue(options: plan.workload), mustSucceed: true)
    }

    /// Makes load: before the window for some time, then measured, until all that is under way has ended. Only called
    /// while the load rests, which it does again afterwards.
    func take(_ turn: LoadTurn) {
        loop.perform { [self] in
            guard phase == .rest else { return }
            self.turn.warmUpNanoseconds = turn.warmUpNanoseconds
            self.turn.windowNanoseconds = turn.windowNanoseconds
            self.turn.seed = turn.seed
            beginLoad()
            // Asked for just before: this turn ends at once.
            if isInterrupted { cutShort() }
        }
    }

    /// Reads the final state for the judge and ends. Only called while the load rests.
    func finish() {
        loop.perform { [self] in
            guard phase == .rest else { return }
            enter(.epilogue, MonotonicClock.now())
            script = OperationScript(
                plan.isJudged ? Offer.Source.epilogue(options: plan.workload) : [], mustSucceed: false)
            advanceScript()
        }
    }

    /// Ends the turn early, and the prologue: the window closes now, what is under way ends.
    func interrupt() {
        loop.perform { [self] in
            isInterrupted = true
            cutShort()
        }
    }

    private func cutShort() {
        let now = MonotonicClock.now()
        switch phase {
        case .prologue: end(now)
        case .warmUp:
            (recorder.windowStart, recorder.windowEnd) = (now, now)
            beginDrain(now)
        case .window:
            recorder.windowEnd = min(recorder.windowEnd, now)
            beginDrain(now)
        case .rest, .drain, .epilogue, .ended: break
        }
    }

    /// Closes the connections. Nothing of the session runs afterwards.
    func close() {
        loop.queue.sync {
            clients.stop()
            loop.stop()
        }
    }

    // MARK: Phases

    private func enter(_ next: LoadPhase, _ now: UInt64) {
        phase = next
        onPhase(next, now)
    }

    func beginRest() { enter(.rest, MonotonicClock.now()) }

    private func beginLoad() {
        let now = MonotonicClock.now()
        started = now
        recorder.beginWindow(at: now + turn.warmUpNanoseconds, nanoseconds: turn.windowNanoseconds)
        enter(.warmUp, now)
        switch plan.arrival {
        case .closed:
            for user in users.indices where users[user].note == nil { startNext(user, intended: now, at: now) }
        default: openArrivals()
        }
    }

    private func openArrivals() {
        do {
            arrivals = try OpenArrivals.of(turn, trace: trace, from: started)
        } catch {
            preconditionFailure("the arrivals were checked with the plan: \(error)")
        }
    }

    private func passWindowBounds(_ now: UInt64) {
        if phase == .warmUp, now >= recorder.windowStart { enter(.window, now) }
        if phase == .window, now >= recorder.windowEnd { beginDrain(now) }
    }

    private func beginDrain(_ now: UInt64) {
        admitArrivals(dueBy: min(now, recorder.windowEnd &- 1), now)
        enter(.drain, now)
        deadline = now + plan.timeoutNanoseconds + .seconds(1)
        arrivals = nil
        // Follow-ups (a release after a grant) still happen; new operations don't.
        for place in delayed.indices where delayed[place].operation == nil { busyUsers -= 1 }
        delayed.removeAll { $0.operation == nil }
        endDrainIfDone(now)
    }

    private func endDrainIfDone(_ now: UInt64) {
        guard phase == .drain, now >= deadline || (busyUsers == 0 && backlog.isEmpty && delayed.isEmpty) else { return }
        for user in users where user.note != nil && recorder.isCounted(user.intended) {
            recorder.account.inFlightAtEnd &+= 1
        }
        recorder.account.dropped &+= backlog.countAll { recorder.isCounted($0) }
        backlog.removeAll()
        recorder.closeAccounts()
        enter(.rest, now)
    }

    func end(_ now: UInt64) {
        guard phase != .ended else { return }
        enter(.ended, now)
    }

    // MARK: Operations

    /// Starts a user's next operation of its own.
    private func startNext(_ user: Int, intended: UInt64, at now: UInt64) {
        if let limit = plan.requests, issued >= limit {
            if busyUsers == 0, phase <= .window {
                recorder.windowEnd = min(recorder.windowEnd, now)
                if phase == .warmUp { recorder.windowStart = min(recorder.windowStart, now) }
                beginDrain(now)
            }
            return
        }
        issued += 1
        let (operation, note) = users[user].source.nextNoted()
        start(user, operation, note, intended: intended, at: now)
    }

    private func start(
        _ user: Int, _ operation: consuming Offer.Operation, _ note: Offer.Note, intended: UInt64, at now: UInt64
    ) {
        busyUsers += 1
        users[user].kind = Offer.kind(of: operation)
        users[user].note = note
        users[user].intended = intended
        users[user].sent = now
        if recorder.isCounted(intended) { recorder.account.offered &+= 1 }
        clients.invoke(users[user].client, OperationID(UInt64(user)), consume operation, at: now)
    }

    private func ended(client: Int, _ id: OperationID, _ completion: Completion<Offer.Result>, at received: UInt64) {
        let number = Int(truncatingIfNeeded: id.rawValue)
        guard number < users.count else { return scriptEnded(id, completion, at: received) }
        guard let note = users[number].note.take() else { return }
        busyUsers -= 1
        recorder.ended(
            kind: users[number].kind, client: users[number].client, user: number, note: note,
            completion: completion, intended: users[number].intended, sent: users[number].sent, received: received)
        if phase == .warmUp || phase == .window { passWindowBounds(received) }
        if let (next, delay) = users[number].source.followUp(note, completion) {
            if delay == 0 {
                start(number, next, Offer.note(of: next), intended: received, at: received)
            } else {
                wait(number, next, until: received + delay)
            }
            return
        }
        freed(number, at: received)
    }

    /// A user has nothing under way.
    private func freed(_ user: Int, at now: UInt64) {
        switch (plan.arrival, phase) {
        case (.closed, .warmUp), (.closed, .window):
            let pause = think[users[user].client].next(&thinking)
            if pause == 0 { startNext(user, intended: now, at: now) } else { wait(user, nil, until: now + pause) }
        case (.closed, _): endDrainIfDone(now)
        default:
            if let arrival = backlog.popFirst() {
                if recorder.isCounted(arrival) { recorder.backPressureWait.record(now &- arrival) }
                startArrived(user, arrival, at: now)
            } else {
                idleUsers.append(user)
                endDrainIfDone(now)
            }
        }
    }

    private func startArrived(_ user: Int, _ intended: UInt64, at now: UInt64) {
        issued += 1
        // Counted as offered when it arrived, not when it starts.
        if recorder.isCounted(intended) { recorder.account.offered &-= 1 }
        let (operation, note) = users[user].source.nextNoted()
        start(user, operation, note, intended: intended, at: now)
    }

    private func wait(_ user: Int, _ operation: Offer.Operation?, until due: UInt64) {
        busyUsers += 1
        delayed.append(Delayed(due: due, user: user, operation: operation))
        var child = delayed.count - 1
        while child > 0, delayed[(child - 1) / 2].due > delayed[child].due {
            delayed.swapAt(child, (child - 1) / 2)
            child = (child - 1) / 2
        }
    }

    private func popDelayed(_ now: UInt64) -> Delayed? {
        guard let first = delayed.first, first.due <= now else { return nil }
        delayed.swapAt(0, delayed.count - 1)
        delayed.removeLast()
        var parent = 0
        while 2 * parent + 1 < delayed.count {
            var child = 2 * parent + 1
            if child + 1 < delayed.count, delayed[child + 1].due < delayed[child].due { child += 1 }
            guard delayed[child].due < delayed[parent].due else { break }
            delayed.swapAt(child, parent)
            parent = child
        }
        return first
    }

    // MARK: Time

    private var nextDeadline: UInt64 {
        var next = delayed.first?.due ?? .max
        switch phase {
        case .warmUp: next = min(next, recorder.windowStart)
        case .window: next = min(next, recorder.windowEnd)
        case .drain, .epilogue: next = min(next, deadline)
        case .prologue, .rest, .ended: break
        }
        if let arrivals { next = min(next, arrivals.next) }
        return next
    }

    /// Takes in what the schedule says has arrived: each gets a free user or waits for one.
    private func admitArrivals(dueBy time: UInt64, _ now: UInt64) {
        while let arrival = arrivals?.popDue(time) {
            if let limit = plan.requests, issued >= limit {
                arrivals = nil
                recorder.windowEnd = min(recorder.windowEnd, arrival)
                return
            }
            let isCounted = recorder.isCounted(arrival)
            if isCounted {
                recorder.account.offered &+= 1
                recorder.wakeLateness.record(now &- arrival)
            }
            if let user = idleUsers.popFirst() {
                if isCounted { recorder.backPressureWait.record(0) }
                startArrived(user, arrival, at: now)
            } else if !backlog.append(arrival), isCounted {
                recorder.account.dropped &+= 1
            }
        }
    }

    private func pump() {
        var now = MonotonicClock.now()
        if phase == .warmUp || phase == .window { passWindowBounds(now) }
        admitArrivals(dueBy: now, now)
        now = MonotonicClock.now()
        while let entry = popDelayed(now) {
            busyUsers -= 1
            if let operation = entry.operation {
                start(entry.user, operation, Offer.note(of: operation), intended: entry.due, at: now)
            } else if phase <= .window {
                startNext(entry.user, intended: entry.due, at: now)
            }
        }
        if phase == .drain { endDrainIfDone(now) }
        if phase == .epilogue, now >= deadline { end(now) }
    }
}
