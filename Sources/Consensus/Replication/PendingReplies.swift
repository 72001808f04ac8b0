import ProtocolKit

/// Which requests the entries of a log stand for: a queue that runs in parallel to the log's indices.
///
/// A leader that is deposed keeps what it has, because a refusal would claim that a command had no effect. An entry that
/// a later leader commits is applied here too, and its client gets the true answer; one in whose place another entry is
/// committed never had an effect, and only then is its client sent away.
@usableFromInline
struct PendingReplies: Sendable {
    @usableFromInline var firstIndex = UInt64(0)
    @usableFromInline var tokens = Fifo<RequestToken>()
    /// Who waits for entries that were overwritten here and that another server may still hold and commit.
    @usableFromInline var overwritten = ContiguousArray<Overwritten>()

    @usableFromInline
    struct Overwritten: Sendable {
        let index: LogIndex
        let term: UInt64
        let token: RequestToken
    }

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

    /// The log's entries from an index on are about to be removed.
    mutating func truncate(from index: LogIndex, of log: RaftLog) {
        let end = firstIndex + UInt64(tokens.count)
        guard end > index.rawValue else { return }
        let first = max(index.rawValue, firstIndex)
        for position in first..<end {
            let token = tokens[Int(position - firstIndex)]
            guard token != Self.nobody, let term = log.term(at: LogIndex(position)) else { continue }
            overwritten.append(Overwritten(index: LogIndex(position), term: term.rawValue, token: token))
        }
        tokens.removeLast(Int(end - first))
    }

    /// Who waits for an overwritten entry at an index where one of `term` is committed: those whose entry it is after
    /// all, and those whose entry can't be committed any more.
    mutating func settle(_ index: LogIndex, term: UInt64) -> (committed: [RequestToken], lost: [RequestToken]) {
        let settled = overwritten.filter { $0.index <= index }
        overwritten.removeAll { $0.index <= index }
        return (
            settled.filter { $0.index == index && $0.term == term }.map(\.token),
            settled.filter { $0.index == index && $0.term != term }.map(\.token)
        )
    }

    /// Gives up everyone who waits for an entry through an index, and all where there is none: the connections on which
    /// nobody will be answered, each once.
    @usableFromInline
    mutating func removeAll(through index: LogIndex = LogIndex(.max)) -> [ConnectionID] {
        var connections: [ConnectionID] = []
        func note(_ token: RequestToken) {
            guard token != Self.nobody, connections.last != token.connection,
                !connections.contains(token.connection)
            else { return }
            connections.append(token.connection)
        }
        for item in overwritten where item.index <= index { note(item.token) }
        overwritten.removeAll { $0.index <= index }
        while let token = tokens.first, firstIndex <= index.rawValue {
            note(token)
            tokens.removeFirst()
            firstIndex += 1
        }
        return connections
    }
}
