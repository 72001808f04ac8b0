/// Draws key numbers in `0..<keyCount` for one client.
///
///     var rng = SeededGenerator(seed: 1)
///     var keys = try KeySampler(.zipfian(theta: 0.99, scrambled: true), keyCount: 10_000)
///     let key = keys.next(&rng)
public struct KeySampler: Sendable {
    @usableFromInline
    enum Method: Sendable {
        case uniform
        case zipfian(Zipfian)
        case scrambled(Zipfian)
        case hotspot(hotKeys: Int, share: Double)
        case latest(Zipfian)
        case sequential(next: Int, start: Int, stride: Int)
        case single
        case conflict(probability: Double, firstOwnKey: Int, ownKeys: Int, stride: Int)
    }

    /// YCSB's `ScrambledZipfianGenerator` draws ranks over ten billion items and hashes them down to the key count.
    static let scrambledItemCount = 10_000_000_000

    /// How the keys are distributed.
    public let distribution: KeyDistribution
    /// How many keys there are.
    public private(set) var keyCount: Int
    @usableFromInline var method: Method

    /// Makes the sampler of client `clientIndex` out of `clientCount`; only `sequential` and `conflict` ask which.
    ///
    /// `conflict` gives key 0 to everyone and shares the others out, so it needs more keys than clients. Throws
    /// `WorkloadError.impossible` for that, and for a key or client count that isn't positive.
    public init(
        _ distribution: KeyDistribution, keyCount: Int, clientIndex: Int = 0, clientCount: Int = 1
    ) throws(WorkloadError) {
        guard keyCount > 0 else {
            throw .impossible(subject: "key count", reason: "\(keyCount) keys; at least 1 is needed")
        }
        guard clientCount > 0, (0..<clientCount).contains(clientIndex) else {
            throw .impossible(subject: "clients", reason: "client \(clientIndex) of \(clientCount) does not exist")
        }
        self.distribution = distribution
        self.keyCount = keyCount
        switch distribution {
        case .uniform: method = .uniform
        case .single: method = .single
        case .zipfian(let theta, let scrambled):
            method =
                scrambled
                ? .scrambled(Zipfian(count: Self.scrambledItemCount, theta: theta))
                : .zipfian(Zipfian(count: keyCount, theta: theta))
        case .latest(let theta): method = .latest(Zipfian(count: keyCount, theta: theta))
        case .hotspot(let fraction, let share):
            method = .hotspot(hotKeys: Self.hotKeys(fraction, keyCount), share: share)
        case .sequential:
            let start = clientIndex % keyCount
            method = .sequential(next: start, start: start, stride: min(clientCount, keyCount))
        case .conflict(let percent):
            guard keyCount > clientCount else {
                throw .impossible(
                    subject: "key distribution \(distribution)",
                    reason: "\(clientCount) clients need at least \(clientCount + 1) keys, one shared and one each")
            }
            method = .conflict(
                probability: percent / 100, firstOwnKey: 1 + clientIndex,
                ownKeys: (keyCount - 2 - clientIndex) / clientCount + 1, stride: clientCount)
        }
    }

    static func hotKeys(_ fraction: Double, _ keyCount: Int) -> Int {
        min(keyCount, max(1, Int((fraction * Double(keyCount)).rounded())))
    }

    /// Takes keys that were inserted meanwhile into account; `latest` then favours them. `newKeyCount` never shrinks.
    /// The private keys of `conflict` stay as they are.
    public mutating func grow(toKeyCount newKeyCount: Int) {
        precondition(newKeyCount >= keyCount, "keys can only be added")
        guard newKeyCount > keyCount else { return }
        keyCount = newKeyCount
        switch distribution {
        case .latest(let theta): method = .latest(Zipfian(count: newKeyCount, theta: theta))
        case .zipfian(let theta, false): method = .zipfian(Zipfian(count: newKeyCount, theta: theta))
        case .hotspot(let fraction, let share):
            method = .hotspot(hotKeys: Self.hotKeys(fraction, newKeyCount), share: share)
        case .uniform, .zipfian, .sequential, .single, .conflict: break
        }
    }

    /// The next key number, in `0..<keyCount`.
    public mutating func next(_ rng: inout SeededGenerator) -> Int {
        switch method {
        case .uniform: return rng.below(keyCount)
        case .single: return 0
        case .zipfian(let zipfian): return zipfian.next(&rng)
        case .scrambled(let zipfian): return Int(Self.fnv(UInt64(zipfian.next(&rng))) % UInt64(keyCount))
        case .latest(let zipfian): return keyCount - 1 - zipfian.next(&rng)
        case .hotspot(let hotKeys, let share):
            if hotKeys == keyCount || rng.chance(share) { return rng.below(hotKeys) }
            return hotKeys + rng.below(keyCount - hotKeys)
        case .sequential(let key, let start, let stride):
            let following = key + stride
            method = .sequential(next: following < keyCount ? following : start, start: start, stride: stride)
            return key
        case .conflict(let probability, let firstOwnKey, let ownKeys, let stride):
            if rng.chance(probability) { return 0 }
            return firstOwnKey + stride * rng.below(ownKeys)
        }
    }

    /// FNV-1a over the eight octets, lowest first, then the absolute value as a signed number: YCSB's `Utils.hash`.
    @inlinable static func fnv(_ value: UInt64) -> UInt64 {
        var hash: UInt64 = 0xCBF2_9CE4_8422_2325
        var rest = value
        for _ in 0..<8 {
            hash = (hash ^ (rest & 0xFF)) &* 1_099_511_628_211
            rest >>= 8
        }
        return Int64(bitPattern: hash).magnitude
    }
}
