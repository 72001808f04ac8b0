/// How evenly something (operations, hold time, lock opportunity) fell on those who competed for it.
public struct Fairness: Sendable, Codable, Equatable {
    /// Jain, Chiu and Hawe (DEC-TR-301, 1984): (Σx)² / (n Σx²); 1 when all are equal, 1/n when one has everything.
    public let jainIndex: Double
    /// The least that anyone got over an equal share: 1 when all are equal, 0 when someone got nothing.
    public let minimumShare: Double
    /// What the better-served half got of everything: 0.5 when all are equal, towards 1 when unfair. With an odd
    /// number, half of the middle one counts.
    public let topHalfShare: Double
    /// Standard deviation over mean.
    public let relativeStandardDeviation: Double

    /// The indices of these non-negative amounts, one for each competitor; nil without any or if all are zero.
    public init?(_ amounts: [Double]) {
        precondition(amounts.allSatisfy { $0 >= 0 && $0.isFinite }, "amounts are not negative")
        let n = Double(amounts.count)
        let sum = amounts.reduce(0, +)
        guard sum > 0 else { return nil }
        let mean = sum / n
        jainIndex = sum * sum / (n * amounts.reduce(0) { $0 + $1 * $1 })
        minimumShare = amounts.min()! / mean
        relativeStandardDeviation =
            (amounts.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / n).squareRoot() / mean
        let falling = amounts.sorted(by: >)
        let half = falling.count / 2
        let middle = falling.count % 2 == 1 ? falling[half] / 2 : 0
        topHalfShare = (falling[..<half].reduce(0, +) + middle) / sum
    }
}

/// One time that a lock was had.
public struct Acquisition: Sendable, Equatable {
    /// Whose it was: `0..<` the number of clients.
    public let client: Int
    /// When it was asked for, nanoseconds.
    public let requestedNanoseconds: UInt64
    /// When it was granted, nanoseconds.
    public let acquiredNanoseconds: UInt64

    /// An acquisition of `client`; the grant must not lie before the request.
    public init(client: Int, requestedNanoseconds: UInt64, acquiredNanoseconds: UInt64) {
        precondition(acquiredNanoseconds >= requestedNanoseconds, "a lock is asked for before it is granted")
        precondition(client >= 0, "clients are numbered from zero")
        self.client = client
        self.requestedNanoseconds = requestedNanoseconds
        self.acquiredNanoseconds = acquiredNanoseconds
    }
}

/// How a lock treated those who waited for it.
public struct WaiterFairness: Sendable, Codable, Equatable {
    /// Pairs in which the later request was served first. 0 is first come, first served.
    public let overtakes: UInt64
    /// The longest time from request to grant, nanoseconds.
    public let longestWaitNanoseconds: UInt64
    /// Median number of grants from one of a client's to its next (Dice, EuroSys 2015: "time to reacquire"); the number
    /// of clients when they take turns, 1 when one keeps the lock. Nil if no client had it twice.
    public let medianAcquisitionsToReacquire: Double?

    /// Judges acquisitions in the order in which they were granted; nil without any.
    ///
    /// - Complexity: O(n log n).
    public init?(inGrantOrder acquisitions: [Acquisition]) {
        guard !acquisitions.isEmpty else { return nil }
        overtakes = Self.overtakes(acquisitions.map(\.requestedNanoseconds))
        longestWaitNanoseconds =
            acquisitions.map { $0.acquiredNanoseconds - $0.requestedNanoseconds }.max()!
        var lastGrant = [Int](repeating: -1, count: acquisitions.map(\.client).max()! + 1)
        var gaps: [Int] = []
        for (index, acquisition) in acquisitions.enumerated() {
            if lastGrant[acquisition.client] >= 0 { gaps.append(index - lastGrant[acquisition.client]) }
            lastGrant[acquisition.client] = index
        }
        gaps.sort()
        medianAcquisitionsToReacquire =
            gaps.isEmpty ? nil : Double(gaps[(gaps.count - 1) / 2] + gaps[gaps.count / 2]) / 2
    }

    /// Inversions among the request times in grant order, equal ones not counted, with a Fenwick tree over their ranks.
    static func overtakes(_ requests: [UInt64]) -> UInt64 {
        let order = requests.indices.sorted { requests[$0] < requests[$1] }
        var ranks = [Int](repeating: 0, count: requests.count)
        var rank = 0
        for (position, index) in order.enumerated() {
            if position == 0 || requests[index] != requests[order[position - 1]] { rank += 1 }
            ranks[index] = rank
        }
        var tree = [UInt64](repeating: 0, count: rank + 1)
        var inversions: UInt64 = 0
        for (served, rankOfThis) in ranks.enumerated() {
            var notLater: UInt64 = 0
            var node = rankOfThis
            while node > 0 {
                notLater += tree[node]
                node &= node - 1
            }
            inversions += UInt64(served) - notLater
            node = rankOfThis
            while node <= rank {
                tree[node] += 1
                node += node & -node
            }
        }
        return inversions
    }

    /// Mean number of different clients within every `window` grants in a row (Dice's working set); nil with fewer.
    public static func meanWorkingSet(clientsInGrantOrder clients: [Int], window: Int) -> Double? {
        precondition(window > 0 && clients.allSatisfy { $0 >= 0 }, "a window of grants, clients numbered from zero")
        guard clients.count >= window, let last = clients.max() else { return nil }
        var held = [Int](repeating: 0, count: last + 1)
        var distinct = 0
        var sum = 0
        for (index, client) in clients.enumerated() {
            held[client] += 1
            if held[client] == 1 { distinct += 1 }
            if index >= window {
                held[clients[index - window]] -= 1
                if held[clients[index - window]] == 0 { distinct -= 1 }
            }
            if index >= window - 1 { sum += distinct }
        }
        return Double(sum) / Double(clients.count - window + 1)
    }
}
