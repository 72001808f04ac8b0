/// How a ring finds the first point at or after a hash.
public enum RingSearch: String, Sendable, CaseIterable {
    /// By equal segments of the circle, then along the points: a constant number of steps, as Karger et al. propose.
    case segments
    /// By halving, without branches: log₂ of the number of points.
    case binary
}

/// Cuts the circle into equal segments, about one for each point, and keeps for each the first point in or after it
/// (Karger et al. 1997, §4, where a search tree stands in each segment; as points are uniform, a segment holds about
/// one, and stepping along the sorted points takes the tree's place).
struct SegmentIndex: Sendable {
    /// The first point at or after each segment's start; one more at the end.
    private(set) var firstPoints: [UInt32]
    /// Moves a hash's segment number down to its lowest bits.
    private(set) var shift: UInt64

    init(points: [UInt64]) {
        // The power of two at or above the number of points, and at least two, so that the shift stays below 64.
        let bits = max(1, UInt64.bitWidth - (UInt64(max(points.count, 2)) - 1).leadingZeroBitCount)
        shift = UInt64(64 - bits)
        firstPoints = []
        firstPoints.reserveCapacity(1 << bits)
        var next = 0
        for segment in 0..<(UInt64(1) << UInt64(bits)) {
            let start = segment << shift
            while next < points.count, points[next] < start { next += 1 }
            firstPoints.append(UInt32(next))
        }
    }

    /// The index of the first of the sorted `points` that is at least `hash`; `points.count` if none is.
    @inline(__always)
    func firstIndex(atLeast hash: UInt64, in points: [UInt64]) -> Int {
        var index = Int(firstPoints[Int(truncatingIfNeeded: hash &>> shift)])
        while index < points.count, points[index] < hash { index &+= 1 }
        return index
    }
}

/// Binary search that moves by conditional moves, which no branch predictor can get wrong.
enum BranchlessSearch {
    /// The index of the first of the sorted `points` that is at least `hash`; `points.count` if none is.
    @inline(__always)
    static func firstIndex(atLeast hash: UInt64, in points: [UInt64]) -> Int {
        var base = 0
        var length = points.count
        points.withUnsafeBufferPointer { points in
            while length > 1 {
                let half = length / 2
                // Arithmetic on the comparison, since a conditional expression may come out as a branch.
                base &+= half &* (points[base &+ half &- 1] < hash ? 1 : 0)
                length &-= half
            }
        }
        return length == 1 && points[base] < hash ? base + 1 : base
    }
}
