import Consensus
import ProtocolKit
import Simulation
import Workload

/// A kind of chaos that brings some planted faults of multi-paxos out. The protocol as it is bears it, with the same
/// seeds.
enum MultiPaxosOrdeal: String, CaseIterable, Ordeal {
    typealias System = MultiPaxosSystem

    /// One leader after the other by its own promise alone, with disks slow enough that a crash finds something unsynced:
    /// whatever one acceptor forgets is forgotten.
    case alone
    /// Five nodes that are cut off and crash, small snapshots, and messages that are lost, come twice and out of order.
    case overlap
    /// Clients with little patience read much, so that some stay with an old leader and some find the new one.
    case reads

    /// A few that catch each of its faults.
    var seeds: ClosedRange<UInt64> {
        switch self {
        case .alone: 4...5
        case .overlap: 5...6
        case .reads: 12...13
        }
    }

    var variant: String {
        switch self {
        case .alone: "multi-paxos[election-ms=20,phase1-quorum=1]"
        case .overlap: "multi-paxos[election-ms=20,snapshot-bytes=4096,batch=1]"
        case .reads: "multi-paxos[election-ms=100,reads=lease]"
        }
    }

    func strike(_ options: inout SimulationOptions) {
        options.operations = self == .alone ? 100 : 200
        options.workload.keyCount = 2
        var rates = FaultRates()
        switch self {
        case .alone:
            rates[.crash] = .every(15, lasting: 1...5)
            rates[.slowDisk] = .every(20, lasting: 5...60)
            options.disk.maximumSyncNanoseconds = .milliseconds(10)
            options.network.delay = .exponential(
                minimum: .microseconds(50), mean: .milliseconds(1), maximum: .milliseconds(10))
        case .overlap:
            options.nodes = 5
            rates[.crash] = .every(50, lasting: 5...60)
            rates[.partition] = .every(40, lasting: 20...200)
            options.network.loss = 0.1
            options.network.duplication = 0.1
            options.network.reordering = 0.2
        case .reads:
            rates[.crash] = .every(100, lasting: 1...5)
            rates[.slowLink] = .every(30, lasting: 100...300)
            rates[.partition] = .every(50, lasting: 100...200)
            options.askOften()
            options.operations = 500
        }
        options.faults = .random(rates, swarm: false)
    }
}
