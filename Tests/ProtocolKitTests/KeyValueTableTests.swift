import ByteCoding
import Testing
import Workload

@testable import ProtocolKit

@Suite("Key-value table")
struct KeyValueTableTests {
    private func find(_ table: KeyValueTable, _ key: Bytes) -> Int? {
        key.withUnsafeBytes { table.find($0, hash: KeyValueTable.hash($0)) }
    }

    /// Random insertions, replacements, appends and removals on few enough keys that they collide often.
    private func run(seed: UInt64, keys: Int, steps: Int, check: Bool) -> KeyValueTable {
        var generator = SeededGenerator(seed: seed)
        var table = KeyValueTable()
        var model: [Bytes: [UInt8]] = [:]
        for step in 0..<steps {
            let key = Bytes("key-\(generator.below(keys))")
            let value = (0..<generator.below(12)).map { _ in UInt8(generator.below(256)) }
            // Phases of growth and of decay, so that the table shrinks through long runs of taken slots.
            let removes = generator.chance(step / 500 % 2 == 0 ? 0.2 : 0.7)
            switch (find(table, key), removes) {
            case (let position?, true):
                table.remove(at: position)
                model[key] = nil
            case (let position?, false):
                if generator.chance(0.5) {
                    value.withUnsafeBytes { table.replace(at: position, with: $0) }
                    model[key] = value
                } else {
                    let count = value.withUnsafeBytes { table.append(at: position, $0) }
                    model[key]? += value
                    #expect(count == model[key]?.count)
                }
            case (nil, true): #expect(model[key] == nil)
            case (nil, false):
                key.withUnsafeBytes { table.insert($0, hash: KeyValueTable.hash($0), value: value) }
                model[key] = value
            }
            if check, step % 100 == 0 || step == steps - 1 { compare(table, model, keys: keys) }
        }
        return table
    }

    private func compare(_ table: KeyValueTable, _ model: [Bytes: [UInt8]], keys: Int) {
        #expect(table.items.count == model.count)
        for number in 0..<keys {
            let key = Bytes("key-\(number)")
            #expect(find(table, key).map { table.items[$0].value } == model[key])
        }
    }

    @Test("agrees with a dictionary", arguments: UInt64(1)...6)
    func model(seed: UInt64) {
        _ = run(seed: seed, keys: 20 * Int(seed), steps: 3_000, check: true)
    }

    @Test("its order follows from its history alone")
    func order() {
        let one = run(seed: 5, keys: 200, steps: 2_000, check: false)
        let other = run(seed: 5, keys: 200, steps: 2_000, check: false)
        #expect(!one.items.isEmpty)
        #expect(one.items.map(\.key) == other.items.map(\.key))
    }

    @Test("items stand in order of insertion, a removed one's place taken by the last")
    func places() {
        var table = KeyValueTable()
        for key: Bytes in ["a", "b", "c", "d"] {
            key.withUnsafeBytes { table.insert($0, hash: KeyValueTable.hash($0), value: []) }
        }
        table.remove(at: 1)
        #expect(table.items.map(\.key) == ["a", "d", "c"])
        table.remove(at: 2)
        #expect(table.items.map(\.key) == ["a", "d"])
        #expect(find(table, "d") == 1)
        #expect(find(table, "b") == nil)
    }

    @Test("keys with the same hash are told apart, also around the end of the index")
    func collisions() {
        var table = KeyValueTable()
        let keys = (0..<40).map { Bytes("k\($0)") }
        for key in keys { key.withUnsafeBytes { table.insert($0, hash: .max, value: Array($0)) } }
        for removed in stride(from: 0, to: 40, by: 3) {
            let position = keys[removed].withUnsafeBytes { table.find($0, hash: .max) }
            table.remove(at: position!)
        }
        for (number, key) in keys.enumerated() {
            let position = key.withUnsafeBytes { table.find($0, hash: .max) }
            #expect(position.map { table.items[$0].key } == (number % 3 == 0 ? nil : key))
        }
    }

    @Test(
        "hashes are the same in every process",
        arguments: [
            ("", 0x3B36_D437_572E_33D0), ("a", 0xA717_1FF8_76B4_CF29), ("key", 0x7581_A2B6_D873_9B8D),
            ("12345678", 0x36A7_2F4C_2D80_FE34), ("a longer key of many words", 0x0E45_8352_108C_BEEE),
        ] as [(String, UInt64)])
    func hashes(text: String, hash: UInt64) {
        #expect(Bytes(text).withUnsafeBytes { KeyValueTable.hash($0) } == hash)
    }
}
