import ProtocolKit

/// What a node knows of another and has gathered for it.
struct DynamoPeer: Sendable {
    let id: NodeID
    /// Whether messages may arrive.
    var isLinked = false
    /// Until when it is taken to be down for having been silent, on the monotonic clock; 0 when it isn't.
    var suspectedUntil: UInt64 = 0
    /// How many requests this incarnation has forwarded to it.
    var forwards: UInt64 = 0
    /// What it has forwarded here.
    var forwarded = ForwardWindow()
    var handoff = Handoff()

    private var outbox: ContiguousArray<DynamoPart> = []
    private var onceDurable: ContiguousArray<DynamoPart> = []
    private var gatheredBytes = 0

    /// How far the delivery of hints to it is: one batch at a time.
    struct Handoff: Sendable {
        /// Where among the hints the next search begins.
        var cursor = 0
        /// How many of the batch are not acknowledged.
        var outstanding = 0
        /// When the batch is given up, on the monotonic clock.
        var deadline: UInt64 = 0
    }

    init(id: NodeID) {
        self.id = id
    }

    /// Whether it is worth asking alone.
    func isHealthy(at now: Now) -> Bool { isLinked && suspectedUntil <= now.monotonic }

    /// Adds a part to what is sent at the end of the turn.
    mutating func tell(_ part: DynamoPart) {
        outbox.append(part)
        if case .write(_, _, let record) = part { gatheredBytes += record.payload.count }
    }

    /// Adds a part that carries about this many bytes.
    mutating func tell(_ part: DynamoPart, bytes: Int) {
        outbox.append(part)
        gatheredBytes += bytes
    }

    /// Adds a part to what is sent once everything written in the turn is durable.
    mutating func tellOnceDurable(_ part: DynamoPart) {
        onceDurable.append(part)
    }

    var hasGathered: Bool { !outbox.isEmpty || !onceDurable.isEmpty }

    var hasGatheredEnough: Bool {
        outbox.count >= DynamoLimits.gatheredParts || onceDurable.count >= DynamoLimits.gatheredParts
            || gatheredBytes >= DynamoLimits.gatheredBytes
    }

    mutating func takeOutbox() -> ContiguousArray<DynamoPart>? {
        guard !outbox.isEmpty else { return nil }
        gatheredBytes = 0
        let parts = outbox
        outbox = []
        return parts
    }

    mutating func takeOnceDurable() -> ContiguousArray<DynamoPart>? {
        guard !onceDurable.isEmpty else { return nil }
        let parts = onceDurable
        onceDurable = []
        return parts
    }
}

/// Which forwarded requests have come, so that one that the network repeats isn't carried out twice: the last 1,024
/// numbers of the sender's incarnation. What is older than that is taken to have come.
struct ForwardWindow: Sendable {
    private static let size: UInt64 = 1_024
    private var incarnation: UInt64 = 0
    private var highest: UInt64 = 0
    private var seen: ContiguousArray<UInt64> = []

    /// Whether a number, from 1, comes for the first time.
    mutating func admit(_ number: UInt64, of sender: UInt64) -> Bool {
        guard sender >= incarnation, number > 0, number <= DynamoLimits.number else { return false }
        if sender > incarnation || seen.isEmpty {
            incarnation = sender
            highest = 0
            seen = ContiguousArray(repeating: 0, count: Int(Self.size) / 64)
        }
        if number > highest {
            if number - highest >= Self.size {
                for word in seen.indices { seen[word] = 0 }
            } else {
                for skipped in highest + 1..<number { set(skipped, false) }
            }
            highest = number
            set(number, true)
            return true
        }
        guard highest - number < Self.size, !isSet(number) else { return false }
        set(number, true)
        return true
    }

    private func isSet(_ number: UInt64) -> Bool {
        seen[Int(number % Self.size / 64)] & 1 << (number % 64) != 0
    }

    private mutating func set(_ number: UInt64, _ value: Bool) {
        let (word, bit) = (Int(number % Self.size / 64), UInt64(1) << (number % 64))
        if value { seen[word] |= bit } else { seen[word] &= ~bit }
    }
}
