import ByteCoding

/// A coded command in place: where its parts lie. Nil where the bytes aren't a command.
struct KeyValueView {
    let tag: UInt8
    let stamp: SessionStamp?
    let key: UnsafeRawBufferPointer
    /// What follows the key.
    let tail: UnsafeRawBufferPointer

    init?(_ region: UnsafeRawBufferPointer) {
        guard region.count >= 5 else { return nil }
        var offset = 1
        if region[0] & CommandTag.stamped != 0 {
            guard region.count >= 5 + CommandTag.stampBytes else { return nil }
            func number(_ index: Int) -> UInt64 {
                UInt64(littleEndian: region.loadUnaligned(fromByteOffset: 1 + 8 * index, as: UInt64.self))
            }
            stamp = SessionStamp(session: SessionID(number(0)), sequence: number(1), acknowledgedBelow: number(2))
            offset += CommandTag.stampBytes
        } else {
            stamp = nil
        }
        tag = region[0] & ~CommandTag.stamped
        let keyCount = Int(UInt32(littleEndian: region.loadUnaligned(fromByteOffset: offset, as: UInt32.self)))
        offset += 4
        guard keyCount <= region.count - offset else { return nil }
        key = UnsafeRawBufferPointer(rebasing: region[offset..<(offset + keyCount)])
        tail = UnsafeRawBufferPointer(rebasing: region[(offset + keyCount)...])
    }

    /// The two values of a compare-and-set.
    var pair: (expected: UnsafeRawBufferPointer, value: UnsafeRawBufferPointer)? {
        guard tail.count >= 4 else { return nil }
        let count = Int(UInt32(littleEndian: tail.loadUnaligned(as: UInt32.self)))
        guard count <= tail.count - 4 else { return nil }
        return (
            UnsafeRawBufferPointer(rebasing: tail[4..<(4 + count)]),
            UnsafeRawBufferPointer(rebasing: tail[(4 + count)...])
        )
    }

    /// The addend of an increment.
    var delta: Int64? {
        tail.count == 8 ? Int64(littleEndian: tail.loadUnaligned(as: Int64.self)) : nil
    }
}
