import Consensus
import ProtocolKit
import Simulation
import Workload

/// A kind of chaos that brings some planted faults out. The protocol as it is bears it, with the same seeds.
enum RaftOrdeal: String, CaseIterable {
    /// Faults of every kind in every seed, the whole cluster losing power often, and disks slow enough that a crash finds
    /// something unsynced.
    case harsh
    /// The paper's elections, one upon the other, and voters that crash for a moment between two candidates of a term.
    case duels
    /// The same with one entry a message, so that a new leader can fail between an old entry and its own first.
    case interrupted
    /// Messages that come twice, late and out of order.
    case repeated
    /// Changes of membership and leadership all the time, with partitions, crashes and small snapshots.
    case overlap
    /// Voters that lose their disks.
    case wipes
    /// The leadership passes on all the time, and one server after the other hears everything late.
    case handovers
    /// One leader after the other hears its acknowledgements late, and is then heard no more.
    case lateAcknowledgements = "late-acknowledgements"

    /// A few that catch each of its faults.
    var seeds: ClosedRange<UInt64> {
        switch self {
        case .harsh, .duels, .overlap, .wipes, .handovers: 1...2
        case .interrupted: 11...12
        case .repeated: 6...7
        case .lateAcknowledgements: 3...4
        }
    }

    private var variant: String {
        switch self {
        case .harsh: "raft"
        case .duels: "raft[check-quorum=off,pre-vote=off,election-ms=20]"
        case .interrupted: "raft[check-quorum=off,pre-vote=off,election-ms=20,batch=1,pipeline=1]"
        case .repeated: "raft[batch=2]"
        case .overlap: "raft[voters=3,test-churn-ms=10,election-ms=20,snapshot-bytes=4096]"
        case .wipes: "raft[election-ms=20]"
        case .handovers: "raft[reads=lease,test-churn-ms=20,election-ms=100]"
        case .lateAcknowledgements: "raft[reads=lease,check-quorum=off,election-ms=100]"
        }
    }

    func options(_ mutation: RaftMutation? = nil) throws -> SimulationOptions {
        var options = SimulationOptions.chaos(for: RaftSystem.self)
        options.variesBySeed = false
        options.variant = try Variant(parsing: variant).options
        options.mutation = mutation?.rawValue
        switch self {
        case .handovers: askOften(&options, script: handovers)
        case .lateAcknowledgements: askOften(&options, script: lateAcknowledgements)
        default: strike(&options)
        }
        return options
    }

    private func strike(_ options: inout SimulationOptions) {
        func rate(_ every: UInt64, _ shortest: UInt64, _ longest: UInt64) -> FaultRates.Rate {
            FaultRates.Rate(every: .milliseconds(every), lasting: .milliseconds(shortest)...(.milliseconds(longest)))
        }
        var rates = FaultRates()
        switch self {
        case .harsh:
            rates = .chaos
            rates[.blackout] = rate(400, 5, 100)
            options.disk.maximumSyncNanoseconds = .milliseconds(40)
        case .duels, .interrupted:
            rates[.crash] = self == .duels ? rate(15, 1, 5) : rate(20, 5, 60)
            rates[.partition] = self == .duels ? rate(200, 5, 60) : rate(60, 5, 60)
            options.network.delay = .exponential(
                minimum: .microseconds(50), mean: .milliseconds(3), maximum: .milliseconds(30))
        case .repeated:
            rates[.crash] = rate(100, 5, 100)
            options.network.duplication = 0.1
            options.network.reordering = 0.2
        case .overlap:
            rates[.partition] = rate(40, 20, 200)
            rates[.crash] = rate(50, 5, 60)
            options.nodes = 5
        case .wipes:
            rates[.wipe] = rate(60, 1, 5)
            rates[.partition] = rate(40, 5, 60)
        case .handovers, .lateAcknowledgements: break
        }
        options.faults = .random(rates, swarm: false)
    }

    /// Many clients with little patience read much, so that some stay with an old leader and some find the new one.
    private func askOften(_ options: inout SimulationOptions, script: [ScheduledFault]) {
        options.faults = .script(script)
        options.clients = 8
        options.usersPerClient = 1
        options.operations = 1_000
        options.operationTimeoutNanoseconds = .milliseconds(60)
        options.thinkNanoseconds = .milliseconds(8)
        options.workload.keyCount = 2
        options.workload.mix = .reads
    }

    private func others(than node: UInt32) -> [NodeID] { (0..<3).filter { $0 != node }.map(NodeID.init) }

    private var handovers: [ScheduledFault] {
        (0..<9).flatMap { round in
            let (begin, late) = (UInt64.milliseconds(150) * UInt64(round), UInt32(round % 3))
            return [ScheduledFault(at: begin, .heal)]
                + others(than: late).map {
                    ScheduledFault(
                        at: begin + 1, .delay(from: $0, to: NodeID(late), nanoseconds: .milliseconds(45)))
                }
        }
    }

    private var lateAcknowledgements: [ScheduledFault] {
        (0..<3).flatMap { (leader: UInt32) in
            let begin = UInt64.milliseconds(600) * UInt64(leader)
            return others(than: leader).map {
                ScheduledFault(
                    at: begin, .delay(from: $0, to: NodeID(leader), nanoseconds: .milliseconds(180)))
            } + [
                ScheduledFault(
                    at: begin + .milliseconds(200), .oneWay(from: [NodeID(leader)], to: others(than: leader))),
                ScheduledFault(at: begin + .milliseconds(500), .heal),
            ]
        }
    }
}

extension OperationMix {
    /// Nine reads to a write.
    fileprivate static var reads: OperationMix {
        guard let mix = try? OperationMix(parsing: "get=90,put=10") else { preconditionFailure("it is a mix") }
        return mix
    }
}
