/// An open-addressing map from value identities to small numbers given in order of insertion.
struct ValueTable {
    private var slots: ContiguousArray<Slot>
    private let mask: Int
    /// How many values the table holds.
    private(set) var count = 0

    private struct Slot {
        var value: UInt64
        /// −1: empty.
        var number: Int32
    }

    /// A table for at most `capacity` values.
    init(capacity: Int) {
        var size = 16
        while size < 2 * capacity { size *= 2 }
        slots = ContiguousArray(repeating: Slot(value: 0, number: -1), count: size)
        mask = size - 1
    }

    @inline(__always)
    private static func hash(_ value: UInt64) -> Int {
        Int(truncatingIfNeeded: ValueIdentity.mixed(value))
    }

    /// The number of `value`, which is given the next one if it is new.
    mutating func insert(_ value: UInt64) -> (number: Int, isNew: Bool) {
        var position = Self.hash(value) & mask
        return slots.withUnsafeMutableBufferPointer { slots in
            while slots[position].number >= 0 {
                if slots[position].value == value { return (Int(slots[position].number), false) }
                position = (position + 1) & mask
            }
            assert(2 * count < slots.count, "the table was made for fewer values")
            slots[position] = Slot(value: value, number: Int32(truncatingIfNeeded: count))
            count += 1
            return (count - 1, true)
        }
    }

    /// The number of `value`, or `nil`.
    @inline(__always)
    func number(of value: UInt64) -> Int? {
        slots.withUnsafeBufferPointer { slots in
            var position = Self.hash(value) & mask
            while slots[position].number >= 0 {
                if slots[position].value == value { return Int(slots[position].number) }
                position = (position + 1) & mask
            }
            return nil
        }
    }
}
