import ProtocolKit

/// How A and B are compared: which trials run in which order.
///
/// Every block runs every cell once, and of a cell A, B and the control A': clusters at the same time, in turns of a
/// fraction of a second (``TurnTaking``), so that the machine's moods fall on all alike; what can't take turns one after the
/// other. Each block starts its clusters anew, so that the luck of a process (where its memory lies, what it shares a cache
/// with) is drawn again for each. Orders are drawn by the seed (``BlockOrder``). The control is A again: where it differs
/// from A, the machine is not to be trusted with a comparison.
public struct PairedDesign: Sendable, Codable {
    /// One side.
    public struct Side: Sendable, Hashable, Codable {
        /// What it is, in words: a variant, or a build.
        public var label: String
        /// The program whose nodes are measured.
        public var executable: String
        /// More arguments for its nodes, as a planted slowdown.
        public var nodeArguments: [String]

        /// A side of its parts.
        public init(label: String, executable: String, nodeArguments: [String] = []) {
            self.label = label
            self.executable = executable
            self.nodeArguments = nodeArguments
        }
    }

    /// What is compared under one combination of settings.
    public struct Cell: Sendable, Hashable, Codable {
        /// A's trial, and the control's.
        public var a: PlannedTrial
        /// B's trial.
        public var b: PlannedTrial

        /// A cell of its parts.
        public init(a: PlannedTrial, b: PlannedTrial) {
            self.a = a
            self.b = b
        }
    }

    /// How long it goes on.
    public enum Length: Sendable, Hashable, Codable {
        /// So many blocks, besides the one that warms up.
        case blocks(Int)
        /// As many blocks as end in this time, nanoseconds, by the length that blocks turn out to have.
        case time(nanoseconds: UInt64)
    }

    /// What the other is compared with.
    public var a: Side
    /// What is new.
    public var b: Side
    /// The combinations of settings.
    public var cells: [Cell]
    /// How long it goes on.
    public var length: Length
    /// What the orders are drawn by.
    public var seed: UInt64
    /// Whether A and B are two programs, or may be: then each arm's nodes run from a copy of their own.
    public var comparesBuilds: Bool
    /// How long a turn is about, where trials are measured in turns; nanoseconds.
    public var turnNanoseconds = TurnTaking.usualTurnNanoseconds
    /// Whether a block before the first is run and left out of the analysis.
    public var hasWarmUpBlock = true

    /// The most blocks that a design may have.
    public static let mostBlocks = 1_000
    /// The shortest and longest turns that make sense, nanoseconds: ten milliseconds to ten seconds.
    public static let possibleTurns: ClosedRange<UInt64> = 10_000_000...10_000_000_000

    /// A design that compares the trials of two plans, the first of one with the first of the other, and so on.
    ///
    /// - Parameter comparesBuilds: whether A and B are two programs; nil where that follows from the sides.
    /// - Throws: ``PairedDesignError`` where the plans can't be compared.
    public init(
        a: Side, _ first: [PlannedTrial], b: Side, _ second: [PlannedTrial], length: Length, seed: UInt64,
        comparesBuilds: Bool? = nil
    ) throws(PairedDesignError) {
        let differ = a.executable != b.executable || a.nodeArguments != b.nodeArguments
        self.comparesBuilds = comparesBuilds ?? differ
        guard first.count == second.count else { throw .otherCells(a.label, first.count, b.label, second.count) }
        guard !first.isEmpty else { throw .nothing }
        if case .blocks(let blocks) = length, !(1...Self.mostBlocks).contains(blocks) { throw .blocks(blocks) }
        for (one, other) in zip(first, second) {
            if let setting = one.difference(from: other) { throw .otherLoad(one.line, other.line, setting) }
            guard one.connect.isEmpty else { throw .elsewhere }
            guard one.search == nil, other.search == nil else { throw .search }
            let hasNodes = one.subject == .cluster && one.isolation == .processes
            if self.comparesBuilds, !hasNodes { throw .noProcesses(one.line) }
        }
        self.a = a
        self.b = b
        cells = zip(first, second).map { Cell(a: $0, b: $1) }
        self.length = length
        self.seed = seed
    }

    /// The side that an arm stands for.
    public func side(of arm: PairedPlace.Arm) -> Side { arm == .b ? b : a }

