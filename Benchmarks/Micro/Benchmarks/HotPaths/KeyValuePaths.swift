import Benchmark
import ByteCoding
import ProtocolKit

/// A store of 8,192 values of 256 bytes, and commands on them in the form in which the log carries them.
private struct FilledStore {
    static let keys = 8_192
    var store = KeyValueStore()
    let commands: [Bytes]

    init(_ command: (Bytes) -> KeyValueCommand) {
        for number in 0..<Self.keys {
            let request = KeyValueRequest(.put(key: sampleKey(number), value: sampleValue(UInt64(number))))
            _ = store.apply(request.payload, at: LogIndex(UInt64(number + 1)))
        }
        commands = (0..<Self.keys).map { KeyValueRequest(command(sampleKey($0))).payload }
    }
}

struct KeyValuePutting: HotPath {
    private var filled: FilledStore
    private var next = 0

    init() {
        let value = sampleValue()
        filled = FilledStore { .put(key: $0, value: value) }
    }

    mutating func run(_ count: Int) throws {
        for _ in 0..<count {
            // An odd stride visits all keys, in an order that the cache can't guess.
            next = (next &+ 3_571) & (FilledStore.keys - 1)
            guard case .done = filled.store.apply(filled.commands[next], at: LogIndex(1)) else {
                throw WrongAnswer(what: "a put was refused")
            }
        }
    }
}

struct KeyValueGetting: HotPath {
    private var filled = FilledStore { .get(key: $0) }
    private var next = 0

    mutating func run(_ count: Int) throws {
        var bytes = 0
        for _ in 0..<count {
            next = (next &+ 3_571) & (FilledStore.keys - 1)
            if case .value(let value) = filled.store.query(filled.commands[next]) { bytes &+= value.count }
        }
        guard bytes == 256 * count else { throw WrongAnswer(what: "\(bytes) bytes of \(256 * count)") }
    }
}
