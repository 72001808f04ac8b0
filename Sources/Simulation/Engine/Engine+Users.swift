import ProtocolKit
import Workload

extension Engine {
    /// Steps a client and does what it wants done.
    @inlinable
    func stepClient(_ index: Int, _ input: ClientInput<Client>, cause: Cause) {
        steps &+= 1
        if trace.isOn { trace.line(now, "c\(index) \(input)") }
        clients[index].step(input, at: SimulatedClock().now(now), effects: &clientEffects)
        guard !clientEffects.list.isEmpty else { return }
        var list: [ClientEffect<Client>] = []
        swap(&list, &clientEffects.list)
        if list.count > 1 { list.reverse() }
        while let effect = list.popLast() {
            switch effect {
            case .request(let content, let id, let server):
                request(content, id: id, from: index, to: server, cause: cause)
            case .complete(let operation, let completion):
                complete(operation, completion, client: index, cause: cause)
            case .setTimer(let timer, let deadline):
                let time = max(deadline, now)
                if clientTimers[index].set(timer, at: time) {
                    queue.push(.clientTimer, at: time, target: index, payload: timer.rawValue)
                }
            case .cancelTimer(let timer): clientTimers[index].cancel(timer)
            }
        }
        swap(&list, &clientEffects.list)
    }

    @inlinable
    func clientTimer(_ index: Int, _ timer: UInt32) {
        switch clientTimers[index].event(timer, at: now) {
        case .due: stepClient(index, .timer(TimerID(timer)), cause: Cause())
        case .later(let time): queue.push(.clientTimer, at: time, target: index, payload: timer)
        case .stale: break
        }
    }

    /// Lets a user start its next operation after a time.
    @inlinable
    func scheduleUser(_ user: Int, after delay: UInt64) {
        guard !users[user].isScheduled else { return }
        users[user].isScheduled = true
        queue.push(.user, at: now &+ delay, target: 0, payload: UInt32(user))
    }

    /// A pause before a user's next operation; longer after one that wasn't answered.
    @inlinable
    func drawPause(_ user: Int, afterError: Bool) -> UInt64 {
        if options.countsCosts { return CostMeter.pauseNanoseconds }
        let mean = Double(options.thinkNanoseconds)
        let isLong = users[user].random.chance(0.25)
        return 1
            &+ UInt64(users[user].random.exponential(mean: afterError ? 2 * mean : isLong ? 3.7 * mean : mean / 10))
    }

    @inlinable
    func userGoesOn(_ user: Int) {
        users[user].isScheduled = false
        guard users[user].current == nil, let operation = nextOperation(user) else { return }
        users[user].current = operation
        operationCount &+= 1
        let number = operationCount &* UInt64(users.count) &+ UInt64(user)
        users[user].operation = number
        users[user].sent = now
        underWay += 1
        var cause = Cause()
        if options.countsCosts {
            cause.operation = UInt32(truncatingIfNeeded: operationCount)
            meter.begin(operation: cause.operation, isInLoad: phase == .chaos)
        }
        stepClient(user / options.usersPerClient, .invoke(OperationID(number), operation), cause: cause)
    }

    @inlinable
    func nextOperation(_ user: Int) -> Offer.Operation? {
        switch phase {
        case .prologue, .epilogue:
            return user == 0 && scriptPosition < script.count ? script[scriptPosition] : nil
        case .chaos:
            if let operation = users[user].followUp.take() { return operation }
            guard started < options.operations else { return nil }
            started += 1
            return users[user].source.next()
        case .recovery:
            if let operation = users[user].followUp.take() { return operation }
            guard users[user].answeredInRecovery < options.livenessOperations else { return nil }
            return users[user].source.next()
        case .quiet, .finished: return nil
        }
    }

    @inlinable
    func complete(_ id: OperationID, _ completion: Completion<Client.Result>, client: Int, cause: Cause) {
        let user = Int(id.rawValue % UInt64(users.count))
        guard users[user].operation == id.rawValue, user / options.usersPerClient == client,
            let operation = users[user].current.take()
        else {
            violate("contract", "client \(client) ends operation \(id), which isn't under way")
            return
        }
        underWay -= 1
        let note = Offer.note(of: operation)
        judge.record(
            client: client, user: user, note: note, completion: completion, sent: users[user].sent,
            received: now)
        if trace.isOn { trace.line(now, "c\(client) user \(user): \(operation) -> \(completion)") }
        var isAnswered = false
        switch completion {
        case .answered:
            answered += 1
            isAnswered = true
        case .failed: failed += 1
        case .indeterminate: indeterminate += 1
        }
        if options.countsCosts {
            meter.end(
                kind: Offer.kind(of: operation), isAnswered: isAnswered, cause: cause, sent: users[user].sent,
                received: now)
        }
        goOn(user, note, completion, isAnswered: isAnswered)
    }

    @inlinable
    func goOn(
        _ user: Int, _ note: Offer.Note, _ completion: Completion<Offer.Result>, isAnswered: Bool
    ) {
        if phase == .prologue || phase == .epilogue {
            if isAnswered { scriptPosition += 1 }
            if scriptPosition < script.count {
                scheduleUser(0, after: drawPause(0, afterError: !isAnswered))
            } else {
                phase == .prologue ? beginChaos() : beginQuiet()
            }
            return
        }
        if phase == .recovery, isAnswered { users[user].answeredInRecovery += 1 }
        if let (next, delay) = users[user].source.followUp(note, completion) {
            users[user].followUp = next
            scheduleUser(user, after: max(delay, options.countsCosts ? CostMeter.pauseNanoseconds : 1))
        } else if phase == .chaos
            ? started < options.operations : users[user].answeredInRecovery < options.livenessOperations
        {
            scheduleUser(user, after: drawPause(user, afterError: !isAnswered))
        }
        if phase == .chaos, started >= options.operations { beginRecovery() }
        if phase == .recovery { endRecoveryIfDone() }
    }
}
