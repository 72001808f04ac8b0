import ProtocolKit

/// Counts what single operations cost when everything takes a fixed time.
@usableFromInline
struct CostMeter {
    /// What one message takes.
    @usableFromInline static let delayNanoseconds = UInt64(100_000)
    /// What one sync takes; a hundred of them are one message.
    @usableFromInline static let syncNanoseconds = UInt64(1_000)
    /// What frames a message on a connection: its length.
    @usableFromInline static let frameBytes = 4
    /// The pause between operations, in which everything that an operation caused comes to rest.
    @usableFromInline static let pauseNanoseconds = UInt64(20 * 100_000 + 7)

    /// One operation's counts.
    @usableFromInline
    struct Count {
        var operation: UInt32
        /// Whether it is one of the load's, not of prologue or epilogue.
        var isInLoad: Bool
        var isAnswered = false
        var kind = -1
        var messages = 0
        var syncs = 0
        var messageBytes = 0
        var clientBytes = 0
        var allocatedBytes = UInt64(0)
        var delays: Int?
        var syncDelays = 0
        var nanoseconds = UInt64(0)
    }

    var counts: [Count] = []
    /// Bytes that the allocator has given the calling thread so far; nil where nothing counts them.
    @usableFromInline var allocatedBytes: (@Sendable () -> UInt64)?

    @usableFromInline
    init() {}

    @usableFromInline
    mutating func begin(operation: UInt32, isInLoad: Bool) {
        counts.append(Count(operation: operation, isInLoad: isInLoad))
    }

    private mutating func change(_ cause: Cause, _ body: (inout Count) -> Void) {
        guard cause.operation != 0, let place = counts.lastIndex(where: { $0.operation == cause.operation }) else {
            return
        }
        body(&counts[place])
    }

    @usableFromInline
    mutating func countMessage(_ cause: Cause) {
        change(cause) { $0.messages += 1 }
    }

    @usableFromInline
    mutating func countMessageBytes(_ bytes: Int, _ cause: Cause) {
        change(cause) { $0.messageBytes += bytes + Self.frameBytes }
    }

    @usableFromInline
    mutating func countClientBytes(_ bytes: Int, _ cause: Cause) {
        change(cause) { $0.clientBytes += bytes }
    }

    /// Bytes that the allocator has given out so far, before a step.
    @usableFromInline
    func beforeStep() -> UInt64 { allocatedBytes?() ?? 0 }

    @usableFromInline
    mutating func countAllocatedBytes(since before: UInt64, _ cause: Cause) {
        guard let after = allocatedBytes?() else { return }
        change(cause) { $0.allocatedBytes &+= after &- before }
    }

    @usableFromInline
    mutating func countSync(_ cause: Cause) {
        change(cause) { $0.syncs += 1 }
    }

    @usableFromInline
    mutating func end(kind: Int, isAnswered: Bool, cause: Cause, sent: UInt64, received: UInt64) {
        guard !counts.isEmpty else { return }
        let place = counts.count - 1
        counts[place].kind = kind
        counts[place].isAnswered = isAnswered
        counts[place].nanoseconds = received - sent
        // A chain that was broken by a timer can't be counted.
        guard cause.operation == counts[place].operation else { return }
        counts[place].delays = Int(cause.delays)
        counts[place].syncDelays = Int(cause.syncs)
    }
}
