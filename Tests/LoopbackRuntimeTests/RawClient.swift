import ByteCoding
import Glibc
import Measurement
import RESP

@testable import LoopbackRuntime

/// A blocking socket that sends what it is told, well-formed or not. Used on threads of the tests' own.
final class RawClient {
    private let fd: Int32
    private var inbound = ByteWriter()

    init(_ address: SocketAddress) throws(RuntimeError) {
        fd = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        guard address.withSockaddr({ connect(fd, $0, $1) }) == 0 else {
            throw .socket(call: "connect", reason: Socket.reason())
        }
        var patience = timeval(tv_sec: 20, tv_usec: 0)
        setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, socklen_t(MemoryLayout<timeval>.size))
        var yes: Int32 = 1
        setsockopt(fd, Int32(IPPROTO_TCP), TCP_NODELAY, &yes, socklen_t(MemoryLayout<Int32>.size))
    }

    deinit {
        close(fd)
    }

    func send(_ bytes: [UInt8]) {
        var offset = 0
        while offset < bytes.count {
            let count = bytes[offset...].withUnsafeBytes {
                Glibc.send(fd, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL))
            }
            guard count > 0 else { return }
            offset += count
        }
    }

    func send(_ text: String) {
        send(Array(text.utf8))
    }

    private func fill() throws(RuntimeError) -> Bool {
        let count = inbound.fill(1 << 16) { read(fd, $0, 1 << 16) }
        guard count >= 0 || errno == ECONNRESET else { throw .socket(call: "read", reason: Socket.reason()) }
        return count > 0
    }

    /// The next answer; nil when the connection was ended.
    func answer() throws -> RESPValue? {
        while true {
            if let (value, consumed) = try RESPValue.parse(inbound.readable) {
                inbound.consume(consumed)
                return value
            }
            guard try fill() else { return nil }
        }
    }

    /// Waits until the server ends the connection.
    func waitForEnd() throws {
        while try fill() { inbound.removeAll() }
    }
}

/// Looks at a condition until it holds; false when it doesn't within half a minute. On a thread of the test's own.
func becomesTrue(_ condition: () throws -> Bool) throws -> Bool {
    let deadline = MonotonicClock.now() + 30_000_000_000
    while MonotonicClock.now() < deadline {
        if try condition() { return true }
        Pause.milliseconds(2)
    }
    return false
}
