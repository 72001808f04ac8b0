import Testing

@testable import ByteCoding

@Suite("Byte writer")
struct ByteWriterTests {
    @Test("keeps what was written while it grows", arguments: [1, 63, 64, 65, 127, 1_000, 100_000])
    func growth(count: Int) {
        var writer = ByteWriter(capacity: 64)
        for number in 0..<count { writer.write(UInt8(truncatingIfNeeded: number)) }
        let expected = (0..<count).map { UInt8(truncatingIfNeeded: $0) }
        #expect(writer.count == count)
        #expect(writer.bytes().array == expected)
        #expect(writer.capacity >= count)
    }

    @Test("writes integers of every width in little-endian order")
    func integers() {
        var writer = ByteWriter()
        writer.write(UInt8(0x01))
        writer.write(UInt16(0x0302))
        writer.write(UInt32(0x0706_0504))
        writer.write(UInt64(0x0F0E_0D0C_0B0A_0908))
        writer.write(Int64(-2))
        #expect(writer.bytes().array == Array(1...15) + [0xFE] + Array(repeating: 0xFF, count: 7))
    }

    @Test("takes the front off and keeps the rest")
    func consume() {
        var writer = ByteWriter(capacity: 64)
        writer.write(raw: Bytes("hello world"))
        writer.consume(6)
        #expect(writer.bytes() == "world")
        writer.consume(5)
        #expect(writer.count == 0)
        #expect(writer.head == 0)
        #expect(writer.tail == 0)
    }

    @Test("reuses the room in front instead of growing when most is consumed")
    func compaction() {
        var writer = ByteWriter(capacity: 1024)
        writer.write(raw: Bytes([UInt8](repeating: 1, count: 1000)))
        writer.consume(990)
        writer.write(raw: Bytes([UInt8](repeating: 2, count: 100)))
        #expect(writer.capacity == 1024)
        #expect(writer.head == 0)
        #expect(writer.bytes().array == [UInt8](repeating: 1, count: 10) + [UInt8](repeating: 2, count: 100))
    }

    @Test("agrees with an array under any order of changes", arguments: UInt64(1)...20)
    func model(seed: UInt64) {
        var state = seed
        func draw(_ bound: Int) -> Int {
            state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
            return Int(state >> 33) % bound
        }
        var writer = ByteWriter(capacity: 64)
        var model: [UInt8] = []
        for _ in 0..<1_000 {
            switch draw(5) {
            case 0, 1:
                let piece = (0..<draw(200)).map { _ in UInt8(draw(256)) }
                writer.write(raw: Bytes(piece))
                model += piece
            case 2:
                let count = draw(model.count + 1)
                writer.consume(count)
                model.removeFirst(count)
            case 3:
                let count = model.count - draw(model.count / 4 + 1)
                writer.truncate(to: count)
                model.removeLast(model.count - count)
            default:
                guard model.count >= 4 else { continue }
                let offset = draw(model.count - 3)
                writer.patch(0x0403_0201, at: offset)
                model.replaceSubrange(offset..<(offset + 4), with: [1, 2, 3, 4])
            }
            guard writer.bytes().array == model else {
                Issue.record("writer and model differ")
                return
            }
        }
    }

    @Test("patches a length known only afterwards, also behind consumed bytes")
    func patch() {
        var writer = ByteWriter()
        writer.write(raw: Bytes("xyz"))
        writer.consume(2)
        writer.write(UInt32(0))
        writer.patch(0xDDCC_BBAA, at: 1)
        #expect(writer.bytes().array == [0x7A, 0xAA, 0xBB, 0xCC, 0xDD])
    }

    @Test("takes what a filler wrote and nothing when it failed")
    func fill() {
        var writer = ByteWriter(capacity: 64)
        let count = writer.fill(100) { room in
            room.storeBytes(of: 0x2A, as: UInt8.self)
            return 1
        }
        let failed = writer.fill(10) { _ in -1 }
        let nothing = writer.fill(10) { _ in 0 }
        #expect(count == 1)
        #expect(failed == -1)
        #expect(nothing == 0)
        #expect(writer.bytes().array == [0x2A])
    }

    @Test("gives back room only when nothing waits")
    func shrink() {
        var writer = ByteWriter(capacity: 64)
        writer.write(raw: Bytes([UInt8](repeating: 7, count: 10_000)))
        writer.shrink(to: 1024)
        #expect(writer.count == 10_000)
        writer.consume(10_000)
        writer.shrink(to: 1024)
        #expect(writer.capacity == 1024)
        writer.write(raw: Bytes([UInt8](repeating: 8, count: 2_000)))
        #expect(writer.bytes().array == [UInt8](repeating: 8, count: 2_000))
    }

    @Test("keeps its room when emptied")
    func removeAll() {
        var writer = ByteWriter(capacity: 64)
        writer.write(raw: Bytes([UInt8](repeating: 7, count: 10_000)))
        let capacity = writer.capacity
        writer.removeAll()
        #expect(writer.count == 0)
        #expect(writer.capacity == capacity)
    }
}
