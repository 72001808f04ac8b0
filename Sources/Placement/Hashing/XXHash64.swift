/// xxHash64 (Collet, "xxHash fast digest algorithm", specification 0.1.1, XXH64): how keys and virtual nodes get their
/// place. Not cryptographic: whoever can choose keys can choose where they fall.
public enum XXHash64 {
    @usableFromInline static var prime1: UInt64 { 0x9E37_79B1_85EB_CA87 }
    @usableFromInline static var prime2: UInt64 { 0xC2B2_AE3D_27D4_EB4F }
    @usableFromInline static var prime3: UInt64 { 0x1656_67B1_9E37_79F9 }
    @usableFromInline static var prime4: UInt64 { 0x85EB_CA77_C2B2_AE63 }
    @usableFromInline static var prime5: UInt64 { 0x27D4_EB2F_1656_67C5 }

    /// The hash of `bytes`.
    public static func hash(_ bytes: UnsafeRawBufferPointer, seed: UInt64 = 0) -> UInt64 {
        var offset = 0
        var accumulator: UInt64
        if bytes.count >= 32 {
            accumulator = stripes(bytes, seed: seed, offset: &offset)
        } else {
            accumulator = seed &+ prime5
        }
        accumulator &+= UInt64(bytes.count)
        while offset + 8 <= bytes.count {
            accumulator = absorb(word(bytes, offset), into: accumulator)
            offset += 8
        }
        if offset + 4 <= bytes.count {
            let lane = UInt64(UInt32(littleEndian: bytes.loadUnaligned(fromByteOffset: offset, as: UInt32.self)))
            accumulator = rotateLeft(accumulator ^ (lane &* prime1), 23) &* prime2 &+ prime3
            offset += 4
        }
        while offset < bytes.count {
            accumulator = rotateLeft(accumulator ^ (UInt64(bytes[offset]) &* prime5), 11) &* prime1
            offset += 1
        }
        return avalanche(accumulator)
    }

    /// The hash of the UTF-8 bytes of `text`.
    public static func hash(_ text: String, seed: UInt64 = 0) -> UInt64 {
        var text = text
        return text.withUTF8 { hash(UnsafeRawBufferPointer($0), seed: seed) }
    }

    /// The hash of the eight little-endian bytes of `key`.
    @inlinable
    public static func hash(_ key: UInt64, seed: UInt64 = 0) -> UInt64 {
        avalanche(absorb(key, into: seed &+ prime5 &+ 8))
    }

    // Four independent lanes over 32-byte stripes, then merged.
    private static func stripes(_ bytes: UnsafeRawBufferPointer, seed: UInt64, offset: inout Int) -> UInt64 {
        var lanes = (seed &+ prime1 &+ prime2, seed &+ prime2, seed, seed &- prime1)
        while offset + 32 <= bytes.count {
            lanes.0 = round(lanes.0, word(bytes, offset))
            lanes.1 = round(lanes.1, word(bytes, offset + 8))
            lanes.2 = round(lanes.2, word(bytes, offset + 16))
            lanes.3 = round(lanes.3, word(bytes, offset + 24))
            offset += 32
        }
        var merged =
            rotateLeft(lanes.0, 1) &+ rotateLeft(lanes.1, 7) &+ rotateLeft(lanes.2, 12) &+ rotateLeft(lanes.3, 18)
        merged = merge(merged, lanes.0)
        merged = merge(merged, lanes.1)
        merged = merge(merged, lanes.2)
        return merge(merged, lanes.3)
    }

    private static func word(_ bytes: UnsafeRawBufferPointer, _ offset: Int) -> UInt64 {
        UInt64(littleEndian: bytes.loadUnaligned(fromByteOffset: offset, as: UInt64.self))
    }

    private static func merge(_ accumulator: UInt64, _ lane: UInt64) -> UInt64 {
        (accumulator ^ round(0, lane)) &* prime1 &+ prime4
    }

    @inlinable
    static func rotateLeft(_ value: UInt64, _ count: UInt64) -> UInt64 {
        (value &<< count) | (value &>> (64 &- count))
    }

    @inlinable
    static func round(_ accumulator: UInt64, _ lane: UInt64) -> UInt64 {
        rotateLeft(accumulator &+ lane &* prime2, 31) &* prime1
    }

    @inlinable
    static func absorb(_ lane: UInt64, into accumulator: UInt64) -> UInt64 {
        rotateLeft(accumulator ^ round(0, lane), 27) &* prime1 &+ prime4
    }

    @inlinable
    static func avalanche(_ value: UInt64) -> UInt64 {
        var mixed = value
        mixed = (mixed ^ (mixed >> 33)) &* prime2
        mixed = (mixed ^ (mixed >> 29)) &* prime3
        return mixed ^ (mixed >> 32)
    }
}
