import Measurement
import ProtocolKit

/// A cluster that runs, in this process or in others, as those who load and disturb it see it.
public protocol RunningCluster: AnyObject, Sendable {
    /// Where the members are.
    var addresses: [MemberAddress] { get }
    /// The processes of the members; the own one where they share it.
    var processes: [Int32] { get }
    /// Ends a member at once, as SIGKILL does.
    func kill(_ node: Int) throws(RuntimeError)
    /// Starts a member that was ended, on what its folder holds.
    func restart(_ node: Int) throws(RuntimeError)
    /// Cuts a member off from others, in place of an earlier cut.
    func cut(_ node: Int, _ cut: PeerCut) throws(RuntimeError)
    /// Stops a member from running, its connections kept, or lets it run again.
    func setPaused(_ node: Int, _ isPaused: Bool) throws(RuntimeError)
    /// Ends all members in good order.
    func stop()
}

extension Fault {
    /// Whether real nodes on real sockets can suffer it; the others are the simulator's.
    public var isForRealNodes: Bool {
        switch self {
        case .kill, .restart, .pause, .resume, .partition, .oneWay, .heal: true
        default: false
        }
    }
}

extension RunningCluster {
    /// Does a fault's part that concerns nodes; which clients a partition cuts off is the load's business.
    ///
    /// - Throws: ``RuntimeError/unsupportedFault(fault:reason:)`` for what only the simulator can do, and the failures
    ///   of starting a node.
    public func apply(_ fault: Fault) throws(RuntimeError) {
        func place(_ node: NodeID) throws(RuntimeError) -> Int {
            let place = Int(node.rawValue)
            guard place < addresses.count else {
                throw .unsupportedFault(fault: "\(fault)", reason: "there are \(addresses.count) nodes, from 0")
            }
            return place
        }
        func places(_ nodes: [NodeID]) throws(RuntimeError) -> [Int] {
            var all: [Int] = []
            for node in nodes { all.append(try place(node)) }
            return all
        }
        switch fault {
        case .kill(let node): try kill(try place(node))
        case .restart(let node): try restart(try place(node))
        case .pause(let node): try setPaused(try place(node), true)
        case .resume(let node): try setPaused(try place(node), false)
        case .partition(let nodes, _):
            let inside = try places(nodes)
            for node in addresses.indices {
                let others = addresses.indices.filter { inside.contains($0) != inside.contains(node) }
                try cut(node, PeerCut(sendingTo: others, receivingFrom: others))
            }
        case .oneWay(let from, let to):
            let (senders, receivers) = (try places(from), try places(to))
            for node in senders {
                try cut(node, PeerCut(sendingTo: receivers.filter { $0 != node }, receivingFrom: []))
            }
        case .heal: for node in addresses.indices { try cut(node, .none) }
        default:
            throw .unsupportedFault(
                fault: "\(fault)",
                reason: "real runs can kill, restart, pause, resume, partition, one-way and heal; the simulator does it"
            )
        }
    }
}

extension RunningCluster {
    /// Asks a member how it is.
    public func info(of node: Int) throws(RuntimeError) -> [String: String] {
        try ControlConnection(to: addresses[node].client).info()
    }

    /// Waits until a member leads and all members that are up know each other.
    ///
    /// - Returns: the leader.
    public func waitUntilReady(
        timeoutNanoseconds: UInt64 = 30_000_000_000, down: Set<Int> = []
    ) throws(RuntimeError) -> NodeID {
        let deadline = MonotonicClock.now() + timeoutNanoseconds
        let up = addresses.indices.filter { !down.contains($0) }
        var last = "no member answered"
        while MonotonicClock.now() < deadline {
            var leader: Int?
            var areLinked = true
            for node in up {
                do {
                    let facts = try info(of: node)
                    if facts["is_leader"] == "1" { leader = node }
                    if (facts["peers_up"].flatMap { Int($0) } ?? 0) < up.count - 1 { areLinked = false }
                    last = "no member leads, or members don't know each other yet"
                } catch {
                    areLinked = false
                    last = "\(error)"
                }
            }
            if let leader, areLinked { return NodeID(UInt32(leader)) }
            Pause.milliseconds(5)
        }
        throw .nodeFailed(node: 0, reason: "the cluster wasn't ready in time: \(last)")
    }
}
