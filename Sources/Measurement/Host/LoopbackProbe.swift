import Glibc

/// A message of 64 bytes there and back over loopback TCP, both ends blocking on threads.
enum LoopbackProbe {
    static let messageBytes = 64

    static func measure(forNanoseconds budget: UInt64) throws(MeasurementError) -> MachineFloor.Cost {
        let (client, server) = try connectedPair()
        defer { close(client) }
        let echo: OwnThread
        do {
            echo = try OwnThread {
                var message = [UInt8](repeating: 0, count: messageBytes)
                while receive(server, &message) && transmit(server, message) {}
                close(server)
            }
        } catch {
            close(server)
            throw error
        }
        defer {
            shutdown(client, Int32(SHUT_RDWR))
            echo.join()
        }
        var samples: [Double] = []
        var message = [UInt8](repeating: 0x5A, count: messageBytes)
        let end = MonotonicClock.now() + budget
        repeat {
            let start = MonotonicClock.now()
            guard transmit(client, message) else { throw .last("send on loopback") }
            guard receive(client, &message) else { throw .last("receive on loopback") }
            samples.append(Double(MonotonicClock.now() - start))
        } while samples.count < 20_000 && MonotonicClock.now() < end
        return .init(of: samples)
    }

    private static func transmit(_ descriptor: Int32, _ message: [UInt8]) -> Bool {
        send(descriptor, message, message.count, Int32(MSG_NOSIGNAL)) == message.count
    }

    private static func receive(_ descriptor: Int32, _ message: inout [UInt8]) -> Bool {
        recv(descriptor, &message, message.count, Int32(MSG_WAITALL)) == message.count
    }

    private static func tcpSocket() throws(MeasurementError) -> Int32 {
        let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
        guard descriptor >= 0 else { throw .last("socket") }
        return descriptor
    }

    private static func connectedPair() throws(MeasurementError) -> (client: Int32, server: Int32) {
        let listener = try tcpSocket()
        defer { close(listener) }
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
        var length = socklen_t(MemoryLayout<sockaddr_in>.size)
        func withAddress(_ call: (UnsafeMutablePointer<sockaddr>) -> Int32) -> Int32 {
            withUnsafeMutablePointer(to: &address) {
                $0.withMemoryRebound(to: sockaddr.self, capacity: 1) { call($0) }
            }
        }
        guard withAddress({ bind(listener, $0, length) }) == 0 else { throw .last("bind to loopback") }
        guard listen(listener, 1) == 0 else { throw .last("listen") }
        guard withAddress({ getsockname(listener, $0, &length) }) == 0 else { throw .last("getsockname") }
        let client = try tcpSocket()
        guard withAddress({ connect(client, $0, length) }) == 0 else {
            let failure = MeasurementError.last("connect to loopback")
            close(client)
            throw failure
        }
        let server = accept(listener, nil, nil)
        guard server >= 0 else {
            let failure = MeasurementError.last("accept")
            close(client)
            throw failure
        }
        var on: Int32 = 1
        for descriptor in [client, server] {
            setsockopt(descriptor, Int32(IPPROTO_TCP), TCP_NODELAY, &on, socklen_t(MemoryLayout<Int32>.size))
        }
        return (client, server)
    }
}
