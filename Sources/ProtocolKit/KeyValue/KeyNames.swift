import ByteCoding
import Synchronization

/// Puts with nothing filled in, by the length of their keys. All of a load's users share them.
enum PutTemplates {
    /// Larger values than this have none: copying the value is what a put costs then.
    static let largestValueBytes = 4_096
    /// The longest name of a key that a load has is a letter and so many digits.
    private static let mostDigits = 10

    private static let made = Mutex<(valueBytes: Int, requests: [[UInt8]])>((0, []))

    /// The templates for values of a size; those that were made last where it is the same.
    static func of(valueBytes: Int) -> [[UInt8]] {
        guard valueBytes <= largestValueBytes else { return [] }
        return made.withLock { made in
            if made.valueBytes != valueBytes {
                let requests = (0...1 + mostDigits).map {
                    KeyValueRequest.putTemplate(
                        keyBytes: $0, valueBytes: valueBytes, filling: KeyValueNaming.filling)
                }
                made = (valueBytes, requests)
            }
            return made.requests
        }
    }
}

/// The names of a load's keys, all in one piece of memory, each laid out as a request to read it: neither naming a key nor
/// coding a read costs an allocation.
struct KeyNames: Sendable {
    private let space: KeyValueNaming.Space
    private let names: Bytes
    /// Where each name begins and ends.
    private let places: [(start: UInt32, end: UInt32)]

    /// Names beyond so many are made when they are needed.
    static let mostKept = 1 << 17

    private static let made = Mutex<[KeyNames]>([])

    /// The names of keys `0 ..< count`; those that were made last where they are the same, since all of a load's users
    /// share them.
    static func of(_ space: KeyValueNaming.Space, count: Int) -> KeyNames {
        made.withLock { made in
            let kept = min(count, mostKept)
            if let same = made.first(where: { $0.space == space && $0.places.count == kept }) { return same }
            made.removeAll { $0.space == space }
            let names = KeyNames(space, count: kept)
            made.append(names)
            return names
        }
    }

    private init(_ space: KeyValueNaming.Space, count: Int) {
        self.space = space
        var text: [UInt8] = []
        var places: [(start: UInt32, end: UInt32)] = []
        places.reserveCapacity(count)
        for number in 0..<count {
            let start = KeyValueRequest.layOutGet(in: &text) { KeyValueNaming.appendKey(space, number, to: &$0) }
            places.append((UInt32(start), UInt32(text.count)))
        }
        names = Bytes(text)
        self.places = places
    }

    /// The name of a key.
    subscript(number: Int) -> Bytes {
        guard number < places.count else { return KeyValueNaming.key(space, number) }
        let place = places[number]
        return names[Int(place.start)..<Int(place.end)]
    }
}
