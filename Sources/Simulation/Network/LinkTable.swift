import ProtocolKit
import Workload

/// The connections between nodes, one for each pair, and what lies in the way of messages.
@usableFromInline
struct LinkTable {
    let count: Int
    /// Whether the pair is connected, by pair.
    private var isConnected: [Bool]
    /// Whether an attempt to connect is scheduled, by pair.
    var isConnecting: [Bool]
    /// The connection's number, by pair.
    private var epochs: [UInt32]
    /// When both ends will have noticed the last break, by pair.
    var noticedAt: [UInt64]
    /// The connection whose messages still reach the receiver, 0 for none, by direction.
    private var received: [UInt32]
    /// Whether the receiver was told that the link is up, by direction.
    var isToldUp: [Bool]
    /// The connection that the sender knows of, 0 for none, by direction: a sender that was paused writes to the old one.
    private var known: [UInt32]
    /// Arrival of the last message sent, by direction.
    @usableFromInline var lastArrival: [UInt64]
    /// Whether messages are lost, by direction.
    @usableFromInline var isBlocked: [Bool]
    /// Nanoseconds added to the delay, by direction.
    @usableFromInline var extraDelay: [UInt64]
    /// Nanoseconds that the distance takes at least, by direction.
    @usableFromInline let distance: [UInt64]
    /// Until when a path carries what was sent before, by direction.
    @usableFromInline var busyUntil: [UInt64]
    /// Until when nothing arrives, by direction.
    @usableFromInline var stalledUntil: [UInt64]
    /// The messages that have come and stand still, in order, by direction.
    @usableFromInline var stalled: [[UInt32]]
    /// What each direction's delays and mishaps are drawn from: streams of their own, so that what happens on one link
    /// changes no draw on another.
    @usableFromInline var random: [SeededGenerator]

    @usableFromInline
    init(count: Int, regions: RegionMatrix, random root: SeededGenerator) {
        self.count = count
        let pairs = count * count
        isConnected = Array(repeating: false, count: pairs)
        isConnecting = isConnected
        isToldUp = isConnected
        isBlocked = isConnected
        epochs = Array(repeating: 0, count: pairs)
        received = epochs
        known = epochs
        noticedAt = Array(repeating: 0, count: pairs)
        lastArrival = noticedAt
        extraDelay = noticedAt
        busyUntil = noticedAt
        stalledUntil = noticedAt
        stalled = Array(repeating: [], count: pairs)
        distance = (0..<pairs).map { regions.delay(from: $0 / count, to: $0 % count) }
        random = (0..<pairs).map { root.split(UInt64($0)) }
    }

    /// The place of a direction.
    @usableFromInline
    func direction(_ from: Int, _ to: Int) -> Int { from &* count &+ to }

    /// The place of a pair.
    func pair(_ a: Int, _ b: Int) -> Int { min(a, b) &* count &+ max(a, b) }

    /// The number of the connection that a message leaves by, or nil when it leaves by none that is up.
    @usableFromInline
    func epoch(_ from: Int, _ to: Int) -> UInt32? {
        let pair = pair(from, to)
        return isConnected[pair] && known[direction(from, to)] == epochs[pair] ? epochs[pair] : nil
    }

    /// The number of the connection that is up.
    func currentEpoch(_ a: Int, _ b: Int) -> UInt32 { epochs[pair(a, b)] }

    /// The sender has handled the notice that a connection is up.
    @usableFromInline
    mutating func learn(_ from: Int, _ to: Int, epoch: UInt32) { known[direction(from, to)] = epoch }

    /// Takes a message into the queue of a path.
    ///
    /// - Returns: how long it takes until the last byte has left, or nil where there is no room.
    @usableFromInline
    mutating func admit(_ bytes: Int, on direction: Int, at now: UInt64, _ network: NetworkOptions) -> UInt64? {
        let rate = Double(network.capacityBytesPerSecond) / 1e9
        let waiting = busyUntil[direction] > now ? busyUntil[direction] - now : 0
        // A message that alone is longer than the queue passes when nothing waits.
        if waiting > 0, Double(waiting) * rate + Double(bytes) > Double(network.queueBytes) { return nil }
        let wait = waiting + UInt64(Double(bytes) / rate)
        busyUntil[direction] = now + wait
        return wait
    }

    func isUp(_ a: Int, _ b: Int) -> Bool { isConnected[pair(a, b)] }

    /// Whether a message of a connection still reaches the receiver.
    @usableFromInline
    func receives(_ from: Int, _ to: Int, epoch: UInt32) -> Bool {
        received[direction(from, to)] == epoch
    }

    mutating func connect(_ a: Int, _ b: Int) {
        let pair = pair(a, b)
        isConnected[pair] = true
        epochs[pair] += 1
        received[direction(a, b)] = epochs[pair]
        received[direction(b, a)] = epochs[pair]
    }

    mutating func disconnect(_ a: Int, _ b: Int) { isConnected[pair(a, b)] = false }

    /// Nothing of the current connection reaches the receiver any more.
    mutating func deafen(_ from: Int, _ to: Int) { received[direction(from, to)] = 0 }
}
