/// Identities of texts that can be joined without knowing the texts.
///
/// The identity of a text is a polynomial over its bytes modulo the prime 2⁶¹ − 1 (Rabin & Karp 1987), so that of two
/// texts joined follows from theirs and from a factor that the second's length gives. Two texts of one history have the
/// same identity with a chance of about length · 2⁻⁶¹. The empty text is the absent value; all others are identities of
/// written values from 2⁶¹ up.
public enum TextIdentity {
    private static let modulus: UInt64 = 1 << 61 - 1
    /// Any large number does that is not chosen by who writes the texts.
    private static let base: UInt64 = 0x0b5a_d4ec_eda1_ce2a

    /// The identity of a text in UTF-8.
    public static func identity(of text: some Sequence<UInt8>) -> UInt64 {
        marked(text.reduce(0) { reduced(product($0, base) + UInt64($1) + 1) })
    }

    /// What tells a text from other values; the polynomial leaves the bit free.
    private static let mark: UInt64 = 1 << 61

    private static func marked(_ value: UInt64) -> UInt64 { value == 0 ? ValueIdentity.absent : value | mark }

    /// What an identity is multiplied by when a text of `length` bytes is joined to it.
    public static func factor(ofLength length: Int) -> UInt64 {
        var (factor, power, rest): (UInt64, UInt64, Int) = (1, base, length)
        while rest > 0 {
            if rest & 1 == 1 { factor = product(factor, power) }
            power = product(power, power)
            rest >>= 1
        }
        return factor
    }

    /// The identity of `first` with a text joined to it, given that text's identity and factor.
    @inline(__always)
    static func joined(_ first: UInt64, _ second: UInt64, factor: UInt64) -> UInt64 {
        // What is no text can't be joined; any result does that no text has.
        guard first == ValueIdentity.absent || first >> 61 == 1, factor <= modulus else {
            return ValueIdentity.foreign(digest: first)
        }
        return marked(reduced(product(first & ~mark, factor) + second & ~mark))
    }

    @inline(__always)
    private static func reduced(_ value: UInt64) -> UInt64 {
        let folded = value & modulus + value >> 61
        return folded >= modulus ? folded - modulus : folded
    }

    @inline(__always)
    private static func product(_ first: UInt64, _ second: UInt64) -> UInt64 {
        let (high, low) = first.multipliedFullWidth(by: second)
        return reduced(low & modulus + (high << 3 | low >> 61))
    }
}
