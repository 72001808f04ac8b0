import Glibc

/// Steele, Lea and Flood's splitmix64 (OOPSLA 2014), used to spread a seed over a larger state.
public struct SplitMix64: RandomNumberGenerator, Sendable {
    @usableFromInline var state: UInt64

    /// Starts the sequence at `seed`; every seed is a good one.
    @inlinable public init(seed: UInt64) {
        state = seed
    }

    /// The next 64 bits.
    @inlinable public mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        return Self.mix(state)
    }

    /// The output function: a bijection on 64 bits in which every input bit moves about half of the output bits.
    @inlinable static func mix(_ value: UInt64) -> UInt64 {
        var z = value
        z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
        z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
        return z ^ (z >> 31)
    }
}

/// The suite's only source of randomness: xoshiro256** (Blackman and Vigna, "Scrambled linear pseudorandom number
/// generators", ACM TOMS 2021), seeded by splitmix64 as its authors recommend.
///
/// The draws derived from it are written out here because the standard library does not promise that `random(in:)` or
/// `shuffled(using:)` consume the generator in the same way in the next release, and a seed has to replay for years.
public struct SeededGenerator: RandomNumberGenerator, Sendable, Equatable {
    @usableFromInline var s0: UInt64
    @usableFromInline var s1: UInt64
    @usableFromInline var s2: UInt64
    @usableFromInline var s3: UInt64

    /// Expands `seed` to the 256 bits of state. Every seed is allowed: splitmix64 never yields four zeros in a row.
    @inlinable public init(seed: UInt64) {
        var expander = SplitMix64(seed: seed)
        s0 = expander.next()
        s1 = expander.next()
        s2 = expander.next()
        s3 = expander.next()
    }

    /// Takes the state as it stands, for the published test vectors. Not all four words may be zero.
    @inlinable public init(state: (UInt64, UInt64, UInt64, UInt64)) {
        precondition(state.0 | state.1 | state.2 | state.3 != 0, "the all-zero state only ever yields zeros")
        (s0, s1, s2, s3) = state
    }

    @inlinable static func rotateLeft(_ x: UInt64, _ k: UInt64) -> UInt64 {
        (x &<< k) | (x &>> (64 &- k))
    }

    /// The next 64 bits.
    @inlinable public mutating func next() -> UInt64 {
        let result = Self.rotateLeft(s1 &* 5, 7) &* 9
        let t = s1 << 17
        s2 ^= s0
        s3 ^= s1
        s1 ^= s2
        s0 ^= s3
        s2 ^= t
        s3 = Self.rotateLeft(s3, 45)
        return result
    }

    /// A number in `0..<bound`, each equally likely (Lemire, "Fast random integer generation in an interval", 2019).
    ///
    /// The high word of a 128-bit product is the candidate; the low word says whether it fell into the short, biased
    /// stretch of 2⁶⁴ mod `bound` products, which is redrawn. `bound` must be positive.
    @inlinable public mutating func below(_ bound: UInt64) -> UInt64 {
        precondition(bound > 0, "there is no number below zero to draw")
        var product = next().multipliedFullWidth(by: bound)
        if product.low < bound {
            let threshold = (0 &- bound) % bound
            while product.low < threshold {
                product = next().multipliedFullWidth(by: bound)
            }
        }
        return product.high
    }

    /// A number in `0..<bound`, for indices. `bound` must be positive.
    @inlinable public mutating func below(_ bound: Int) -> Int {
        precondition(bound > 0, "there is no number below zero to draw")
        return Int(truncatingIfNeeded: below(UInt64(bound)))
    }

    /// A number in [0, 1) from the 53 highest bits, the multiples of 2⁻⁵³ equally likely.
    @inlinable public mutating func unitInterval() -> Double {
        Double(next() >> 11) * 0x1p-53
    }

    /// True with probability `p`; never for 0 or less, always for 1 or more.
    @inlinable public mutating func chance(_ p: Double) -> Bool {
        unitInterval() < p
    }

    /// Puts `a` in an order drawn uniformly from all (Fisher and Yates, Durstenfeld's form).
    @inlinable public mutating func shuffle<T>(_ a: inout [T]) {
        guard a.count > 1 else { return }
        for i in stride(from: a.count - 1, to: 0, by: -1) {
            a.swapAt(i, below(i + 1))
        }
    }

    /// An exponentially distributed number of the given mean, by inversion. At most about 37 means.
    @inlinable public mutating func exponential(mean: Double) -> Double {
        -mean * log1p(-unitInterval())
    }

    /// A stream of its own for `label`: the same state and label give the same stream, another label an unrelated one.
    /// Does not move this generator.
    @inlinable public func split(_ label: UInt64) -> SeededGenerator {
        // Each word goes through the mixing bijection before the next is added, so no two words can cancel.
        var seed = SplitMix64.mix(label &+ 0x9E37_79B9_7F4A_7C15)
        seed = SplitMix64.mix(seed ^ s0)
        seed = SplitMix64.mix(seed ^ s1)
        seed = SplitMix64.mix(seed ^ s2)
        seed = SplitMix64.mix(seed ^ s3)
        return SeededGenerator(seed: seed)
    }
}
