import Glibc
import ProtocolKit
import Synchronization

/// A cluster whose nodes share this process, each with a loop of its own.
public final class SharedCluster<System: ClusterSystem>: RunningCluster {
    private let makeHost: @Sendable (Int, MemberAddress?, UInt64) throws(RuntimeError) -> NodeHost<System.Node>
    private let starts: Mutex<[UInt64]>
    private let hosts: Mutex<[NodeHost<System.Node>?]>
    private let members: Mutex<[MemberAddress]>

    /// Starts all nodes.
    ///
    /// - Parameters:
    ///   - configuration: of node 0; the others' follow from it, with the ports after its own where those are fixed.
    ///   - dataFolder: the folder under which each node's folder lies; nil in memory.
    @inlinable
    public convenience init(
        _ system: System, configuration: NodeConfiguration, dataFolder: String?
    ) throws(RuntimeError) {
        try self.init(
            count: configuration.members.count,
            makeHost: { (node, former, incarnation) throws(RuntimeError) in
                var configuration = configuration
                configuration.memoryIncarnation = incarnation
                return try NodeHost.make(system, node, former, configuration, dataFolder)
            })
    }

    @usableFromInline
    init(
        count: Int,
        makeHost: @escaping @Sendable (Int, MemberAddress?, UInt64) throws(RuntimeError) -> NodeHost<System.Node>
    ) throws(RuntimeError) {
        self.makeHost = makeHost
        var started: [NodeHost<System.Node>] = []
        do throws(RuntimeError) {
            for node in 0..<count { started.append(try makeHost(node, nil, 1)) }
        } catch {
            for host in started { host.stop() }
            throw error
        }
        let addresses = started.map(\.memberAddress)
        hosts = Mutex(started)
        starts = Mutex(Array(repeating: 1, count: count))
        members = Mutex(addresses)
        for host in started { host.start(addresses: addresses) }
    }

    /// Where the members are.
    public var addresses: [MemberAddress] { members.withLock { $0 } }

    /// The own process, for each member.
    public var processes: [Int32] { addresses.map { _ in getpid() } }

    /// Ends a member: its sockets are closed without another word. Its thread's work under way is finished first.
    public func kill(_ node: Int) throws(RuntimeError) {
        let host = hosts.withLock { hosts in
            defer { hosts[node] = nil }
            return hosts[node]
        }
        host?.stop()
    }

    /// Starts a member anew at its former addresses.
    public func restart(_ node: Int) throws(RuntimeError) {
        let incarnation = starts.withLock { starts in
            starts[node] += 1
            return starts[node]
        }
        let host = try makeHost(node, addresses[node], incarnation)
        hosts.withLock { $0[node] = host }
        host.start(addresses: addresses)
    }

    /// Cuts a member off from others, in place of an earlier cut.
    public func cut(_ node: Int, _ cut: PeerCut) throws(RuntimeError) {
        hosts.withLock { $0[node] }?.cut(cut)
    }

    /// Not possible where members share a process.
    ///
    /// - Throws: ``RuntimeError/unsupportedFault(fault:reason:)``, always.
    public func setPaused(_ node: Int, _ isPaused: Bool) throws(RuntimeError) {
        throw .unsupportedFault(
            fault: isPaused ? "pause \(node)" : "resume \(node)",
            reason: "its nodes share a process; run each in one of its own")
    }

    /// Ends all members.
    public func stop() {
        let running = hosts.withLock { hosts in
            defer { hosts = hosts.map { _ in nil } }
            return hosts
        }
        for host in running { host?.stop() }
    }
}

extension NodeHost {
    /// The host of one member of a cluster, at its former addresses where it had some.
    @inlinable
    static func make<System: ClusterSystem>(
        _ system: System, _ node: Int, _ former: MemberAddress?, _ template: NodeConfiguration, _ dataFolder: String?
    ) throws(RuntimeError) -> NodeHost<Node> where System.Node == Node {
        var configuration = template
        configuration.id = NodeID(UInt32(node))
        configuration.seed = template.seed &+ UInt64(node) &* 0x1000_0000_01B3
        configuration.dataFolder = dataFolder.map { "\($0)/node-\(node)" }
        if let former {
            configuration.peerAddress = former.peer
            configuration.clientAddress = former.client
        } else {
            configuration.peerAddress = try template.peerAddress.followed(by: node)
            configuration.clientAddress = try template.clientAddress.followed(by: node)
        }
        let loop = try EventLoop(label: "coordbench.node.\(node)")
        let machine = system.makeNode(configuration.id, members: configuration.members)
        return try NodeHost(machine, configuration: configuration, loop: loop)
    }

    /// Where the node is.
    public var memberAddress: MemberAddress {
        MemberAddress(id: configuration.id, peer: peerAddress, client: clientAddress)
    }
}
