import ProtocolKit

/// Which requests the entries of a log stand for: a queue that runs in parallel to the log's indices.
///
/// A leader that is deposed keeps what it has: an entry that a later leader commits unchanged is applied here too and
/// its client gets the true answer. An entry that is overwritten is forgotten without an answer, because another node
/// may still hold and commit it: a refusal would claim that the command had no effect.
@usableFromInline
struct PendingReplies: Sendable {
    @usableFromInline var firstIndex = UInt64(0)
    @usableFromInline var tokens = Fifo<RequestToken>()

    /// Stands for "nobody waits for this entry".
    @usableFromInline
    static var nobody: RequestToken {
        RequestToken(connection: ConnectionID(.max), sequence: .max)
    }

    @inlinable
    init() {}

    /// Notes who waits for the entry at an index, which must follow all noted before.
    @inlinable
    mutating func append(_ token: RequestToken, at index: LogIndex) {
        if tokens.isEmpty {
            firstIndex = index.rawValue
        } else {
            while firstIndex &+ UInt64(tokens.count) < index.rawValue { tokens.append(Self.nobody) }
        }
        tokens.append(token)
    }

    /// Who waits for the entry at an index; called in the order of the log.
    @inlinable
    mutating func take(_ index: LogIndex) -> RequestToken? {
        while !tokens.isEmpty, firstIndex <= index.rawValue {
            let token = tokens[0]
            let isAsked = firstIndex == index.rawValue
            tokens.removeFirst()
            firstIndex &+= 1
            if isAsked { return token == Self.nobody ? nil : token }
        }
        return nil
    }

    /// Forgets who waits for the entries from an index on.
    @inlinable
    mutating func truncate(from index: LogIndex) {
        let end = firstIndex &+ UInt64(tokens.count)
        guard end > index.rawValue else { return }
        tokens.removeLast(Int(end &- max(index.rawValue, firstIndex)))
    }

    @inlinable
    mutating func removeAll() {
        tokens.removeAll()
    }
}
