import Dispatch
import ProtocolKit
import Synchronization

/// Trials that are measured at the same time, turn by turn: all their clusters are up, and the load goes from one to the
/// next every fraction of a second. So whatever the machine does meanwhile falls on all of them alike, and what their
/// figures differ by is their own.
public struct TurnTaking: Sendable {
    /// One of the trials.
    public struct Member: Sendable {
        /// What is run.
        public var plan: PlannedTrial
        /// Where.
        public var environment: TrialEnvironment

        /// A member of its parts.
        public init(plan: PlannedTrial, environment: TrialEnvironment) {
            self.plan = plan
            self.environment = environment
        }
    }

    /// Where it failed.
    struct Failure: Error {
        var place: Int
        var error: any Error
    }

    /// The systems that the plans' names stand for.
    public var catalogue: SystemCatalogue
    /// How long a turn's window is about, nanoseconds; the members' whole windows are divided into equal ones.
    public var turnNanoseconds: UInt64
    /// What the orders are drawn by.
    public var seed: UInt64
    /// Told of each round that is over, from 1.
    var onRound: (@Sendable (Int) -> Void)?

    /// How long a turn is where nothing is said.
    public static let usualTurnNanoseconds: UInt64 = 50_000_000

    /// The load comes to its full before a turn's window begins: this share of the turn, at most ``longestRunUp``.
    private static let runUpShare: UInt64 = 5
    private static let longestRunUp: UInt64 = 20_000_000

    /// Turns of about this length.
    public init(catalogue: SystemCatalogue, turnNanoseconds: UInt64 = Self.usualTurnNanoseconds, seed: UInt64) {
        precondition(turnNanoseconds > 0, "a turn has a length")
        self.catalogue = catalogue
        self.turnNanoseconds = turnNanoseconds
        self.seed = seed
    }

    /// Whether a trial can be measured in turns: a cluster under a load that is the same all the time.
    public static func canTake(_ trial: PlannedTrial) -> Bool {
        trial.subject == .cluster && trial.faults.isEmpty && trial.requests == nil && trial.connect.isEmpty
            && trial.isSteadyLoad
    }

    /// How many turns a trial's window is divided into.
    public func turns(of trial: PlannedTrial) -> Int {
        max(1, Int((Double(trial.windowNanoseconds) / Double(turnNanoseconds)).rounded()))
    }

    /// Runs the trials, the load from the calling thread; clusters are started and ended at the same time. The first turn
    /// of each is the warm-up, the others come in rounds whose orders are drawn (``BlockOrder``).
    ///
    /// - Returns: a record for each, or nil for those that were stopped before they had measured anything.
    public func run(_ members: [Member], interruption: Interruption) throws -> [TrialRecord?] {
        do {
            return try rounds(members, interruption)
        } catch {
            throw error.error
        }
    }

    func rounds(_ members: [Member], _ interruption: Interruption) throws(Failure) -> [TrialRecord?] {
        guard let first = members.first else { return [] }
        let turns = turns(of: first.plan)
        guard !interruption.isRequested else { return members.map { _ in nil } }
        let held = try atOnce(members.count) { place in try hold(members[place], turns: turns) }
        defer { _ = atOnce(members.count) { held[$0].stop() } }
        func take(_ place: Int, _ turn: LoadTurn) throws(Failure) -> Bool {
            try Self.at(place) { try held[place].take(turn) }
        }
        for (place, member) in members.enumerated() where member.plan.warmUpNanoseconds > 0 {
            let warmUp = LoadTurn(
                warmUpNanoseconds: member.plan.warmUpNanoseconds, windowNanoseconds: 0, seed: member.plan.seed)
            _ = try take(place, warmUp)
        }
        let order = BlockOrder(of: members.count, seed: seed)
        var haveMeasured = members.map { _ in false }
        for round in 0..<turns {
            for place in order.order(ofBlock: round) {
                let plan = members[place].plan
                let window = plan.windowNanoseconds / UInt64(turns)
                let turn = LoadTurn(
                    warmUpNanoseconds: Self.runUp(window), windowNanoseconds: window,
                    seed: plan.seed &+ UInt64(round + 1) &* 0x9E37_79B9_7F4A_7C15)
                haveMeasured[place] = try take(place, turn)
            }
            onRound?(round + 1)
            guard !interruption.isRequested else { break }
        }
        let areMeasured = haveMeasured
        return atOnce(members.count) { areMeasured[$0] ? held[$0].finish() : nil }
    }

    private static func runUp(_ window: UInt64) -> UInt64 { min(window / runUpShare, longestRunUp) }

    /// About how long such trials take together, in nanoseconds.
    public func estimatedNanoseconds(_ trials: [PlannedTrial]) -> UInt64 {
        trials.reduce(0) { sum, trial in
            let turns = UInt64(turns(of: trial))
            return sum + trial.estimatedNanoseconds + turns * Self.runUp(trial.windowNanoseconds / turns)
        }
    }

    private func hold(_ member: Member, turns: Int) throws -> any HeldTrial {
        let name = String(member.plan.variant.prefix { $0 != "[" })
        var plan = member.plan
        plan.pairing?.turns = turns
        return try catalogue.cluster(named: name).hold(plan, member.environment)
    }

    private static func at<Result>(_ place: Int, _ work: () throws -> Result) throws(Failure) -> Result {
        do {
            return try work()
        } catch {
            throw Failure(place: place, error: error)
        }
    }
}

/// Does something for each of so many places, on threads at the same time.
private func atOnce<Result: Sendable>(_ count: Int, _ work: @Sendable (Int) -> Result) -> [Result] {
    let results = Mutex<[Result?]>(Array(repeating: nil, count: count))
    DispatchQueue.concurrentPerform(iterations: count) { place in
        let result = work(place)
        results.withLock { $0[place] = result }
    }
    return results.withLock { $0.compactMap { $0 } }
}

/// Does something that may fail for each of so many places, on threads at the same time.
///
/// - Throws: the first place's failure; what the others have made is let go.
private func atOnce<Result: Sendable>(
    _ count: Int, _ work: @Sendable (Int) throws -> Result
) throws(TurnTaking.Failure) -> [Result] {
    let all: [Swift.Result<Result, any Error>] = atOnce(count) { place in Swift.Result { try work(place) } }
    var results: [Result] = []
    for (place, result) in all.enumerated() {
        switch result {
        case .success(let made): results.append(made)
        case .failure(let error): throw TurnTaking.Failure(place: place, error: error)
        }
    }
    return results
}
