/// What a run takes down, one element after the other, in pieces that stay where they are: an array that has to grow copies
/// all that it holds, tens of milliseconds for a million operations, in the midst of what is measured.
public struct RunList<Element: Sendable>: Sendable {
    @usableFromInline var full: [[Element]] = []
    @usableFromInline var last: [Element] = []

    /// An empty list.
    @inlinable
    public init() {}

    /// Elements of a piece: about a megabyte.
    @inlinable
    static var pieceCount: Int { Swift.max(1, (1 << 20) / Swift.max(1, MemoryLayout<Element>.stride)) }

    /// Adds an element at the end.
    @inlinable
    public mutating func append(_ element: Element) {
        if last.count == Self.pieceCount { beginPiece() }
        last.append(element)
    }

    @usableFromInline
    @inline(never)
    mutating func beginPiece() {
        full.append(last)
        last = []
        last.reserveCapacity(Self.pieceCount)
    }

    /// Adds another list's elements at the end.
    public static func += (list: inout RunList, other: RunList) {
        for element in other { list.append(element) }
    }

    /// All elements, in one array.
    public var all: [Element] {
        var all: [Element] = []
        all.reserveCapacity(count)
        for piece in full { all += piece }
        all += last
        return all
    }
}

extension RunList: RandomAccessCollection {
    /// The first place.
    @inlinable
    public var startIndex: Int { 0 }

    /// The place after the last element, and their number.
    @inlinable
    public var endIndex: Int { full.count * Self.pieceCount + last.count }

    /// The element in a place.
    @inlinable
    public subscript(place: Int) -> Element {
        let piece = place / Self.pieceCount
        return piece < full.count ? full[piece][place % Self.pieceCount] : last[place - full.count * Self.pieceCount]
    }
}
