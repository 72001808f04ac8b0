import ByteCoding
import Glibc
import Measurement
import RESP

/// A blocking connection to a client port, for asking a node how it is. Never used on a loop.
public final class ControlConnection {
    private let fd: Int32
    private var inbound = ByteWriter(capacity: 16 << 10)

    /// Connects within a time.
    public init(to address: SocketAddress, timeoutNanoseconds: UInt64 = 2_000_000_000) throws(RuntimeError) {
        fd = try Socket.connect(to: address)
        // From here on a throw runs `deinit`, which closes the socket.
        try wait(for: Int16(POLLOUT), until: MonotonicClock.now() + timeoutNanoseconds, what: "connect to \(address)")
        let failure = Socket.pendingError(fd)
        guard failure == 0 else {
            throw RuntimeError.socket(call: "connect to \(address)", reason: String(cString: strerror(failure)))
        }
    }

    deinit {
        close(fd)
    }

    private func wait(for events: Int16, until deadline: UInt64, what: String) throws(RuntimeError) {
        while true {
            let now = MonotonicClock.now()
            guard now < deadline else { throw .noAnswer(call: what) }
            var descriptor = pollfd(fd: fd, events: events, revents: 0)
            let ready = poll(&descriptor, 1, Int32((deadline - now) / 1_000_000) + 1)
            if ready > 0 { return }
            guard ready == 0 || errno == EINTR else { throw .socket(call: what, reason: Socket.reason()) }
        }
    }

    /// Sends a command and waits for its answer.
    public func ask(_ arguments: [String], timeoutNanoseconds: UInt64 = 2_000_000_000) throws(RuntimeError) -> RESPValue
    {
        let deadline = MonotonicClock.now() + timeoutNanoseconds
        var writer = ByteWriter(capacity: 256)
        writer.writeArrayHeader(arguments.count)
        for argument in arguments { writer.writeBulk(Bytes(argument)) }
        while !writer.isEmpty {
            let region = writer.readable
            let count = send(fd, region.baseAddress, region.count, Int32(MSG_NOSIGNAL))
            if count > 0 {
                writer.consume(count)
            } else if errno == EAGAIN {
                try wait(for: Int16(POLLOUT), until: deadline, what: arguments.joined(separator: " "))
            } else {
                throw .socket(call: "send", reason: Socket.reason())
            }
        }
        while true {
            do {
                if let (value, consumed) = try RESPValue.parse(inbound.readable) {
                    inbound.consume(consumed)
                    return value
                }
            } catch {
                throw .socket(call: arguments.joined(separator: " "), reason: "\(error)")
            }
            try wait(for: Int16(POLLIN), until: deadline, what: arguments.joined(separator: " "))
            let count = inbound.fill(64 << 10) { read(fd, $0, 64 << 10) }
            guard count > 0 || (count < 0 && errno == EAGAIN) else {
                throw .socket(call: arguments.joined(separator: " "), reason: "the connection was closed")
            }
        }
    }

    /// The node's `INFO` as names and values.
    public func info() throws(RuntimeError) -> [String: String] {
        guard case .bulk(let text) = try ask(["INFO"]) else {
            throw .socket(call: "INFO", reason: "not understood by the server")
        }
        var facts: [String: String] = [:]
        for line in text.text.split(whereSeparator: \.isNewline) {
            let pair = line.split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false)
            if pair.count == 2, !line.hasPrefix("#") { facts[String(pair[0])] = String(pair[1]) }
        }
        return facts
    }
}
