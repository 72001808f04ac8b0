import ByteCoding
import ProtocolKit

/// What one slot decides: commands of one node's clients, and the node's wall clock, by which sessions expire.
struct Decree {
    /// The proposer's wall clock in milliseconds.
    let milliseconds: UInt64
    /// The commands, in the order in which they are applied.
    let commands: [Bytes]

    /// A decree's binary form.
    static func encode(_ commands: [Bytes], at now: Now) -> Bytes {
        var writer = ByteWriter(capacity: 64 + commands.reduce(0) { $0 + $1.count + 4 })
        writer.write(now.wall / 1_000_000)
        writer.write(UInt32(commands.count))
        for command in commands { writer.write(command) }
        return writer.bytes()
    }

    /// Reads a decree's binary form.
    ///
    /// - Throws: `WireError` where it isn't one.
    init(decoding payload: Bytes) throws(WireError) {
        var commands: [Bytes] = []
        milliseconds = try Self.read(payload) { commands.append(payload[$0]) }
        self.commands = commands
    }

    /// Whether a payload is a decree's binary form.
    ///
    /// - Throws: `WireError` where it isn't.
    static func check(_ payload: Bytes) throws(WireError) {
        _ = try read(payload) { _ in }
    }

    /// Reads the clock, and where in the payload each command is.
    private static func read(_ payload: Bytes, _ take: (Range<Int>) -> Void) throws(WireError) -> UInt64 {
        try payload.withUnsafeBytes { region throws(WireError) in
            var reader = ByteReader(region)
            let milliseconds = try reader.read(UInt64.self)
            let count = try reader.readCount(limit: WireLimits.entries, of: "number of commands")
            for _ in 0..<count {
                let length = try reader.readCount(limit: WireLimits.entryBytes, of: "length of a command")
                let start = region.count - reader.remaining
                _ = try reader.readRegion(count: length)
                take(start..<start + length)
            }
            guard reader.remaining == 0 else { throw .trailingBytes(reader.remaining) }
            return milliseconds
        }
    }
}

/// The decree that a node wants decided, and the clients that wait for it.
struct OwnDecree: Sendable {
    /// The decree's name, in the form of a ballot: a number of the proposer's own, its incarnation, the proposer. By it
    /// the proposer knows its decree whoever has it decided.
    var name: Ballot
    var payload: Bytes
    var tokens: [RequestToken]
    /// The slot for which it was proposed in phase 2: until another value is decided there it may be decided.
    var proposedFor: LogIndex?
}

/// A ballot under way at its proposer.
struct PaxosProposal: Sendable {
    enum Phase: Sendable {
        /// Asking for promises.
        case prepare
        /// Asking for acceptances.
        case accept
    }

    let slot: LogIndex
    let ballot: Ballot
    var phase = Phase.prepare
    /// Who has answered in this phase, a bit each.
    var answers = UInt16(0)
    /// The value of the highest ballot that phase 1 has found; in phase 2 what is proposed.
    var value: PValue?
    /// The ticket after which the own acceptor's answer counts.
    var ownTicket = Ticket.none
    /// When something was last sent for it.
    var sentAt: UInt64
}
