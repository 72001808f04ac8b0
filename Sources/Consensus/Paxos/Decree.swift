import ByteCoding
import ProtocolKit

/// What one slot decides: commands of one node's clients, and the node's wall clock, by which sessions expire.
enum Decree {
    /// A decree's binary form.
    static func encode(_ commands: [Bytes], at now: Now) -> Bytes {
        var writer = ByteWriter(capacity: 64 + commands.reduce(0) { $0 + $1.count + 4 })
        writer.write(now.wall / 1_000_000)
        writer.write(UInt32(commands.count))
        for command in commands { writer.write(command) }
        return writer.bytes()
    }

    /// The clock and the commands; what can't be read is left out, by every replica alike.
    static func decode(_ payload: Bytes) -> (milliseconds: UInt64, commands: [Bytes]) {
        payload.withUnsafeBytes { region in
            var reader = ByteReader(region)
            var commands: [Bytes] = []
            guard let milliseconds = try? reader.read(UInt64.self),
                let count = try? reader.readCount(limit: PaxosLimits.values, of: "number of commands")
            else { return (0, []) }
            while commands.count < count,
                let length = try? reader.readCount(limit: PaxosLimits.valueBytes, of: "length")
            {
                let start = region.count - reader.remaining
                guard (try? reader.readRegion(count: length)) != nil else { break }
                commands.append(payload[start..<start + length])
            }
            return (milliseconds, commands)
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
