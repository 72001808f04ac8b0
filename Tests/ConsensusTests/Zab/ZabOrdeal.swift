import Consensus
import ProtocolKit
import Simulation
import Workload

/// The kinds of chaos that bring Zab's planted faults out.
enum ZabOrdeal: String, CaseIterable, Ordeal {
    /// Elections that follow one upon the other, and proposals one by one, so that a leader can fail between any two.
    case interrupted
    /// All processes crash together while much is unsynced.
    case outages
    /// Crashes that leave nothing of what isn't synced, often in the middle of a synchronisation.
    case unsynced
    /// Clients that move from server to server, and servers that hear of commits at very different times.
    case wandering
    /// One leader after the other hears its acknowledgements late, and is then heard no more.
    case lateAcknowledgements = "late-acknowledgements"

    typealias System = ZabSystem

    var seeds: ClosedRange<UInt64> {
        switch self {
        case .outages, .wandering, .lateAcknowledgements: 1...2
        case .interrupted: 2...3
        case .unsynced: 3...4
        }
    }

    var variant: String {
        switch self {
        case .interrupted: "zab[election-ms=20,batch=1,pipeline=1]"
        case .outages: "zab[election-ms=60]"
        case .unsynced: "zab[election-ms=20]"
        case .wandering: "zab"
        case .lateAcknowledgements: "zab[reads=sync]"
        }
    }

    func strike(_ options: inout SimulationOptions) {
        var rates = FaultRates()
        options.operations = self == .unsynced ? 100 : 200
        switch self {
        case .interrupted:
            rates[.crash] = .every(20, lasting: 5...60)
            rates[.partition] = .every(60, lasting: 5...60)
            options.slowNetwork()
        case .outages:
            rates[.crash] = .every(60, lasting: 5...100)
            rates[.blackout] = .every(150, lasting: 5...60)
            options.disk.maximumSyncNanoseconds = .milliseconds(40)
        case .unsynced:
            rates[.crash] = .every(20, lasting: 5...30)
            rates[.oneWay] = .every(60, lasting: 5...60)
            options.disk.keepsRandomPrefix = false
            options.disk.maximumSyncNanoseconds = .milliseconds(40)
        case .wandering:
            rates[.disconnect] = .every(5)
            rates[.slowLink] = .every(20, lasting: 50...300)
            rates[.partition] = .every(100, lasting: 20...200)
            options.workload.keyCount = 2
            options.workload.mix = .reads(70)
            options.thinkNanoseconds = .milliseconds(5)
        case .lateAcknowledgements:
            options.askOften(clients: 16, reads: 95)
            options.operations = 1_000
            options.faults = .script(.lateAcknowledgements)
            return
        }
        options.faults = .random(rates, swarm: false)
    }
}

extension [ScheduledFault] {
    /// One leader after the other hears the others late, and is then heard later still, its connections whole: by the time
    /// it knows that it has lost its followers they have another.
    fileprivate static var lateAcknowledgements: [ScheduledFault] {
        ([2, 1, 2] as [UInt32]).enumerated().flatMap { round, leader in
            let others = (0..<3).filter { $0 != leader }.map(NodeID.init)
            func delays(from time: UInt64, of milliseconds: UInt64, toLeader: Bool) -> [ScheduledFault] {
                others.map { other in
                    ScheduledFault(
                        at: .milliseconds(1_200) * UInt64(round) + .milliseconds(time),
                        .delay(
                            from: toLeader ? other : NodeID(leader), to: toLeader ? NodeID(leader) : other,
                            nanoseconds: .milliseconds(milliseconds)))
                }
            }
            return delays(from: 0, of: 250, toLeader: true) + delays(from: 300, of: 900, toLeader: false)
                + delays(from: 1_000, of: 0, toLeader: true) + delays(from: 1_000, of: 0, toLeader: false)
        }
    }
}
