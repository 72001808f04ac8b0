import ProtocolKit
import Workload

extension Engine {
    /// Starts all users and the faults.
    @usableFromInline
    func beginChaos() {
        phase = .chaos
        script = []
        scriptPosition = 0
        if trace.isOn { trace.line(now, "-- operations and faults begin") }
        queue.push(.phaseEnd, at: now + options.chaosLimitNanoseconds, target: 0, payload: Phase.chaos.rawValue)
        beginFaults()
        for user in users.indices { scheduleUser(user, after: drawPause(user, afterError: false)) }
        guard options.operations == 0 else { return }
        beginRecovery()
        endRecoveryIfDone()
    }

    /// Heals everything, or a quorum; from now on everything must be answered.
    @usableFromInline
    func beginRecovery() {
        phase = .recovery
        healSome()
        guard !isBeyondRepair else {
            liveness = .notChecked("more nodes are lost for good than can be done without")
            phase = .finished
            return
        }
        queue.push(
            .phaseEnd, at: now + options.livenessLimitNanoseconds, target: 0, payload: Phase.recovery.rawValue)
        for user in users.indices where users[user].current == nil {
            scheduleUser(user, after: drawPause(user, afterError: false))
        }
    }

    @usableFromInline
    func endRecoveryIfDone() {
        guard phase == .recovery, underWay == 0 else { return }
        for user in users.indices {
            if users[user].answeredInRecovery < options.livenessOperations || users[user].followUp != nil { return }
        }
        phase = .epilogue
        script = Offer.Source.epilogue(options: workload)
        scriptPosition = 0
        if trace.isOn { trace.line(now, "-- the epilogue begins") }
        guard !script.isEmpty else { return beginQuiet() }
        queue.push(
            .phaseEnd, at: now + options.livenessLimitNanoseconds, target: 0, payload: Phase.epilogue.rawValue)
        scheduleUser(0, after: 1)
    }

    /// A phase has taken all the time it may.
    @usableFromInline
    func phaseTimeIsUp(_ number: UInt32) {
        guard number == phase.rawValue else { return }
        switch phase {
        case .chaos:
            beginRecovery()
            endRecoveryIfDone()
        case .prologue:
            liveness = .violated("the prologue isn't done: \(scriptPosition) of \(script.count) operations answered")
            phase = .finished
        case .recovery:
            let silent = users.indices.filter {
                users[$0].current != nil || users[$0].answeredInRecovery < options.livenessOperations
            }
            let first = silent.first ?? 0
            liveness = .violated(
                "\(silent.count) of \(users.count) users not answered in time after all faults were healed; "
                    + "user \(first) has \(users[first].answeredInRecovery) answers"
                    + (users[first].current.map { " and waits for \($0)" } ?? ""))
            phase = .finished
        case .epilogue:
            liveness = .violated("the epilogue isn't done: \(scriptPosition) of \(script.count) operations answered")
            phase = .finished
        case .quiet, .finished: break
        }
    }

    /// Takes down what is still under way and closes the trace.
    @usableFromInline
    func finish() {
        if phase != .finished, violation == nil, queue.heap.isEmpty {
            liveness = .violated("nothing is left to happen and \(underWay) operations are under way")
        }
        for user in users.indices {
            guard let operation = users[user].current.take() else { continue }
            indeterminate += 1
            judge.record(
                client: user / options.usersPerClient, user: user,
                note: Offer.note(of: operation), completion: .indeterminate(.timedOut), sent: users[user].sent,
                received: now)
        }
        guard trace.isOn else { return }
        for index in members.indices {
            guard nodes.isUp(index) else {
                trace.line(now, "n\(index) down")
                continue
            }
            let status = nodes[index].status
            let facts = status.facts.map { " \($0.name):\($0.value)" }.joined()
            trace.line(now, "n\(index) role:\(status.role)\(facts)")
        }
    }

    /// Everything that the run has to say.
    @usableFromInline
    func result() -> SimulationResult {
        SimulationResult(
            seed: options.seed, verdicts: judge.verdicts(budgetNanoseconds: options.judgeBudgetNanoseconds),
            violation: violation, halts: halts, detected: detected, faults: struck, liveness: liveness,
            coverage: coverage, steps: steps,
            virtualNanoseconds: now - .seconds(1), answered: answered, failed: failed, indeterminate: indeterminate,
            fingerprint: fingerprint, trace: trace.text)
    }
}
