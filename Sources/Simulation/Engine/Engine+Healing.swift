import ProtocolKit
import Verification
import Workload

extension Engine {
    /// Ends all faults: for all nodes, or for a quorum of them while the rest stays dead or cut off.
    func healSome() {
        nemesis = nil
        (network.loss, network.duplication, network.reordering, network.capacityBytesPerSecond) = (0, 0, 0, 0)
        heal()
        for index in hosts.indices {
            let host = hosts[index]
            (host.syncFactor, host.isDiskFull, host.failsNextSync) = (1, false, false)
            (host.strikeAtNextSync, host.crashAtNextSync) = (nil, nil)
            // What nobody has noticed yet would be noticed by the start that is to come.
            if !host.isUp, let damage = host.disk.examine() { refuseStart(index, damage) }
            if host.isLost { wipe(index) }
        }
        let (outside, isCutOff) = drawOutside()
        isHealed = members.indices.map { !outside.contains($0) }
        if trace.isOn {
            let left = outside.map { "n\($0)" }.joined(separator: " ")
            trace.line(
                now,
                outside.isEmpty ? "-- everything is healed" : "-- healed; \(isCutOff ? "cut off" : "dead"): \(left)")
        }
        if !outside.isEmpty { coverage.quorumsHealed += 1 }
        for index in members.indices where isHealed[index] {
            resume(index)
            if !hosts[index].isLost { restart(index) }
        }
        guard !outside.isEmpty else { return }
        if isCutOff {
            partition(outside, [])
        } else {
            for index in outside { kill(index) }
        }
    }

    /// Which nodes aren't healed, and whether they run, cut off, or are dead. Those that are lost for good are among them;
    /// those that have been replaced count as failed, for they may still lack what they had promised.
    private func drawOutside() -> (nodes: [Int], isCutOff: Bool) {
        let lost = members.indices.filter { hosts[$0].isLost }
        let replaced = members.indices.filter { hosts[$0].wasReplaced && !hosts[$0].isLost }
        var random = root.split(10)
        let room = world.tolerated - lost.count - replaced.count
        guard lost.isEmpty else { return (lost, false) }
        guard options.healsQuorums, room > 0, random.chance(0.5) else { return ([], false) }
        var order = Array(members.indices)
        random.shuffle(&order)
        return (order.prefix(1 + random.below(room)).sorted(), random.chance(0.5))
    }

    /// Whether more nodes are lost for good than the system can do without: then nothing is to be expected.
    var isBeyondRepair: Bool { hosts.count { $0.isLost } > world.tolerated }

    /// Begins to wait until the healed replicas agree.
    @usableFromInline
    func beginQuiet() {
        liveness = .held
        guard !options.countsCosts, replicaStates.count > 1 else {
            phase = .finished
            return
        }
        phase = .quiet
        quietUntil = now + options.convergenceLimitNanoseconds
        if trace.isOn { trace.line(now, "-- replicas have to agree") }
        compareReplicas()
    }

    /// Compares the healed replicas; those that don't agree are given more time, within the bound.
    @usableFromInline
    func compareReplicas() {
        guard phase == .quiet else { return }
        let states = replicaStates
        guard let first = states.first, states.contains(where: { $0.digest != first.digest }) else {
            coverage.convergences += 1
            phase = .finished
            return
        }
        guard now >= quietUntil else {
            return queue.push(.settle, at: now + .milliseconds(20), target: 0, payload: 0)
        }
        if case .violated(let counterexample) = ReplicaConvergence.check(states) {
            let notes = counterexample.notes.map { $0.drop { $0 == " " } }.joined(separator: "; ")
            violate("convergence", "\(counterexample.summary) after all was quiet: \(notes)")
        }
        phase = .finished
    }

    private var replicaStates: [ReplicaState] {
        members.indices.compactMap { index in
            isHealed[index] && nodes.isUp(index) ? System.replicaState(of: nodes[index]) : nil
        }
    }
}
