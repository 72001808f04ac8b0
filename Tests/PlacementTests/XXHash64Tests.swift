import Testing

@testable import Placement

@Suite("xxHash64")
struct XXHash64Tests {
    /// The buffer of the reference implementation's self-test.
    static let sanityBuffer: [UInt8] = {
        var generator: UInt64 = 2_654_435_761
        return (0..<222).map { _ in
            defer { generator = generator &* 11_400_714_785_074_694_797 }
            return UInt8(truncatingIfNeeded: generator >> 56)
        }
    }()

    @Test(
        "gives the reference implementation's values",
        arguments: [
            (0, 0, 0xEF46_DB37_51D8_E999), (0, 2_654_435_761, 0xAC75_FDA2_929B_17EF),
            (1, 0, 0xE934_A84A_DB05_2768), (1, 2_654_435_761, 0x5014_6076_43A9_B4C3),
            (4, 0, 0x9136_A0DC_A574_57EE), (14, 0, 0x8282_DCC4_994E_35C8),
            (14, 2_654_435_761, 0xC3BD_6BF6_3DEB_6DF0), (222, 0, 0xB641_AE8C_B691_C174),
            (222, 2_654_435_761, 0x20CB_8AB7_AE10_C14A), (31, 0, 0x299B_39A2_90E6_D783),
            (32, 0, 0x18B2_1649_2BB4_4B70), (33, 0, 0x55C8_DC3E_578F_5B59), (39, 0, 0xB888_CAF0_7592_B1B3),
            (63, 0, 0xA9EF_BE0F_A0F3_F4E7), (64, 0, 0xEF55_8F8A_CAC2_B5CD), (100, 0, 0x4BFE_019C_D91D_9EA4),
        ] as [(Int, UInt64, UInt64)])
    func referenceValues(length: Int, seed: UInt64, expected: UInt64) {
        let hash = Self.sanityBuffer.withUnsafeBytes {
            XXHash64.hash(UnsafeRawBufferPointer(rebasing: $0[..<length]), seed: seed)
        }
        #expect(hash == expected)
    }

    @Test("hashes text by its UTF-8 bytes")
    func text() {
        #expect(XXHash64.hash("abc") == 0x44BC_2CF5_AD77_0999)
        #expect(XXHash64.hash("Nobody inspects the spammish repetition") == 0xFBCE_A83C_8A37_8BF1)
    }

    @Test("hashes a word as its eight bytes", arguments: [0, 77] as [UInt64])
    func words(seed: UInt64) {
        for key in [0, 1, .max, 0x0123_4567_89AB_CDEF] as [UInt64] {
            let bytes = withUnsafeBytes(of: key.littleEndian) { XXHash64.hash($0, seed: seed) }
            #expect(XXHash64.hash(key, seed: seed) == bytes)
        }
        #expect(XXHash64.hash(UInt64(0x0123_4567_89AB_CDEF), seed: 77) == 0xBC0E_EF82_B99C_AA2C)
    }
}
