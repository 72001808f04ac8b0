import ByteCoding
import Verification

/// How a load names keys and marks values, so that a judge can tell which write a read saw.
///
/// Keys are `k`, `c` or `l` (registers, counters, lists: kinds of operation that would spoil each other's values don't
/// share keys) and a decimal number. A written value begins with its identity in 16 hexadecimal digits, then filling.
enum KeyValueNaming {
    enum Space: UInt8, CaseIterable, Sendable {
        case register = 0x6B
        case counter = 0x63
        case list = 0x6C
    }

    static let identityBytes = 16
    static let filling: UInt8 = 0x2E
    private static let eightFillings: UInt64 = 0x2E2E_2E2E_2E2E_2E2E

    static func key(_ space: Space, _ number: Int) -> Bytes {
        var name: [UInt8] = []
        name.reserveCapacity(12)
        appendKey(space, number, to: &name)
        return Bytes(name)
    }

    static func appendKey(_ space: Space, _ number: Int, to text: inout [UInt8]) {
        precondition(number >= 0, "keys count from 0")
        text.append(space.rawValue)
        var power = 1
        while power <= number / 10 { power *= 10 }
        while power > 0 {
            text.append(0x30 + UInt8(number / power % 10))
            power /= 10
        }
    }

    /// The number under which histories know a key: the spaces side by side, or nil for a key that no load has named.
    static func number(of key: Bytes) -> UInt32? {
        guard key.count > 1, let space = Space(rawValue: key[0]) else { return nil }
        var number: UInt32 = 0
        for offset in 1..<key.count {
            let digit = key[offset] &- 0x30
            guard digit <= 9, number < 100_000_000 else { return nil }
            number = number * 10 + UInt32(digit)
        }
        return number + base(of: space)
    }

    /// The number under which histories know a load's key, or nil where there is none.
    static func number(_ space: Space, _ number: Int) -> UInt32? {
        number >= 0 && number < Int(perSpace) ? UInt32(number) + base(of: space) : nil
    }

    /// Whether a key's number is a counter's.
    static func isCounter(_ number: UInt32) -> Bool { number / perSpace == 1 }

    /// So many numbers each space has.
    private static let perSpace: UInt32 = 1_000_000_000

    private static func base(of space: Space) -> UInt32 {
        switch space {
        case .register: 0
        case .counter: perSpace
        case .list: 2 * perSpace
        }
    }

    /// A value of a size without its identity: what values of the same size are copied from.
    static func template(size: Int) -> [UInt8] {
        [UInt8](repeating: filling, count: max(size, identityBytes))
    }

    static func value(identity: UInt64, size: Int) -> Bytes {
        value(identity: identity, template: template(size: size))
    }

    /// A copy of a template with an identity at its beginning.
    static func value(identity: UInt64, template: [UInt8]) -> Bytes {
        var value = template
        value.withUnsafeMutableBufferPointer { write(identity, into: $0) }
        return Bytes(value)
    }

    /// Writes an identity at the beginning of a value.
    static func write(_ identity: UInt64, into value: UnsafeMutableBufferPointer<UInt8>) {
        for place in 0..<identityBytes {
            let nibble = UInt8(truncatingIfNeeded: identity >> UInt64(4 * (identityBytes - 1 - place))) & 15
            value[place] = nibble < 10 ? 0x30 + nibble : 0x57 + nibble
        }
    }

    /// The identity of a value that was read; several pieces in a row are a list.
    static func identity(of value: Bytes, isCounter: Bool) -> UInt64 {
        value.withUnsafeBytes { region in
            if isCounter {
                guard let number = Int64(String(decoding: region, as: UTF8.self)), isCountable(number) else {
                    return ValueIdentity.foreign(digest: KeyValueTable.hash(region))
                }
                return ValueIdentity.integer(number)
            }
            // Nobody writes an empty value, and it is not an absent one.
            guard !region.isEmpty else { return ValueIdentity.foreign(digest: 0) }
            var identity = ValueIdentity.absent
            var offset = 0
            while offset < region.count {
                guard let piece = hexadecimal(region, at: offset) else {
                    return ValueIdentity.foreign(digest: KeyValueTable.hash(region))
                }
                identity = ValueIdentity.appending(piece, to: identity)
                offset += identityBytes
                while offset + 8 <= region.count,
                    region.loadUnaligned(fromByteOffset: offset, as: UInt64.self) == eightFillings
                { offset += 8 }
                while offset < region.count, region[offset] == filling { offset += 1 }
            }
            return identity
        }
    }

    /// The identity of an integer that was read or answered.
    static func identity(ofInteger number: Int64) -> UInt64 {
        isCountable(number)
            ? ValueIdentity.integer(number) : ValueIdentity.foreign(digest: UInt64(bitPattern: number))
    }

    /// Whether a load can have counted to a number.
    private static func isCountable(_ number: Int64) -> Bool {
        number.magnitude < 1 << 60
    }

    /// The identity of a value that a load has made, from its first digits alone: a value that was read is looked at to
    /// its end, one's own needn't be.
    static func identity(ofWritten value: Bytes) -> UInt64 {
        value.withUnsafeBytes { region in
            hexadecimal(region, at: 0) ?? ValueIdentity.foreign(digest: KeyValueTable.hash(region))
        }
    }

    private static func hexadecimal(_ region: UnsafeRawBufferPointer, at start: Int) -> UInt64? {
        guard region.count - start >= identityBytes else { return nil }
        var number: UInt64 = 0
        for offset in start..<(start + identityBytes) {
            let byte = region[offset]
            switch byte {
            case 0x30...0x39: number = number << 4 | UInt64(byte - 0x30)
            case 0x61...0x66: number = number << 4 | UInt64(byte - 0x57)
            default: return nil
            }
        }
        return ValueIdentity.isWritten(number) ? number : nil
    }
}
