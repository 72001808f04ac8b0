#if canImport(Glibc)
    import Glibc
#else
    import Darwin
#endif

/// A cheap slice of immutable bytes: 16 bytes wide, sharing its storage.
///
/// Entries of a log, keys and values travel as `Bytes`, so that decoding a batch costs one allocation for the batch and
/// none for each piece. A slice keeps the whole storage alive: what outlives a batch by far is copied with ``compacted()``.
public struct Bytes: Sendable {
    @usableFromInline let storage: [UInt8]
    @usableFromInline let lower: UInt32
    @usableFromInline let upper: UInt32

    /// All of an array, without a copy.
    @inlinable
    public init(_ array: [UInt8]) {
        precondition(array.count <= Int(UInt32.max), "Bytes holds at most 4 GiB")
        storage = array
        lower = 0
        upper = UInt32(truncatingIfNeeded: array.count)
    }

    @inlinable
    init(storage: [UInt8], lower: UInt32, upper: UInt32) {
        self.storage = storage
        self.lower = lower
        self.upper = upper
    }

    /// No bytes; doesn't allocate.
    @inlinable
    public init() {
        self.init([])
    }

    /// A copy of a memory region.
    @inlinable
    public init(copying region: UnsafeRawBufferPointer) {
        self.init([UInt8](region))
    }

    /// The UTF-8 form of a text.
    public init(_ text: String) {
        self.init(Array(text.utf8))
    }

    /// Number of bytes.
    @inlinable
    public var count: Int { Int(upper &- lower) }

    /// Whether there are no bytes.
    @inlinable
    public var isEmpty: Bool { upper == lower }

    /// The byte at an offset from the slice's start.
    @inlinable
    public subscript(offset: Int) -> UInt8 {
        precondition(offset >= 0 && offset < count, "offset \(offset) outside \(count) bytes")
        return storage[Int(lower) + offset]
    }

    /// The bytes in a range of offsets from the slice's start, sharing storage.
    @inlinable
    public subscript(range: Range<Int>) -> Bytes {
        precondition(range.lowerBound >= 0 && range.upperBound <= count, "range \(range) outside \(count) bytes")
        return Bytes(
            storage: storage, lower: lower &+ UInt32(truncatingIfNeeded: range.lowerBound),
            upper: lower &+ UInt32(truncatingIfNeeded: range.upperBound))
    }

    /// The storage that this slice and another lie in one behind the other, from `before` bytes ahead of this one to the
    /// other's end; nil where they don't, or share no storage.
    @inlinable
    public func joined(to other: Bytes, before: Int) -> Bytes? {
        guard upper == other.lower, Int(lower) >= before,
            storage.withUnsafeBufferPointer({ $0.baseAddress })
                == other.storage.withUnsafeBufferPointer({ $0.baseAddress })
        else { return nil }
        return Bytes(storage: storage, lower: lower &- UInt32(truncatingIfNeeded: before), upper: other.upper)
    }

    /// The same bytes with the `count` before them in their storage; nil where there aren't as many.
    @inlinable
    public func preceded(by count: Int) -> Bytes? {
        guard Int(lower) >= count else { return nil }
        return Bytes(storage: storage, lower: lower &- UInt32(truncatingIfNeeded: count), upper: upper)
    }

    /// Gives access to the bytes in place.
    @inlinable
    public func withUnsafeBytes<Result, Failure: Error>(
        _ body: (UnsafeRawBufferPointer) throws(Failure) -> Result
    ) throws(Failure) -> Result {
        let lower = Int(lower)
        let upper = Int(upper)
        return try storage.withUnsafeBufferPointer { (region: UnsafeBufferPointer<UInt8>) throws(Failure) -> Result in
            try body(UnsafeRawBufferPointer(UnsafeBufferPointer(rebasing: region[lower..<upper])))
        }
    }

    /// The same bytes in storage of exactly their size.
    @inlinable
    public func compacted() -> Bytes {
        count == storage.count ? self : Bytes(Array(storage[Int(lower)..<Int(upper)]))
    }

    /// The bytes as an array (a copy unless the slice is the whole storage).
    @inlinable
    public var array: [UInt8] {
        count == storage.count ? storage : Array(storage[Int(lower)..<Int(upper)])
    }

    /// The bytes read as UTF-8, with replacement characters where they aren't.
    public var text: String {
        withUnsafeBytes { String(decoding: $0, as: UTF8.self) }
    }
}

extension Bytes: Hashable {
    /// Equal contents, wherever they are stored.
    @inlinable
    public static func == (left: Bytes, right: Bytes) -> Bool {
        guard left.count == right.count else { return false }
        return left.withUnsafeBytes { a in
            right.withUnsafeBytes { b in a.count == 0 || memcmp(a.baseAddress!, b.baseAddress!, a.count) == 0 }
        }
    }

    /// Hashes the contents.
    @inlinable
    public func hash(into hasher: inout Hasher) {
        withUnsafeBytes { hasher.combine(bytes: $0) }
    }
}

extension Bytes: Comparable {
    /// Lexicographic order of the bytes.
    public static func < (left: Bytes, right: Bytes) -> Bool {
        left.withUnsafeBytes { a in
            right.withUnsafeBytes { b in a.lexicographicallyPrecedes(b) }
        }
    }
}

extension Bytes: ExpressibleByStringLiteral {
    /// The UTF-8 form of a literal.
    public init(stringLiteral value: String) {
        self.init(value)
    }
}

extension Bytes: CustomStringConvertible {
    /// The bytes as text, for traces and messages.
    public var description: String { text }
}
