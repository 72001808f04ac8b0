import ByteCoding
import ProtocolKit

/// What a lock server keeps on its disk.
struct LockHardState: WireCodable, Hashable, Sendable {
    /// No token above this has been given out.
    var tokensThrough: UInt64
    /// No lease longer than this runs, in nanoseconds.
    var longestLease: UInt64

    init(tokensThrough: UInt64, longestLease: UInt64) {
        self.tokensThrough = tokensThrough
        self.longestLease = longestLease
    }

    func encode(into writer: inout ByteWriter) {
        writer.write(tokensThrough)
        writer.write(longestLease)
    }

    init(from reader: inout ByteReader) throws(WireError) {
        tokensThrough = try reader.read()
        longestLease = try reader.read()
    }
}

/// Fencing tokens in strictly increasing order, across restarts too, for a sync in a thousand grants.
///
/// A block of tokens is reserved on disk before its first is given out, and the next block when half of it is used up,
/// so that under a steady load no grant waits for the disk. A restart skips what is left of the block. The same hard
/// state carries the longest lease given out since the start: after a crash nobody is granted anything until it has
/// passed. A grant whose lease is longer than any before waits for one sync.
struct TokenReserve: Sendable {
    static let block: UInt64 = 1_000

    private(set) var next: UInt64
    private var written: LockHardState
    private var durable: LockHardState
    private var underWay: [(state: LockHardState, ticket: Ticket)] = []
    private var longestGranted = UInt64(0)

    /// A reserve after what was recovered.
    init(recovered: LockHardState) {
        next = recovered.tokensThrough + 1
        written = recovered
        durable = recovered
    }

    /// Reserves the first block of this incarnation.
    mutating func reserveFirstBlock(_ effects: inout Effects<LockServer>) {
        write(through: next - 1 + Self.block, lease: written.longestLease, &effects)
    }

    /// The leases of the former incarnation have passed: the next write may forget the longest of them.
    mutating func formerLeasesPassed() {
        written.longestLease = 0
        durable.longestLease = 0
    }

    /// The next token for a grant with a lease, and what the grant has to wait for.
    mutating func take(lease: UInt64, _ effects: inout Effects<LockServer>) -> (token: UInt64, ticket: Ticket) {
        let token = next
        next += 1
        longestGranted = max(longestGranted, lease)
        if lease > written.longestLease || token + Self.block / 2 > written.tokensThrough {
            let through = max(written.tokensThrough, token) + Self.block
            write(through: through, lease: max(longestGranted, written.longestLease), &effects)
        }
        guard token > durable.tokensThrough || lease > durable.longestLease else { return (token, .none) }
        let needed = underWay.first { $0.state.tokensThrough >= token && $0.state.longestLease >= lease }
        guard let needed else { preconditionFailure("what isn't durable is being written") }
        return (token, needed.ticket)
    }

    private mutating func write(through: UInt64, lease: UInt64, _ effects: inout Effects<LockServer>) {
        written = LockHardState(tokensThrough: through, longestLease: lease)
        underWay.append((written, effects.writeHardState(written.encoded())))
    }

    /// Everything up to a ticket is durable.
    mutating func persisted(through ticket: Ticket) {
        while let first = underWay.first, first.ticket <= ticket {
            durable = first.state
            underWay.removeFirst()
        }
    }
}
