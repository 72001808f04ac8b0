import Consensus
import ProtocolKit
import Simulation

/// The kinds of chaos that bring Raft's planted faults out.
enum RaftOrdeal: String, CaseIterable, Ordeal {
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

    typealias System = RaftSystem

    var seeds: ClosedRange<UInt64> {
        switch self {
        case .harsh, .duels, .overlap, .wipes, .handovers: 1...2
        case .interrupted: 11...12
        case .repeated: 6...7
        case .lateAcknowledgements: 3...4
        }
    }

    var variant: String {
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

    func strike(_ options: inout SimulationOptions) {
        var rates = FaultRates()
        switch self {
        case .harsh:
            rates = .chaos
            rates[.blackout] = .every(400, lasting: 5...100)
            options.disk.maximumSyncNanoseconds = .milliseconds(40)
        case .duels:
            rates[.crash] = .every(15, lasting: 1...5)
            rates[.partition] = .every(200, lasting: 5...60)
            options.slowNetwork()
        case .interrupted:
            rates[.crash] = .every(20, lasting: 5...60)
            rates[.partition] = .every(60, lasting: 5...60)
            options.slowNetwork()
        case .repeated:
            rates[.crash] = .every(100, lasting: 5...100)
            options.network.duplication = 0.1
            options.network.reordering = 0.2
        case .overlap:
            rates[.partition] = .every(40, lasting: 20...200)
            rates[.crash] = .every(50, lasting: 5...60)
            options.nodes = 5
        case .wipes:
            rates[.wipe] = .every(60, lasting: 1...5)
            rates[.partition] = .every(40, lasting: 5...60)
        case .handovers, .lateAcknowledgements:
            options.askOften()
            options.faults = .script(self == .handovers ? .everythingLate : .lateAcknowledgements)
            return
        }
        options.faults = .random(rates, swarm: false)
    }
}

extension [ScheduledFault] {
    /// One of three servers after the other hears everything late.
    fileprivate static var everythingLate: [ScheduledFault] {
        (0..<9).flatMap { round in
            let (begin, late) = (UInt64.milliseconds(150) * UInt64(round), UInt32(round % 3))
            return [ScheduledFault(at: begin, .heal)]
                + (0..<3).filter { $0 != late }.map {
                    ScheduledFault(
                        at: begin + 1, .delay(from: NodeID($0), to: NodeID(late), nanoseconds: .milliseconds(45)))
                }
        }
    }

    /// One of three servers after the other hears the others late, and is then heard no more: by the time a leader knows
    /// that it has lost its followers they have another.
    fileprivate static var lateAcknowledgements: [ScheduledFault] {
        (0..<3).flatMap { (leader: UInt32) in
            let begin = UInt64.milliseconds(600) * UInt64(leader)
            let others = (0..<3).filter { $0 != leader }.map(NodeID.init)
            return others.map {
                ScheduledFault(at: begin, .delay(from: $0, to: NodeID(leader), nanoseconds: .milliseconds(180)))
            } + [
                ScheduledFault(at: begin + .milliseconds(200), .oneWay(from: [NodeID(leader)], to: others)),
                ScheduledFault(at: begin + .milliseconds(500), .heal),
            ]
        }
    }
}
