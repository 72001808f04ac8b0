/// The set of configurations that a search has been in, in open addressing, with a bound on its memory.
struct ConfigurationMemo {
    /// Where a search stands: how many events it has passed, which of the pending operations it has already taken, and
    /// the state. What returned before has been taken and what comes after has not, so this is all there is to know.
    struct Configuration: Equatable {
        var takenHigh: UInt64
        var takenLow: UInt64
        var state: UInt64
        /// −1: an empty slot.
        var position: Int32
    }

    enum Insertion {
        case new, known, outOfMemory
    }

    private var slots: ContiguousArray<Configuration>
    private var count = 0
    private let bytes: Int

    private static let empty = Configuration(takenHigh: 0, takenLow: 0, state: 0, position: -1)

    /// A memo that takes at most `bytes`, growth included.
    init(bytes: Int) {
        self.bytes = bytes
        slots = ContiguousArray(repeating: Self.empty, count: 1024)
    }

    mutating func insert(_ configuration: Configuration) -> Insertion {
        if 4 * count >= 3 * slots.count, !grow() { return .outOfMemory }
        guard place(configuration) else { return .known }
        count += 1
        return .new
    }

    private mutating func place(_ configuration: Configuration) -> Bool {
        let mask = slots.count - 1
        var hash = ValueIdentity.mixed(configuration.takenHigh ^ UInt64(UInt32(bitPattern: configuration.position)))
        hash = ValueIdentity.mixed(hash ^ configuration.takenLow)
        hash = ValueIdentity.mixed(hash ^ configuration.state)
        var index = Int(truncatingIfNeeded: hash) & mask
        return slots.withUnsafeMutableBufferPointer { slots in
            while slots[index].position >= 0 {
                if slots[index] == configuration { return false }
                index = (index + 1) & mask
            }
            slots[index] = configuration
            return true
        }
    }

    /// Doubles the table, unless the old and the new one together would take more than the bound.
    private mutating func grow() -> Bool {
        guard 3 * slots.count * MemoryLayout<Configuration>.stride <= bytes else { return false }
        let old = slots
        slots = ContiguousArray(repeating: Self.empty, count: 2 * old.count)
        for configuration in old where configuration.position >= 0 { _ = place(configuration) }
        return true
    }
}
