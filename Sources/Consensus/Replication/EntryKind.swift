import ByteCoding
import ProtocolKit

/// What an entry of a replicated log is for.
public enum EntryKind: UInt8, Sendable, CaseIterable {
    /// Nothing: commits what precedes it in the leader's own term (Ongaro's thesis, section 6.4).
    case noOperation = 0
    /// A client's command.
    case command = 1
    /// The leader's wall clock in milliseconds since 1970, by which sessions expire.
    case tick = 2
    /// Who votes and who only follows (section 6 of the Raft paper).
    case configuration = 3
}

/// The content of an ``EntryKind/tick``.
enum Tick {
    /// A leader's wall clock.
    static func payload(at now: Now) -> Bytes {
        var writer = ByteWriter(capacity: 64)
        writer.write(now.wall / 1_000_000)
        return writer.bytes()
    }

    /// How often replicated time moves on at most, in nanoseconds.
    static let interval = UInt64.seconds(5)
}

extension StateMachine {
    /// Moves replicated time to that of a tick; one that can't be read is ignored, by every replica alike.
    @usableFromInline
    mutating func applyTick(_ payload: Bytes) {
        let time = payload.withUnsafeBytes { (region) -> UInt64? in
            var reader = ByteReader(region)
            return try? reader.read(UInt64.self)
        }
        if let time { advance(toReplicatedMilliseconds: time) }
    }
}
