import Consensus
import ProtocolKit
import Simulation
import Workload

/// A kind of chaos that brings some planted faults of Paxos out. The protocol as it is bears it, with the same seeds.
enum PaxosOrdeal: String, CaseIterable, Ordeal {
    typealias System = PaxosSystem

    /// Nodes that crash for a moment, and disks slow enough that a crash finds something unsynced.
    case crashes
    /// The same where a proposer needs no promise but its own: whatever one acceptor forgets is forgotten.
    case alone
    /// Five nodes that hear each other late or not at all, and outbid each other all the time.
    case contention
    /// Commands that show it when they are applied twice.
    case increments

    /// A few that catch each of its faults.
    var seeds: ClosedRange<UInt64> {
        switch self {
        case .crashes: 1...2
        case .alone: 4...5
        case .contention, .increments: 3...4
        }
    }

    private var operations: Int {
        switch self {
        case .crashes, .contention: 60
        case .alone: 100
        case .increments: 150
        }
    }

    var variant: String {
        switch self {
        case .crashes, .increments: "paxos"
        case .alone: "paxos[phase1-quorum=1,backoff-us=100]"
        case .contention: "paxos[backoff-us=100]"
        }
    }

    func strike(_ options: inout SimulationOptions) {
        options.operations = operations
        switch self {
        case .crashes, .alone: options.workload.keyCount = 2
        case .contention, .increments:
            options.workload.keyCount = 1
            options.workload.mix = .increments
        }
        if self == .contention { options.nodes = 5 }
        var rates = FaultRates()
        switch self {
        case .crashes:
            rates[.crash] = .every(15, lasting: 1...5)
            rates[.slowDisk] = .every(30, lasting: 5...60)
            options.disk.maximumSyncNanoseconds = .milliseconds(10)
        case .alone:
            rates[.crash] = .every(15, lasting: 1...5)
            rates[.slowLink] = .every(10, lasting: 5...60)
            rates[.slowDisk] = .every(20, lasting: 5...60)
            options.disk.maximumSyncNanoseconds = .milliseconds(5)
        case .contention:
            rates[.crash] = .every(30, lasting: 1...5)
            rates[.slowLink] = .every(10, lasting: 5...60)
            rates[.partition] = .every(60, lasting: 5...60)
            options.disk.maximumSyncNanoseconds = .milliseconds(10)
        case .increments:
            rates[.crash] = .every(100, lasting: 1...5)
            rates[.slowLink] = .every(30, lasting: 5...60)
        }
        options.faults = .random(rates, swarm: false)
    }
}

extension OperationMix {
    /// Commands that show it when they are applied twice, and reads.
    fileprivate static var increments: OperationMix {
        guard let mix = try? OperationMix(parsing: "increment=50,get=50") else { preconditionFailure("it is a mix") }
        return mix
    }
}