    /// The trials of a block in the order in which they run, numbered from `first`; block 0 is the one that warms up.
    public func trials(ofBlock block: Int, numberedFrom first: Int) -> [PlannedTrial] {
        var trials: [PlannedTrial] = []
        let arms = PairedPlace.Arm.allCases
        for (index, cell) in cells.enumerated() {
            // Each cell is balanced by itself.
            let order = BlockOrder(of: arms.count, seed: seed &+ UInt64(index) &* 0x9E37_79B9_7F4A_7C15)
            // The block that warms up is none of the balanced ones.
            for turn in order.order(ofBlock: max(0, block - 1)) {
                let arm = arms[turn]
                var trial = arm == .b ? cell.b : cell.a
                trial.number = first + trials.count
                trial.repetition = block + 1
                trial.seed &+= UInt64(block)
                trial.workload.seed = trial.seed
                trial.pairing = PairedPlace(arm: arm, label: side(of: arm).label, block: block, cell: index + 1)
                trials.append(trial)
            }
        }
        return trials
    }

    /// About how long a block takes, in nanoseconds.
    public var estimatedBlockNanoseconds: UInt64 {
        let turns = TurnTaking(catalogue: SystemCatalogue(), turnNanoseconds: turnNanoseconds, seed: seed)
        return cells.reduce(0) { sum, cell in
            let trials = [cell.a, cell.a, cell.b]
            return sum
                + (trials.allSatisfy(TurnTaking.canTake)
                    ? turns.estimatedNanoseconds(trials) : trials.reduce(0) { $0 + $1.estimatedNanoseconds })
        }
    }

    /// About how many blocks it comes to, the one that warms up left out.
    public var estimatedBlocks: Int {
        switch length {
        case .blocks(let blocks): return blocks
        case .time(let nanoseconds):
            let all = Int(min(nanoseconds / max(1, estimatedBlockNanoseconds), UInt64(Self.mostBlocks)))
            return max(1, all - (hasWarmUpBlock ? 1 : 0))
        }
    }

    /// About how long it takes, in nanoseconds.
    public var estimatedNanoseconds: UInt64 {
        Plan.floorAllowance + UInt64(estimatedBlocks + (hasWarmUpBlock ? 1 : 0)) * estimatedBlockNanoseconds
    }

    /// About how many trials it comes to, those that warm up among them.
    public var estimatedTrials: Int {
        (estimatedBlocks + (hasWarmUpBlock ? 1 : 0)) * cells.count * PairedPlace.Arm.allCases.count
    }
}

extension PlannedTrial {
    /// The first setting of the load in which another trial differs, so that a comparison would be of loads; nil where
    /// only what is under test differs.
    func difference(from other: PlannedTrial) -> String? {
        let settings: [(name: String, isEqual: Bool)] = [
            ("mix", workload.mix == other.workload.mix), ("keys", workload.keys == other.workload.keys),
            ("key-count", workload.keyCount == other.workload.keyCount),
            ("value-size", workload.valueSize == other.workload.valueSize),
            ("hold", workload.holdNanoseconds == other.workload.holdNanoseconds),
            ("think", thinkLaw == other.thinkLaw), ("population", population == other.population),
            ("arrival", arrival == other.arrival), ("shape", shape == other.shape),
            ("clients", clients == other.clients), ("in-flight", inFlight == other.inFlight),
            ("duration", windowNanoseconds == other.windowNanoseconds),
            ("warm-up", warmUpNanoseconds == other.warmUpNanoseconds), ("requests", requests == other.requests),
            ("seed", seed == other.seed),
        ]
        return settings.first { !$0.isEqual }?.name
    }
}

/// Why things can't be compared in pairs.
public enum PairedDesignError: Error, Hashable, Sendable, CustomStringConvertible {
    /// There is no trial to compare.
    case nothing
    /// The two sides have different numbers of trials.
    case otherCells(String, Int, String, Int)
    /// Two trials differ in a setting of the load.
    case otherLoad(String, String, String)
    /// The number of blocks is out of range.
    case blocks(Int)
    /// The servers run elsewhere.
    case elsewhere
    /// The trials are steps of a search.
    case search
    /// Two builds can only be told apart by nodes in processes of their own.
    case noProcesses(String)

    /// What is wrong and what would be right.
    public var description: String {
        switch self {
        case .nothing: "there is nothing to compare; name two systems, or one with --a and --b"
        case .otherCells(let a, let first, let b, let second):
            "\(a) comes to \(first) trials and \(b) to \(second); the same settings must mean something to both"
        case .otherLoad(let a, let b, let setting):
            "\(a) and \(b) differ in \(setting), so their loads can't be compared; say --\(setting) for both"
        case .blocks(let count): "\(count) blocks; 1 to \(PairedDesign.mostBlocks) are possible"
        case .elsewhere:
            "servers that run elsewhere can't take turns; run 'coordbench run --connect' on each and compare the folders"
        case .search:
            "a search for the highest rate can't take turns; find it for each with 'coordbench run --find-max', and "
                + "compare at a rate that both bear"
        case .noProcesses(let line):
            "\(line) runs inside of coordbench itself, so two builds of it can't be compared side by side; "
                + "run each build with --repetitions 10 and compare the folders"
        }
    }
}
