import ProtocolKit
import Synchronization

/// A cluster whose nodes are processes of their own: `coordbench node`, started by this one.
public final class ProcessCluster: RunningCluster {
    /// How the processes are started.
    public struct Launch: Sendable {
        /// The program.
        public var executable: String
        /// The arguments of one node: which it is, where it was, and how often it was started before.
        public var arguments: @Sendable (_ node: Int, _ former: MemberAddress?, _ earlierStarts: Int) -> [String]

        /// A launch of its parts.
        public init(executable: String, arguments: @escaping @Sendable (Int, MemberAddress?, Int) -> [String]) {
            self.executable = executable
            self.arguments = arguments
        }
    }

    private struct Members {
        var running: [NodeProcess?]
        var addresses: [MemberAddress]
        var starts: [Int]
    }

    private let launch: Launch
    private let members: Mutex<Members>

    /// Starts `count` processes and makes them known to each other.
    public init(count: Int, launch: Launch) throws(RuntimeError) {
        self.launch = launch
        var started: [NodeProcess] = []
        do throws(RuntimeError) {
            for node in 0..<count {
                started.append(
                    try NodeProcess(
                        node: node, executable: launch.executable, arguments: launch.arguments(node, nil, 0)))
            }
        } catch {
            for process in started { process.kill() }
            throw error
        }
        let addresses = started.map(\.address)
        members = Mutex(
            Members(running: started, addresses: addresses, starts: Array(repeating: 1, count: count)))
        for process in started { process.tell(addresses) }
    }

    deinit {
        members.withLock { for process in $0.running { process?.kill() } }
    }

    /// Where the members are.
    public var addresses: [MemberAddress] { members.withLock { $0.addresses } }

    /// The members' processes; 0 for one that was ended.
    public var processes: [Int32] { members.withLock { $0.running.map { $0?.process ?? 0 } } }

    /// Ends a member with SIGKILL.
    public func kill(_ node: Int) throws(RuntimeError) {
        members.withLock { members in
            members.running[node]?.kill()
            members.running[node] = nil
        }
    }

    /// Starts a member anew on what its folder holds, at its former addresses.
    public func restart(_ node: Int) throws(RuntimeError) {
        let (former, starts) = members.withLock { members in
            members.starts[node] += 1
            return (members.addresses[node], members.starts[node] - 1)
        }
        let process = try NodeProcess(
            node: node, executable: launch.executable, arguments: launch.arguments(node, former, starts))
        members.withLock { members in
            members.running[node] = process
            members.addresses[node] = process.address
            for running in members.running { running?.tell(members.addresses) }
        }
    }

    /// Cuts a member off from others, in place of an earlier cut.
    public func cut(_ node: Int, _ cut: PeerCut) throws(RuntimeError) {
        members.withLock { $0.running[node]?.cut(cut) }
    }

    /// Stops a member's process from running, its connections kept, or lets it run again.
    public func setPaused(_ node: Int, _ isPaused: Bool) throws(RuntimeError) {
        members.withLock { $0.running[node]?.setPaused(isPaused) }
    }

    /// Ends all members in good order.
    public func stop() {
        members.withLock { members in
            for process in members.running { process?.stop() }
            members.running = members.running.map { _ in nil }
        }
    }
}
