import Glibc

/// An IPv4 address and port.
public struct SocketAddress: Hashable, Sendable, CustomStringConvertible {
    /// The address in dotted form.
    public let host: String
    /// The port.
    public let port: UInt16

    /// An address of its parts.
    public init(host: String, port: UInt16) {
        self.host = host
        self.port = port
    }

    /// Reads `host:port`; `localhost` is 127.0.0.1.
    public init(parsing text: String) throws(RuntimeError) {
        guard let colon = text.lastIndex(of: ":"), let port = UInt16(text[text.index(after: colon)...]) else {
            throw .invalidAddress(text)
        }
        let name = text[..<colon]
        let host = name == "localhost" ? "127.0.0.1" : String(name)
        var parsed = in_addr()
        guard inet_pton(AF_INET, host, &parsed) == 1 else { throw .invalidAddress(text) }
        self.init(host: host, port: port)
    }

    /// Any free port on the loopback interface.
    public static let anyLoopback = SocketAddress(host: "127.0.0.1", port: 0)

    /// The address of the `place`-th node after one with this: the port that many higher, or any where this is any.
    @usableFromInline
    func followed(by place: Int) throws(RuntimeError) -> SocketAddress {
        guard self.port != 0 else { return self }
        guard let port = UInt16(exactly: Int(self.port) + place) else {
            throw .invalidAddress("\(host):\(Int(self.port) + place)")
        }
        return SocketAddress(host: host, port: port)
    }

    /// `host:port`.
    public var description: String { "\(host):\(port)" }

    func withSockaddr<Result>(_ body: (UnsafePointer<sockaddr>, socklen_t) -> Result) -> Result {
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = port.bigEndian
        inet_pton(AF_INET, host, &address.sin_addr)
        return withUnsafePointer(to: &address) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                body($0, socklen_t(MemoryLayout<sockaddr_in>.size))
            }
        }
    }
}

/// Socket calls with typed errors. All sockets are non-blocking, closed on exec, and without Nagle's delay.
enum Socket {
    static func reason() -> String { String(cString: strerror(errno)) }

    private static func make() throws(RuntimeError) -> Int32 {
        let fd = socket(
            AF_INET, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_NONBLOCK.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
        guard fd >= 0 else { throw .socket(call: "socket", reason: reason()) }
        return fd
    }

    /// Listens at an address; port 0 stands for any free one.
    ///
    /// A free port is looked for below those that outgoing connections are given (from 32768 on, usually), so that a node
    /// which is started again finds its former one free.
    static func listen(on address: SocketAddress) throws(RuntimeError) -> (fd: Int32, address: SocketAddress) {
        guard address.port == 0 else { return try listen(at: address) }
        for _ in 0..<64 {
            let port = UInt16.random(in: 15_000..<32_768)
            if let listener = try? listen(at: SocketAddress(host: address.host, port: port)) { return listener }
        }
        return try listen(at: address)
    }

    private static func listen(at address: SocketAddress) throws(RuntimeError) -> (fd: Int32, address: SocketAddress) {
        let fd = try make()
        var yes: Int32 = 1
        setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &yes, socklen_t(MemoryLayout<Int32>.size))
        guard address.withSockaddr({ bind(fd, $0, $1) }) == 0, Glibc.listen(fd, 1024) == 0 else {
            let reason = reason()
            close(fd)
            throw .cannotListen(address: address.description, reason: reason)
        }
        var bound = sockaddr_in()
        var length = socklen_t(MemoryLayout<sockaddr_in>.size)
        withUnsafeMutablePointer(to: &bound) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) { _ = getsockname(fd, $0, &length) }
        }
        return (fd, SocketAddress(host: address.host, port: UInt16(bigEndian: bound.sin_port)))
    }

    /// Begins to connect; the descriptor turns writable (or broken) when it is decided.
    static func connect(to address: SocketAddress) throws(RuntimeError) -> Int32 {
        let fd = try make()
        setNoDelay(fd)
        let result = address.withSockaddr { Glibc.connect(fd, $0, $1) }
        guard result == 0 || errno == EINPROGRESS else {
            let reason = reason()
            close(fd)
            throw .socket(call: "connect to \(address)", reason: reason)
        }
        return fd
    }

    /// The error that a connection attempt ended with, 0 when it is up.
    static func pendingError(_ fd: Int32) -> Int32 {
        var error: Int32 = 0
        var length = socklen_t(MemoryLayout<Int32>.size)
        getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &length)
        return error
    }

    /// The next accepted connection, or nil when none waits.
    static func accept(_ listener: Int32) -> Int32? {
        let fd = Glibc.accept(listener, nil, nil)
        guard fd >= 0 else { return nil }
        _ = fcntl(fd, F_SETFL, fcntl(fd, F_GETFL) | O_NONBLOCK)
        _ = fcntl(fd, F_SETFD, FD_CLOEXEC)
        setNoDelay(fd)
        return fd
    }

    private static func setNoDelay(_ fd: Int32) {
        var yes: Int32 = 1
        setsockopt(fd, Int32(IPPROTO_TCP), TCP_NODELAY, &yes, socklen_t(MemoryLayout<Int32>.size))
    }
}
