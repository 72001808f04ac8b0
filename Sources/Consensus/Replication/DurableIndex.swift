import ProtocolKit

/// How far a node's own log is durable, told from tickets.
///
/// Tickets complete in order, so one note a turn (this ticket covers the log through this index) is enough.
@usableFromInline
struct DurableIndex: Sendable {
    /// The last index that is durable.
    @usableFromInline var index = LogIndex.zero
    @usableFromInline var notedIndex = LogIndex.zero
    @usableFromInline var persistedThrough = Ticket.none
    @usableFromInline var notes = Fifo<Note>()

    @usableFromInline
    struct Note: Sendable {
        @usableFromInline let ticket: Ticket
        @usableFromInline var index: LogIndex

        @inlinable
        init(ticket: Ticket, index: LogIndex) {
            self.ticket = ticket
            self.index = index
        }
    }

    @inlinable
    init() {}

    /// Everything through `last` is durable: a recovered log, or a snapshot in place of one.
    @inlinable
    mutating func reset(to last: LogIndex) {
        index = last
        notedIndex = last
        notes.removeAll()
    }

    /// The log through `last` is durable once `ticket` is. True when that is so already.
    @inlinable
    mutating func note(_ last: LogIndex, after ticket: Ticket) -> Bool {
        guard last > notedIndex else { return false }
        notedIndex = last
        if ticket <= persistedThrough {
            notes.removeAll()
            index = last
            return true
        }
        notes.append(Note(ticket: ticket, index: last))
        return false
    }

    /// A ticket is durable. True when more of the log is.
    @inlinable
    mutating func persisted(through ticket: Ticket) -> Bool {
        if ticket > persistedThrough { persistedThrough = ticket }
        var advanced = false
        while let note = notes.first, note.ticket <= ticket {
            if note.index > index {
                index = note.index
                advanced = true
            }
            notes.removeFirst()
        }
        return advanced
    }

    /// The log's entries from an index on are gone.
    @inlinable
    mutating func truncate(from first: LogIndex) {
        let last = first.previous
        if index > last { index = last }
        if notedIndex > last { notedIndex = last }
        for offset in 0..<notes.count where notes[offset].index > last { notes[offset].index = last }
    }
}
