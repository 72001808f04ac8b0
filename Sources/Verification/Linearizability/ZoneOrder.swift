/// The zone of a cluster or chain: from its first return f to its last invocation s (forward) or back (backward).
struct Zone {
    var firstReturn: UInt64
    var lastInvoked: UInt64
    var name: Int32

    init(_ firstReturn: UInt64, _ lastInvoked: UInt64, _ name: Int) {
        self.firstReturn = firstReturn
        self.lastInvoked = lastInvoked
        self.name = Int32(truncatingIfNeeded: name)
    }

    var isForward: Bool { firstReturn < lastInvoked }
}

/// Decides whether zones can be put in an order; see ``ZoneCheck``.
struct ZoneOrder {
    enum Conflict {
        /// The named zone must come before the initial value.
        case afterInitial(Int)
        /// Each of the two must come before the other.
        case between(Int, Int)
    }

    /// The last invocation in the initial value's zone, which comes before all others; `nil` when nobody saw it.
    var initialLastInvoked: UInt64?
    private var forward: ContiguousArray<Zone> = []
    private var backward: ContiguousArray<Zone> = []

    init(capacity: Int) {
        backward.reserveCapacity(capacity)
    }

    mutating func insert(_ zone: Zone) {
        if zone.isForward { forward.append(zone) } else { backward.append(zone) }
    }

    mutating func conflict() -> Conflict? {
        if let initialLastInvoked {
            for zones in [forward, backward] {
                for zone in zones where zone.firstReturn < initialLastInvoked { return .afterInitial(Int(zone.name)) }
            }
        }
        forward.sort { $0.firstReturn < $1.firstReturn }
        return forwardOverlap() ?? backwardInsideForward()
    }

    private func forwardOverlap() -> Conflict? {
        for (first, second) in zip(forward, forward.dropFirst()) where second.firstReturn < first.lastInvoked {
            return .between(Int(first.name), Int(second.name))
        }
        return nil
    }

    /// Forward zones are disjoint by now, so only the last that begins before a backward zone can contain it.
    private func backwardInsideForward() -> Conflict? {
        forward.withUnsafeBufferPointer { forward in
            for zone in backward {
                var low = 0
                var high = forward.count
                while low < high {
                    let middle = (low + high) / 2
                    if forward[middle].firstReturn < zone.lastInvoked { low = middle + 1 } else { high = middle }
                }
                if low > 0, zone.firstReturn < forward[low - 1].lastInvoked {
                    return .between(Int(forward[low - 1].name), Int(zone.name))
                }
            }
            return nil
        }
    }
}
