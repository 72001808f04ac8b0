import CLinux

/// CRC-32C (Castagnoli; RFC 3720, appendix B.4), continued from `seed`.
@inlinable
public func checksum(_ region: UnsafeRawBufferPointer, seed: UInt32 = 0) -> UInt32 {
    guard let base = region.baseAddress else { return seed }
    return clinux_crc32c(seed, base, region.count)
}
