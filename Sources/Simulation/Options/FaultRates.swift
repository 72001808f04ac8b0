import ProtocolKit

/// How often each kind of fault strikes and how long it lasts. Strikes of a kind are a Poisson process.
public struct FaultRates: Sendable, Hashable {
    /// A kind of fault that strikes by itself; the raw value is its position in all.
    public enum Kind: UInt8, CaseIterable, Sendable {
        /// A node is killed and restarted; every other time during its next sync, where most can be lost.
        case crash
        /// All nodes are killed at once and restarted.
        case blackout
        /// A node is paused and resumed.
        case pause
        /// Nodes and clients are cut in two.
        case partition
        /// One node isn't heard by another, or by all others.
        case oneWay
        /// A link is slow.
        case slowLink
        /// Nothing arrives over a link for a while, then everything does.
        case clog
        /// A node's disk is slow.
        case slowDisk
        /// A client loses a connection.
        case disconnect
        /// A wall clock jumps.
        case clockJump
        /// A node is killed while it writes, and a record is cut short.
        case tornWrite
        /// A sync fails, at which the node stops.
        case syncError
        /// A disk has no room for a while.
        case diskFull
        /// A bit of what a disk holds is turned over, and its node is killed.
        case bitFlip
        /// A record went to a place that isn't its own, and the node is killed.
        case misdirectedWrite
        /// A node starts again with an empty disk.
        case wipe

        /// The name on the command line: that of the fault, or a word for several.
        public var name: String {
            switch self {
            case .crash: "crash"
            case .blackout: "blackout"
            case .pause: "pause"
            case .partition: "partition"
            case .oneWay: "one-way"
            case .slowLink: "delay"
            case .clog: "clog"
            case .slowDisk: "slow-disk"
            case .disconnect: "disconnect"
            case .clockJump: "clock-jump"
            case .tornWrite: "torn-write"
            case .syncError: "sync-error"
            case .diskFull: "disk-full"
            case .bitFlip: "bit-flip"
            case .misdirectedWrite: "misdirected-write"
            case .wipe: "wipe"
            }
        }
    }

    /// One kind's mean interval and how long each strike lasts, both in nanoseconds; an interval of 0 means never.
    public struct Rate: Sendable, Hashable {
        /// Mean time between strikes.
        public var interval: UInt64
        /// Shortest and longest duration.
        public var duration: ClosedRange<UInt64>
        /// A rate of its parts.
        public init(every interval: UInt64, lasting duration: ClosedRange<UInt64> = 0...0) {
            self.interval = interval
            self.duration = duration
        }
        /// Never.
        public static let never = Rate(every: 0)
    }

    private var rates: [Rate]

    /// No faults at all; set the kinds that are wanted.
    public init() {
        rates = Array(repeating: .never, count: Kind.allCases.count)
    }

    /// The rate of a kind.
    public subscript(kind: Kind) -> Rate {
        get { rates[Int(kind.rawValue)] }
        set { rates[Int(kind.rawValue)] = newValue }
    }

    /// Every kind except jumping wall clocks, a few times in each virtual second; damaged and lost disks more rarely.
    public static let chaos = {
        func lasting(_ shortest: UInt64, _ longest: UInt64, every interval: UInt64) -> Rate {
            Rate(every: .milliseconds(interval), lasting: .milliseconds(shortest)...(.milliseconds(longest)))
        }
        var rates = FaultRates()
        rates[.crash] = lasting(5, 600, every: 300)
        rates[.blackout] = lasting(5, 500, every: 2_000)
        rates[.pause] = lasting(1, 800, every: 500)
        rates[.partition] = lasting(5, 1_200, every: 500)
        rates[.oneWay] = lasting(5, 800, every: 700)
        rates[.slowLink] = lasting(5, 500, every: 400)
        rates[.clog] = lasting(5, 400, every: 400)
        rates[.slowDisk] = lasting(5, 500, every: 600)
        rates[.disconnect] = Rate(every: .milliseconds(300))
        rates[.tornWrite] = lasting(5, 600, every: 800)
        rates[.syncError] = lasting(5, 600, every: 1_500)
        rates[.diskFull] = lasting(5, 600, every: 1_500)
        rates[.bitFlip] = lasting(5, 600, every: 6_000)
        rates[.misdirectedWrite] = lasting(5, 600, every: 10_000)
        rates[.wipe] = lasting(5, 600, every: 1_500)
        return rates
    }()
}

/// What a cluster can be asked to bear.
public struct FaultWorld: Sendable, Hashable {
    /// Number of nodes.
    public var nodes: Int
    /// How many of them may lose their disk over a run, or stay down for good.
    public var tolerated: Int
    /// Whether a node whose disk is lost can be replaced.
    public var allowsReplacement: Bool
    /// How durable what was said to be durable is.
    public var durability: Durability

    /// What a system on so many nodes bears.
    @inlinable
    public init<System: ClusterSystem>(_ system: System, nodes: Int, durability: Durability) {
        self.nodes = nodes
        tolerated = max(0, min(system.toleratedFailures(nodes: nodes), nodes - 1))
        allowsReplacement = System.allowsReplacement
        self.durability = durability
    }

    /// Whether a killed node forgets everything.
    var losesAllInCrash: Bool { durability == .memory }

    /// Whether a kind of fault leaves the system's promises within reach.
    public func allows(_ kind: FaultRates.Kind) -> Bool {
        let canReplace = allowsReplacement && tolerated > 0
        switch kind {
        case .crash: return durability != .memory || canReplace
        case .blackout: return durability != .memory
        case .tornWrite, .syncError: return durability == .synced
        case .diskFull: return durability != .memory
        case .bitFlip, .misdirectedWrite: return durability != .memory && tolerated > 0
        case .wipe: return canReplace
        case .oneWay, .clog, .slowLink: return nodes > 1
        case .pause, .partition, .slowDisk, .disconnect, .clockJump: return true
        }
    }
}
