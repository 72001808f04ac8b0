import ProtocolKit
import Workload

#if canImport(Glibc)
    import Glibc
#else
    import Darwin
#endif

extension SimulationOptions {
    /// What the seed makes of these options: which faults strike and how often, and where ``variesBySeed`` says so, what
    /// network, disks, clocks, load and rare options of the system it has. The result draws nothing further.
    public func drawn<System: ClusterSystem>(for system: System.Type) -> SimulationOptions {
        var options = self
        var random = SeededGenerator(seed: seed).split(8)
        if case .random(let rates, swarm: true) = faults {
            options.faults = .random(rates.drawn(&random), swarm: false)
        }
        guard variesBySeed else { return options }
        options.variesBySeed = false
        var swarm = random.split(1)
        options.network.vary(&swarm)
        swarm = random.split(2)
        options.disk.maximumSyncNanoseconds = swarm.scaled(disk.maximumSyncNanoseconds, 0.2...5)
        swarm = random.split(3)
        options.clocks.vary(&swarm)
        swarm = random.split(4)
        options.batchProbability = [0, batchProbability, min(0.9, 2 * batchProbability)][swarm.below(3)]
        options.thinkNanoseconds = swarm.scaled(thinkNanoseconds, 0.3...2)
        for (name, value) in System.rareOptions(seed: random.split(5).seed).values where variant[name] == nil {
            options.variant.values.append((name, value))
        }
        return options
    }

    /// The same run with these faults and no others: what is drawn is drawn as it was.
    public func replaying(_ script: [ScheduledFault]) -> SimulationOptions {
        var options = self
        options.faults = .script(script)
        options.network.loss = 0
        options.network.duplication = 0
        options.network.reordering = 0
        return options
    }
}

extension FaultRates {
    fileprivate func drawn(_ random: inout SeededGenerator) -> FaultRates {
        var drawn = self
        for kind in Kind.allCases {
            // A stream for each: a kind that is added changes no other.
            var own = random.split(UInt64(kind.rawValue))
            drawn[kind].interval = own.chance(0.5) ? own.scaled(self[kind].interval, 0.4...2.5) : 0
        }
        return drawn
    }
}

extension NetworkOptions {
    fileprivate mutating func vary(_ random: inout SeededGenerator) {
        // Drawn in any case, so that what is drawn after them is the same.
        let factors = (0..<3).map { _ in random.chance(0.5) ? random.logUniform(0.1...5) : 0 }
        if variesMishaps {
            loss = min(0.2, loss * factors[0])
            duplication = min(0.2, duplication * factors[1])
            reordering = min(0.5, reordering * factors[2])
        }
        let typical = random.scaled(delay.typical, 0.3...5)
        switch random.below(4) {
        case 0: delay = .constant(typical)
        case 1: delay = .uniform(typical / 4...2 * typical)
        case 2: delay = .exponential(minimum: typical / 4, mean: typical, maximum: 30 * typical)
        default: delay = .logNormal(median: typical, sigma: 0.3 + random.unitInterval(), maximum: 60 * typical)
        }
        guard capacityBytesPerSecond == 0, random.chance(0.2) else { return }
        capacityBytesPerSecond = UInt64(random.logUniform(2e5...2e7))
        queueBytes = UInt64(random.logUniform(3e4...1e6))
    }
}

extension ClockOptions {
    fileprivate mutating func vary(_ random: inout SeededGenerator) {
        skewNanoseconds = random.chance(0.5) ? random.scaled(skewNanoseconds, 0.1...5) : 0
        driftPartsPerMillion = random.chance(0.5) ? random.scaled(driftPartsPerMillion, 0.1...5) : 0
    }
}

extension SeededGenerator {
    /// A number between two bounds of which the logarithm is uniform: every factor equally likely.
    fileprivate mutating func logUniform(_ range: ClosedRange<Double>) -> Double {
        range.lowerBound * exp(unitInterval() * log(range.upperBound / range.lowerBound))
    }

    fileprivate mutating func scaled(_ value: UInt64, _ range: ClosedRange<Double>) -> UInt64 {
        UInt64((Double(value) * logUniform(range)).rounded())
    }

    /// A seed for draws elsewhere.
    fileprivate var seed: UInt64 {
        var copy = self
        return copy.next()
    }
}
