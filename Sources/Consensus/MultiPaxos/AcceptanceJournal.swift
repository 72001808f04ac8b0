import ByteCoding
import ProtocolKit

/// An acceptor's log: the values it accepted in the order in which it did.
///
/// A record's position says nothing of its slot. A marker names the slot and ballot of the record that follows; further
/// records are for the following slots in the same ballot. A marker stands wherever that isn't so and at the start of
/// every stretch, so that a journal is understood from the start of any stretch. Under a stable leader and with nothing
/// lost, one record in 256 is a marker.
@usableFromInline
struct AcceptanceJournal: Sendable {
    /// The kind of a marker; those of values are ``EntryKind``'s.
    static var markerKind: UInt8 { 16 }

    @usableFromInline var segments = JournalSegments()
    /// The slot and ballot that the next record is for without a marker.
    @usableFromInline var next = LogIndex.zero
    @usableFromInline var ballot = Ballot.zero
    /// The ticket of the last record.
    @usableFromInline var ticket = Ticket.none

    @inlinable
    init() {}

    /// Appends a value that is accepted in a ballot.
    ///
    /// - Parameter decided: every slot through this one is known to be decided; markers keep it.
    @inlinable
    mutating func append<Node: ProtocolNode>(
        _ record: LogRecord, in ballot: Ballot, decided: LogIndex, effects: inout Effects<Node>
    ) {
        if record.index != next || ballot != self.ballot || segments.isFull {
            mark(record.index, ballot, decided, effects: &effects)
        }
        let position = segments.append(record.index, mayBegin: false)
        ticket = effects.append(
            LogRecord(index: position, tag: record.tag, kind: record.kind, payload: record.payload))
        next = LogIndex(record.index.rawValue &+ 1)
    }

    @usableFromInline
    mutating func mark<Node: ProtocolNode>(
        _ slot: LogIndex, _ ballot: Ballot, _ decided: LogIndex, effects: inout Effects<Node>
    ) {
        self.ballot = ballot
        let position = segments.append(slot, mayBegin: true)
        let payload = JournalMarker(slot: slot, decided: decided).encoded()
        effects.append(
            LogRecord(index: position, tag: ballot.rawValue, kind: Self.markerKind, payload: payload))
    }

    /// Gives up the records that are only for slots through one.
    mutating func discard<Node: ProtocolNode>(through slot: LogIndex, effects: inout Effects<Node>) {
        if let position = segments.discard(through: slot) { effects.discardPrefix(through: position) }
    }
}

/// What a marker says beside the ballot.
struct JournalMarker: Hashable, WireCodable {
    /// The slot of the record that follows.
    var slot: LogIndex
    /// Every slot through this one was known to be decided: its value is the last one before the marker.
    var decided: LogIndex

    init(slot: LogIndex, decided: LogIndex) {
        self.slot = slot
        self.decided = decided
    }

    func encode(into writer: inout ByteWriter) {
        writer.write(slot.rawValue)
        writer.write(decided.rawValue)
    }

    init(from reader: inout ByteReader) throws(WireError) {
        slot = try reader.readSlot()
        decided = try reader.readSlot()
    }
}

/// What a journal holds, read from its start.
struct JournalReplay {
    var slots = AcceptedSlots()
    var journal = AcceptanceJournal()
    /// The highest ballot in which something was accepted.
    var highest = Ballot.zero
    /// Every slot through this one was known to be decided.
    var decided = LogIndex.zero

    /// Reads records; those for slots through `base` are in a snapshot already.
    init(_ records: [LogRecord], after base: LogIndex) throws(WireError) {
        slots.discard(through: base)
        for record in records {
            if record.kind == AcceptanceJournal.markerKind {
                let marker = try JournalMarker(decoding: record.payload)
                journal.next = marker.slot
                journal.ballot = Ballot(record.tag)
                highest = max(highest, journal.ballot)
                decided = max(decided, marker.decided)
                journal.segments.recover(record.index, slot: marker.slot, mayBegin: true)
                continue
            }
            guard journal.next > .zero, record.kind <= EntryKind.tick.rawValue else {
                throw .unknownTag(what: "journal record", value: UInt64(record.kind))
            }
            let slot = journal.next
            journal.segments.recover(record.index, slot: slot, mayBegin: false)
            journal.next = slot.next
            guard slot > base else { continue }
            slots.set(
                LogRecord(index: slot, tag: record.tag, kind: record.kind, payload: record.payload),
                in: journal.ballot)
        }
        // What comes next begins with a marker: the slot may have been written again since.
        journal.next = .zero
    }
}
