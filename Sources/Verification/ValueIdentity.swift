/// The 64-bit identities that stand for values in a ``KeyValueOperation``.
///
/// A history does not hold values but their identities, and two values are the same exactly when their identities are.
/// The 64-bit space is cut into ranges that cannot meet, so that a recorder and a checker never confuse an integer with
/// a written value:
///
/// | identity | stands for |
/// |---|---|
/// | 0 | no value: the key is absent |
/// | 1 ..< 2⁶² | a value with an identity of its own, given by the generator (``isWritten(_:)``) |
/// | 2⁶² ..< 2⁶³ − 2⁶¹ | a value nobody can have written: what was read could not be decoded (``foreign(digest:)``) |
/// | 2⁶³ − 2⁶¹ ..< 2⁶³ + 2⁶¹ | the integer 2⁶³ below it, so 0 is 2⁶³ (``integer(_:)``) |
/// | 2⁶³ + 2⁶² ... | a list of at least two pieces: count and hash chain of the pieces' identities (``list(_:)``) |
public enum ValueIdentity {
    /// No value: the key is absent. Also the initial state of every key.
    public static let absent: UInt64 = 0

    /// The largest identity that a generator may give to a value that it writes.
    public static let largestWritten: UInt64 = 1 << 62 - 1

    /// Whether `identity` is that of a value with an identity of its own.
    @inlinable
    public static func isWritten(_ identity: UInt64) -> Bool {
        identity != absent && identity <= largestWritten
    }

    /// The identity of a value that was read but cannot have been written by anybody, by a digest of its bytes.
    @inlinable
    public static func foreign(digest: UInt64) -> UInt64 {
        1 << 62 | digest >> 3
    }

    /// The identity of the integer `value`, for counters.
    ///
    /// - Precondition: −2⁶¹ ≤ `value` < 2⁶¹.
    @inlinable
    public static func integer(_ value: Int64) -> UInt64 {
        precondition(value >= -(1 << 61) && value < 1 << 61, "a counter's value lies within ±2^61")
        return UInt64(bitPattern: value) &+ 1 << 63
    }

    /// The integer that `identity` stands for; 0 for an absent key, as INCR has it; `nil` for anything else.
    @inlinable
    public static func integerValue(_ identity: UInt64) -> Int64? {
        if identity == absent { return 0 }
        let value = Int64(bitPattern: identity &- 1 << 63)
        return value >= -(1 << 61) && value < 1 << 61 ? value : nil
    }

    /// The identity of the value `base` with the piece `piece` appended.
    ///
    /// Appending to an absent key gives the piece itself, and a value that was put counts as one piece; so whoever reads
    /// a value as a sequence of pieces can compute its identity without knowing which of them was put. Above one piece
    /// the identity holds the count (modulo 2²²) and a 40-bit hash chain over the pieces in order.
    @inlinable
    public static func appending(_ piece: UInt64, to base: UInt64) -> UInt64 {
        if base == absent { return piece }
        let count = (pieceCount(base) + 1) & (1 << 22 - 1)
        return 3 << 62 | count << 40 | mixed(base ^ mixed(piece)) >> 24
    }

    /// The identity of the list of `pieces`, in order; ``absent`` for none.
    @inlinable
    public static func list(_ pieces: some Sequence<UInt64>) -> UInt64 {
        pieces.reduce(absent) { appending($1, to: $0) }
    }

    /// The number of pieces of the value, modulo 2²²: 0 for an absent key, 1 for anything that is not a list.
    @inlinable
    public static func pieceCount(_ identity: UInt64) -> UInt64 {
        if identity == absent { return 0 }
        return isList(identity) ? identity >> 40 & (1 << 22 - 1) : 1
    }

    /// Whether `identity` is that of a list of at least two pieces.
    @inlinable
    public static func isList(_ identity: UInt64) -> Bool { identity >> 62 == 3 }

    /// A short text for counter-examples: `absent`, `#12`, `5`, `list of 3 (9f..)` or `foreign (9f..)`.
    public static func text(_ identity: UInt64) -> String {
        if identity == absent { return "absent" }
        if isWritten(identity) { return "#\(identity)" }
        if let value = integerValue(identity) { return "\(value)" }
        let tail = String(identity & 0xff_ffff, radix: 16)
        return isList(identity) ? "list of \(pieceCount(identity)) (\(tail))" : "foreign (\(tail))"
    }

    /// The finaliser of SplitMix64 (Steele, Lea, Flood 2014): a bijection that spreads every bit over the word.
    @usableFromInline
    static func mixed(_ word: UInt64) -> UInt64 {
        var z = word &+ 0x9e37_79b9_7f4a_7c15
        z = (z ^ z >> 30) &* 0xbf58_476d_1ce4_e5b9
        z = (z ^ z >> 27) &* 0x94d0_49bb_1331_11eb
        return z ^ z >> 31
    }
}
