import Glibc
import ProtocolKit

/// The child's side of a node process: says where it is, learns where the others are, and lives until its input ends.
public enum NodeControl {
    /// Runs a node until standard input ends (or says `stop`), on a thread of the caller's own.
    ///
    /// - Returns: why the node halted, nil when it was told to stop.
    @inlinable
    public static func run<System: ClusterSystem>(
        _ system: System, configuration: NodeConfiguration
    ) throws(RuntimeError) -> String? {
        let loop = try EventLoop(label: "coordbench.node.\(configuration.id)")
        let node = system.makeNode(configuration.id, members: configuration.members)
        return try serve(try NodeHost(node, configuration: configuration, loop: loop))
    }

    @inlinable
    static func serve<Node: ProtocolNode>(_ host: NodeHost<Node>) throws(RuntimeError) -> String? {
        let control = ControlInput()
        host.onHalt = { control.halted($0) }
        say("ready \(host.peerAddress) \(host.clientAddress)")
        var isStarted = false
        while let words = control.next() {
            if let cut = PeerCut(words: words) {
                host.cut(cut)
                continue
            }
            guard words.first == "members" else { break }
            let addresses = try memberAddresses(words.dropFirst())
            if isStarted {
                host.moved(to: addresses)
            } else {
                isStarted = true
                host.start(addresses: addresses)
            }
        }
        host.stop()
        return control.reason
    }

    @usableFromInline
    static func say(_ line: String) {
        Array((line + "\n").utf8).withUnsafeBytes { _ = write(1, $0.baseAddress, $0.count) }
    }

    @usableFromInline
    static func memberAddresses(_ words: ArraySlice<Substring>) throws(RuntimeError) -> [MemberAddress] {
        var addresses: [MemberAddress] = []
        for word in words {
            let pair = word.split(separator: ",")
            guard pair.count == 2 else { throw .invalidAddress(String(word)) }
            addresses.append(
                MemberAddress(
                    id: NodeID(UInt32(addresses.count)), peer: try SocketAddress(parsing: String(pair[0])),
                    client: try SocketAddress(parsing: String(pair[1]))))
        }
        return addresses
    }
}

/// Lines on standard input, until it ends or the node halts.
@usableFromInline
final class ControlInput: @unchecked Sendable {  // lines belong to the reading thread; a pipe carries the halt to it
    private var buffer: [UInt8] = []
    private var wake: [Int32] = [0, 0]
    @usableFromInline private(set) var reason: String?

    @usableFromInline
    init() {
        pipe(&wake)
    }

    /// Called once, from the node's loop.
    @usableFromInline
    func halted(_ reason: String) {
        self.reason = reason
        var byte: UInt8 = 1
        write(wake[1], &byte, 1)
    }

    @usableFromInline
    func next() -> [Substring]? {
        while true {
            if let end = buffer.firstIndex(of: 0x0A) {
                let line = String(decoding: buffer[..<end], as: UTF8.self)
                buffer.removeFirst(end + 1)
                return line.split(separator: " ")
            }
            var descriptors = [
                pollfd(fd: 0, events: Int16(POLLIN), revents: 0),
                pollfd(fd: wake[0], events: Int16(POLLIN), revents: 0),
            ]
            guard poll(&descriptors, 2, -1) > 0 || errno == EINTR else { return nil }
            if descriptors[1].revents != 0 { return nil }
            guard descriptors[0].revents != 0 else { continue }
            var chunk = [UInt8](repeating: 0, count: 4096)
            let count = read(0, &chunk, chunk.count)
            guard count > 0, buffer.count < 1 << 20 else { return nil }
            buffer.append(contentsOf: chunk[..<count])
        }
    }
}

extension NodeHost {
    /// Learns that members have moved.
    @usableFromInline
    func moved(to addresses: [MemberAddress]) {
        loop.perform { [self] in setAddresses(addresses) }
    }
}
