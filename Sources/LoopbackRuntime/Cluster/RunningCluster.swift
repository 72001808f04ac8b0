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
    /// Ends all members in good order.
    func stop()
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
