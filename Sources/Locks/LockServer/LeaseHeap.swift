/// The running leases by their ends: a binary heap that knows where each claim sits, so that a released lock's lease is
/// taken out at once and the heap never outgrows the locks held.
struct LeaseHeap: Sendable {
    private var items: [(end: UInt64, claim: Int32)] = []
    /// Where each claim sits; -1 for a claim without a lease.
    private var places: [Int32] = []

    /// The end of the lease that ends first, in monotonic nanoseconds.
    var earliestEnd: UInt64? { items.first?.end }

    /// The claim whose lease ends first.
    var earliestClaim: Int32? { items.first?.claim }

    var count: Int { items.count }

    /// Adds a claim's lease. - Complexity: O(log n).
    mutating func insert(_ claim: Int32, end: UInt64) {
        while places.count <= Int(claim) { places.append(-1) }
        assert(places[Int(claim)] < 0, "a claim has one lease")
        items.append((end, claim))
        siftUp(items.count - 1)
    }

    /// Takes a claim's lease out, if it has one. - Complexity: O(log n).
    mutating func remove(_ claim: Int32) {
        guard Int(claim) < places.count, places[Int(claim)] >= 0 else { return }
        let hole = Int(places[Int(claim)])
        places[Int(claim)] = -1
        let last = items.removeLast()
        guard hole < items.count else { return }
        items[hole] = last
        places[Int(last.claim)] = Int32(hole)
        siftUp(hole)
        siftDown(Int(places[Int(last.claim)]))
    }

    private mutating func siftUp(_ start: Int) {
        var place = start
        let item = items[place]
        while place > 0, items[(place - 1) / 2].end > item.end {
            move(from: (place - 1) / 2, to: place)
            place = (place - 1) / 2
        }
        items[place] = item
        places[Int(item.claim)] = Int32(place)
    }

    private mutating func siftDown(_ start: Int) {
        var place = start
        let item = items[place]
        while true {
            var child = 2 * place + 1
            guard child < items.count else { break }
            if child + 1 < items.count, items[child + 1].end < items[child].end { child += 1 }
            guard items[child].end < item.end else { break }
            move(from: child, to: place)
            place = child
        }
        items[place] = item
        places[Int(item.claim)] = Int32(place)
    }

    private mutating func move(from source: Int, to target: Int) {
        items[target] = items[source]
        places[Int(items[target].claim)] = Int32(target)
    }
}
