import ByteCoding
import ProtocolKit
import RESP

/// What clients ask of a lock server.
///
/// | command | answer |
/// |---|---|
/// | `LOCK name owner lease-ms` | an array of token, arrival and microseconds waited, once granted; null when cancelled |
/// | `UNLOCK name owner token` | 1 when the lock was the owner's under this token, else 0 |
/// | `CANCEL name owner` | 1 when a wait or grant of this owner and connection was given up, else 0 |
/// | `FENCEDSET name token` | the number of the guarded resource's decision; negative when it refused a stale token |
///
/// Names and owners have 1 to 23 bytes. A lock isn't reentrant: an owner that asks again waits behind itself.
public enum LockRequest: Hashable, Sendable {
    /// Wait for a lock and take it.
    case acquire(name: ShortName, owner: ShortName, leaseMilliseconds: UInt32)
    /// Give a lock back.
    case release(name: ShortName, owner: ShortName, token: UInt64)
    /// Give up what this connection holds or waits for under an owner: what a client does whose wait timed out, so that
    /// a grant that comes too late doesn't block the lock for a lease's time.
    case cancel(name: ShortName, owner: ShortName)
    /// Write to the resource that the lock guards.
    case fencedWrite(name: ShortName, token: UInt64)
}

extension LockRequest {
    /// Longest lease in milliseconds: one hour.
    public static let longestLeaseMilliseconds: UInt32 = 3_600_000
}

extension LockRequest: ClientRequest {
    /// Reads one of the four commands.
    public init(_ command: RESPCommand) throws(CommandError) {
        if command.matches("LOCK") {
            guard command.count == 4 else { throw .wrongArguments(usage: "LOCK name owner lease-ms") }
            guard let lease = command.integer(3), lease > 0, lease <= Int64(Self.longestLeaseMilliseconds) else {
                throw .notAnInteger(argument: "lease-ms (1 to 3600000)")
            }
            self = .acquire(
                name: try Self.name(command, 1), owner: try Self.name(command, 2),
                leaseMilliseconds: UInt32(lease))
        } else if command.matches("UNLOCK") {
            guard command.count == 4 else { throw .wrongArguments(usage: "UNLOCK name owner token") }
            self = .release(
                name: try Self.name(command, 1), owner: try Self.name(command, 2),
                token: try Self.token(command, 3))
        } else if command.matches("CANCEL") {
            guard command.count == 3 else { throw .wrongArguments(usage: "CANCEL name owner") }
            self = .cancel(name: try Self.name(command, 1), owner: try Self.name(command, 2))
        } else if command.matches("FENCEDSET") {
            guard command.count == 3 else { throw .wrongArguments(usage: "FENCEDSET name token") }
            self = .fencedWrite(name: try Self.name(command, 1), token: try Self.token(command, 2))
        } else {
            throw .unknownCommand(command.text(0))
        }
    }

    private static func name(_ command: RESPCommand, _ index: Int) throws(CommandError) -> ShortName {
        guard let name = ShortName(command[index]) else {
            if command[index].isEmpty { throw .wrongArguments(usage: "names and owners have 1 to 23 bytes") }
            throw .tooLong(what: "the name", limit: ShortName.limit)
        }
        return name
    }

    private static func token(_ command: RESPCommand, _ index: Int) throws(CommandError) -> UInt64 {
        guard let token = command.integer(index), token >= 0 else { throw .notAnInteger(argument: "token") }
        return UInt64(token)
    }

    /// Appends the command.
    public func encode(into writer: inout ByteWriter) {
        switch self {
        case .acquire(let name, let owner, let lease):
            writer.writeArrayHeader(4)
            writer.writeBulk("LOCK")
            writer.writeBulk(name)
            writer.writeBulk(owner)
            writer.writeBulk(number: UInt64(lease))
        case .release(let name, let owner, let token):
            writer.writeArrayHeader(4)
            writer.writeBulk("UNLOCK")
            writer.writeBulk(name)
            writer.writeBulk(owner)
            writer.writeBulk(number: token)
        case .cancel(let name, let owner):
            writer.writeArrayHeader(3)
            writer.writeBulk("CANCEL")
            writer.writeBulk(name)
            writer.writeBulk(owner)
        case .fencedWrite(let name, let token):
            writer.writeArrayHeader(3)
            writer.writeBulk("FENCEDSET")
            writer.writeBulk(name)
            writer.writeBulk(number: token)
        }
    }
}

extension ByteWriter {
    /// Appends a number as a bulk string of its digits, without allocating.
    mutating func writeBulk(number: UInt64) {
        var digits = 1
        var rest = number / 10
        while rest > 0 {
            digits += 1
            rest /= 10
        }
        writeBulkHeader(digits)
        write(decimal: Int(truncatingIfNeeded: number))
        writeLineEnd()
    }
}
