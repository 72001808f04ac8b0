import ByteCoding
import Synchronization

/// The names of a load's keys, all in one piece of memory: naming a key costs no allocation.
struct KeyNames: Sendable {
    private let space: KeyValueNaming.Space
    private let names: Bytes
    /// Where each name begins, and where the last one ends.
    private let starts: [UInt32]

    /// Names beyond so many are made when they are needed.
    static let mostKept = 1 << 17

    private static let made = Mutex<[KeyNames]>([])

    /// The names of keys `0 ..< count`; those that were made last where they are the same, since all of a load's users
    /// share them.
    static func of(_ space: KeyValueNaming.Space, count: Int) -> KeyNames {
        made.withLock { made in
            let kept = min(count, mostKept)
            if let same = made.first(where: { $0.space == space && $0.starts.count == kept + 1 }) { return same }
            made.removeAll { $0.space == space }
            let names = KeyNames(space, count: kept)
            made.append(names)
            return names
        }
    }

    private init(_ space: KeyValueNaming.Space, count: Int) {
        self.space = space
        var text: [UInt8] = []
        var starts: [UInt32] = [0]
        starts.reserveCapacity(count + 1)
        for number in 0..<count {
            KeyValueNaming.appendKey(space, number, to: &text)
            starts.append(UInt32(text.count))
        }
        names = Bytes(text)
        self.starts = starts
    }

    /// The name of a key.
    subscript(number: Int) -> Bytes {
        guard number + 1 < starts.count else { return KeyValueNaming.key(space, number) }
        return names[Int(starts[number])..<Int(starts[number + 1])]
    }
}
