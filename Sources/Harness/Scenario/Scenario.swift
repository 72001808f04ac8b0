/// What a person asks to be measured: a name and a list of matrices, from a file or from flags.
public struct Scenario: Sendable {
    /// Its name, for headings.
    public var name: String
    /// What it is for, in a line or two.
    public var summary: String
    /// The trials asked for, each a matrix of settings.
    public var matrices: [TrialMatrix]

    /// A scenario of its parts.
    public init(name: String, summary: String = "", matrices: [TrialMatrix]) {
        self.name = name
        self.summary = summary
        self.matrices = matrices
    }

    /// A scenario of one matrix, from flags. `flags` are the texts given for each field, in the order of the flags.
    ///
    /// - Throws: ``ScenarioError`` naming the flag that can't be read.
    public init(flags: [(field: ScenarioField, values: [String])]) throws(ScenarioError) {
        var matrix = TrialMatrix(at: .commandLine("command line"))
        try Self.overlay(flags, on: &matrix)
        self.init(name: "command line", matrices: [matrix])
    }

    /// Puts flags over every matrix: what the command line says beats the file.
    ///
    /// - Throws: ``ScenarioError`` naming the flag that can't be read.
    public mutating func override(
        with flags: [(field: ScenarioField, values: [String])]
    ) throws(ScenarioError) {
        for index in matrices.indices { try Self.overlay(flags, on: &matrices[index]) }
    }

    private static func overlay(
        _ flags: [(field: ScenarioField, values: [String])], on matrix: inout TrialMatrix
    ) throws(ScenarioError) {
        for (field, values) in flags where !values.isEmpty {
            let flag = field == .faults ? "--fault" : "--\(field.rawValue)"
            let place = ScenarioPlace.commandLine(field == .systems ? "systems" : flag)
            let parts = values.flatMap { value in
                field.keepsCommas
                    ? [value] : value.split(separator: ",", omittingEmptySubsequences: false).map(String.init)
            }
            try matrix.set(field, to: parts.map { Placed($0, at: place) })
        }
    }

    /// Caps what a trial may take, for a quick look: the window, the warm-up and the repetitions.
    public mutating func shorten(to limits: QuickLimits) {
        for index in matrices.indices {
            let matrix = matrices[index]
            let window = matrix.duration.map(\.value).min() ?? TrialDefaults.windowNanoseconds
            if window > limits.windowNanoseconds {
                let scale = Double(limits.windowNanoseconds) / Double(window)
                for place in matrix.faults.indices {
                    let time = Double(matrix.faults[place].value.afterNanoseconds) * scale
                    matrices[index].faults[place].value.afterNanoseconds = UInt64(time)
                }
            }
            matrices[index].duration = limits.cap(
                matrix.duration, fallback: TrialDefaults.windowNanoseconds, at: limits.windowNanoseconds)
            matrices[index].warmUp = limits.cap(
                matrix.warmUp, fallback: TrialDefaults.warmUpNanoseconds, at: limits.warmUpNanoseconds)
            matrices[index].repetitions.value = min(matrix.repetitions.value, limits.repetitions)
            matrices[index].mostSearchSteps = limits.searchSteps
        }
    }
}

/// Caps for a run that shows that everything works, rather than figures.
public struct QuickLimits: Sendable {
    /// The longest window in nanoseconds.
    public var windowNanoseconds: UInt64 = 300_000_000
    /// The longest warm-up in nanoseconds.
    public var warmUpNanoseconds: UInt64 = 100_000_000
    /// The most repetitions.
    public var repetitions = 1
    /// The most trials of a search.
    public var searchSteps = 4

    /// The usual caps.
    public init() {}

    func cap(_ values: [Placed<UInt64>], fallback: UInt64, at limit: UInt64) -> [Placed<UInt64>] {
        let given = values.isEmpty ? [Placed(fallback, at: .builtIn)] : values
        var capped: [Placed<UInt64>] = []
        for value in given.map({ $0.map { min($0, limit) } }) where !capped.contains(where: { $0.value == value.value })
        {
            capped.append(value)
        }
        return capped
    }
}

/// What is used where neither file nor flag says anything. In one place, so that help and plans agree.
public enum TrialDefaults {
    /// The measured window in nanoseconds.
    public static let windowNanoseconds: UInt64 = 5_000_000_000
    /// The excluded time before it in nanoseconds.
    public static let warmUpNanoseconds: UInt64 = 1_000_000_000
    /// After how many nanoseconds an operation counts as timed out.
    public static let timeoutNanoseconds: UInt64 = 5_000_000_000
    /// Client connections of a cluster's load.
    public static let clients = 16
    /// Threads that compete for a lock.
    public static let threads = 4
    /// Operations under way per client.
    public static let inFlight = 1
    /// Keys, locks or accounts.
    public static let keyCount = 1000
    /// Keys placed by a placement function.
    public static let placedKeys = 100_000
    /// Work inside the critical section of a lock among threads, nanoseconds.
    public static let threadHoldNanoseconds: UInt64 = 100
    /// Mean work between a thread's release and its next request, nanoseconds.
    public static let threadThinkNanoseconds: UInt64 = 200
    /// Bytes of a written value.
    public static let valueBytes = 256
    /// A lock's lease in nanoseconds.
    public static let leaseNanoseconds: UInt64 = 10_000_000_000
}
