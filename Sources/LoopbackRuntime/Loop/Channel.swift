import ByteCoding
import CLinux
import Glibc

/// A connected socket on a loop: reads all there is, gathers what is to be written and writes it once a turn.
final class Channel {
    /// Most bytes read before others on the loop get their turn.
    private static let readBound = 1 << 20
    /// Most bytes that may wait for a slow peer before the connection is given up.
    static let writeBound = 256 << 20

    let fd: Int32
    private let loop: EventLoop
    private var slot = -1
    private var interest = CLINUX_READABLE
    private var isConnecting: Bool
    private(set) var isOpen = true
    private(set) var bytesRead: UInt64 = 0
    private(set) var bytesWritten: UInt64 = 0
    /// What has been read and not consumed.
    var inbound = ByteWriter(capacity: 64 << 10)
    /// What is to be written.
    var outbound = ByteWriter(capacity: 16 << 10)
    /// Runs when bytes have arrived.
    var onReadable: () -> Void = {}
    /// Runs once when the connection is up (only for those that began to connect).
    var onConnected: () -> Void = {}
    /// Runs once when the connection has ended, for whatever reason but ``close()``.
    var onClosed: () -> Void = {}

    init(fd: Int32, loop: EventLoop, isConnecting: Bool = false) throws(RuntimeError) {
        self.fd = fd
        self.loop = loop
        self.isConnecting = isConnecting
        if isConnecting { interest = CLINUX_WRITABLE }
        do {
            slot = try loop.watch(fd, interest: interest) { [unowned self] in ready($0, $1, $2) }
        } catch {
            // `deinit` runs after this throw, and must not close the descriptor, by then perhaps another's, again.
            isOpen = false
            Glibc.close(fd)
            throw error
        }
    }

    deinit {
        if isOpen { close() }
    }

    /// Ends the connection without telling ``onClosed``.
    func close() {
        guard isOpen else { return }
        isOpen = false
        loop.unwatch(fd, slot: slot)
        Glibc.close(fd)
    }

    /// Whether something waits to be written.
    var hasOutput: Bool { !outbound.isEmpty }

    private func ready(_ isReadable: Bool, _ isWritable: Bool, _ isBroken: Bool) {
        if isConnecting { return finishConnecting() }
        if isWritable { flush() }
        if (isReadable || isBroken) && isOpen { receive() }
    }

    private func finishConnecting() {
        isConnecting = false
        guard Socket.pendingError(fd) == 0 else { return fail() }
        interest = CLINUX_READABLE
        loop.change(fd, slot: slot, interest: interest)
        onConnected()
    }

    private func fail() {
        guard isOpen else { return }
        close()
        onClosed()
    }

    private func receive() {
        var total = 0
        var hasEnded = false
        while total < Self.readBound {
            let room = 64 << 10
            let count = inbound.fill(room) { read(fd, $0, room) }
            if count > 0 {
                total += count
                if count < room { break }
            } else if count < 0 && (errno == EAGAIN || errno == EINTR) {
                break
            } else {
                hasEnded = true
                break
            }
        }
        bytesRead &+= UInt64(total)
        if total > 0 { onReadable() }
        if hasEnded { fail() }
    }

    /// Stops or resumes reading, for back-pressure.
    func setReading(_ isReading: Bool) {
        let wanted = isReading ? interest | CLINUX_READABLE : interest & ~CLINUX_READABLE
        guard wanted != interest, isOpen, !isConnecting else { return }
        interest = wanted
        loop.change(fd, slot: slot, interest: interest)
    }

    /// Writes what is gathered as far as the socket takes it.
    func flush() {
        guard isOpen, !isConnecting else { return }
        while !outbound.isEmpty {
            let region = outbound.readable
            let count = send(fd, region.baseAddress, region.count, Int32(MSG_NOSIGNAL))
            if count > 0 {
                outbound.consume(count)
                bytesWritten &+= UInt64(count)
            } else if errno == EAGAIN {
                break
            } else if errno != EINTR {
                return fail()
            }
        }
        if outbound.count > Self.writeBound { return fail() }
        let wanted = outbound.isEmpty ? interest & ~CLINUX_WRITABLE : interest | CLINUX_WRITABLE
        if wanted != interest {
            interest = wanted
            loop.change(fd, slot: slot, interest: interest)
        }
        outbound.shrink(to: 4 << 20)
    }
}
