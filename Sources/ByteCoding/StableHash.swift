/// A 64-bit hash of bytes with fixed constants, eight bytes a step by multiply and fold: the same in every process, so
/// that what is ordered by it is ordered alike on every replica and in every replay.
@inlinable
public func stableHash(_ region: UnsafeRawBufferPointer) -> UInt64 {
    var hash = 0x9E37_79B9_7F4A_7C15 ^ UInt64(region.count)
    var offset = 0
    while offset + 8 <= region.count {
        hash = multiplyAndFold(hash ^ region.loadUnaligned(fromByteOffset: offset, as: UInt64.self))
        offset += 8
    }
    var rest: UInt64 = 0
    while offset < region.count {
        rest = rest << 8 | UInt64(region[offset])
        offset += 1
    }
    return multiplyAndFold(multiplyAndFold(hash ^ rest) ^ 0xD6E8_FEB8_6659_FD93)
}

@inlinable
func multiplyAndFold(_ value: UInt64) -> UInt64 {
    let product = value.multipliedFullWidth(by: 0xA076_1D64_78BD_642F)
    return product.high ^ product.low
}
