import ByteCoding

/// The hash that places keys on the ring and finds them in tables: the same in every process and on every node.
enum KeyHash {
    /// Of a key: eight bytes a step, multiplied and folded.
    static func hash(_ key: Bytes) -> UInt64 {
        key.withUnsafeBytes { region in
            var hash = 0x2545_F491_4F6C_DD1D ^ UInt64(region.count)
            var offset = 0
            while offset &+ 8 <= region.count {
                let word = UInt64(littleEndian: region.loadUnaligned(fromByteOffset: offset, as: UInt64.self))
                hash = mix(hash, word)
                offset &+= 8
            }
            var rest: UInt64 = 0
            while offset < region.count {
                rest = rest << 8 | UInt64(region[offset])
                offset &+= 1
            }
            return mix(mix(hash, rest), 0x9E37_79B9_7F4A_7C15)
        }
    }

    /// One word after another: the folded product of both, each made odd in its own way.
    static func mix(_ state: UInt64, _ word: UInt64) -> UInt64 {
        let product = (state ^ 0xE703_7ED1_A0B4_28DB).multipliedFullWidth(by: word ^ 0x8EBC_6AF0_9C88_C6E3)
        return product.high ^ product.low ^ (word &+ 0x9E37_79B9_7F4A_7C15)
    }
}
