import CLinux
import Testing

@testable import ByteCoding

@Suite("CRC-32C")
struct ChecksumTests {
    /// Vectors of RFC 3720, appendix B.4, and the check value of the usual catalogues.
    static let vectors: [(input: [UInt8], crc: UInt32)] = [
        ([UInt8](repeating: 0, count: 32), 0x8A91_36AA),
        ([UInt8](repeating: 0xFF, count: 32), 0x62A8_AB43),
        (Array(0...31), 0x46DD_794E),
        (Array((0...31).reversed()), 0x113F_DB5C),
        (Array("123456789".utf8), 0xE306_9283),
        ([], 0),
    ]

    @Test("gives the published values", arguments: vectors)
    func published(input: [UInt8], crc: UInt32) {
        #expect(Bytes(input).withUnsafeBytes { checksum($0) } == crc)
    }

    @Test("the table gives the published values too", arguments: vectors)
    func software(input: [UInt8], crc: UInt32) {
        #expect(~clinux_crc32c_software(.max, input, input.count) == crc)
    }

    @Test("the instruction and the table agree at every length and alignment")
    func agreement() {
        let input = (0..<120).map { UInt8(truncatingIfNeeded: $0 &* 167 &+ 13) }
        let differing = input.withUnsafeBytes { region in
            (0..<9).flatMap { start in (start + 1..<region.count).map { (start, $0) } }.count { start, end in
                let part = UnsafeRawBufferPointer(rebasing: region[start..<end])
                let bytes = part.baseAddress!.assumingMemoryBound(to: UInt8.self)
                return checksum(part) != ~clinux_crc32c_software(.max, bytes, part.count)
            }
        }
        #expect(differing == 0)
    }

    @Test("continues over pieces as over the whole")
    func pieces() {
        let input = Bytes("The quick brown fox jumps over the lazy dog")
        let whole = input.withUnsafeBytes { checksum($0) }
        for cut in 0...input.count {
            let first = input[0..<cut].withUnsafeBytes { checksum($0) }
            #expect(input[cut..<input.count].withUnsafeBytes { checksum($0, seed: first) } == whole)
        }
    }

    @Test("every single flipped bit changes it")
    func flips() {
        let input = (0..<64).map { UInt8($0) }
        let whole = Bytes(input).withUnsafeBytes { checksum($0) }
        for bit in 0..<(input.count * 8) {
            var flipped = input
            flipped[bit / 8] ^= 1 << (bit % 8)
            #expect(Bytes(flipped).withUnsafeBytes { checksum($0) } != whole)
        }
    }
}
