import Harness

/// Short trials of one program, as it is and with slowdowns of known size, taken in blocks spread over hours: what gate
/// runs are drawn from to see how often a gate is wrong.
///
/// As text it is a table of tab-separated values, a row a trial, that grows by appending.
public struct TrialPool: Sendable, Hashable {
    /// What a trial of a block was.
    public enum Arm: String, Sendable, Hashable, CaseIterable {
        /// The program as it is, three times, so that gate runs on identical code can be drawn.
        case same1 = "same-1"
        case same2 = "same-2"
        case same3 = "same-3"
        /// With processor time of about 5 % added to every operation.
        case slower5 = "slower-5"
        /// With about 10 %.
        case slower10 = "slower-10"
        /// With rare pauses that only the slowest operations meet.
        case tail = "tail"

        /// The program as it is.
        public static let same: [Arm] = [.same1, .same2, .same3]
    }

    /// A trial's row.
    public struct Trial: Sendable, Hashable {
        /// Its metrics' values, in the pool's order; nil where one was not measured.
        public var values: [Double?]
        /// The combined verdict's word.
        public var verdict: String
        /// Why it is not valid; empty where it is.
        public var reasons: [Validity.Reason]

        /// A row of its parts.
        public init(values: [Double?], verdict: String, reasons: [Validity.Reason]) {
            self.values = values
            self.verdict = verdict
            self.reasons = reasons
        }
    }

    /// Neighbours in time, one trial of every arm.
    public struct Block: Sendable, Hashable {
        /// Which uninterrupted recording it belongs to, from 1.
        public var session: Int
        /// When it began.
        public var started: String
        /// Its trials.
        public var trials: [Arm: Trial]

        /// A block of its parts.
        public init(session: Int, started: String, trials: [Arm: Trial]) {
            self.session = session
            self.started = started
            self.trials = trials
        }
    }

    /// What was measured of every trial.
    public var metrics: [ComparedMetric]
    /// The blocks in the order of time; only whole ones.
    public var blocks: [Block]

    /// A pool of its parts.
    public init(metrics: [ComparedMetric], blocks: [Block] = []) {
        self.metrics = metrics
        self.blocks = blocks
    }

    /// A trial's row.
    public func row(of record: TrialRecord) -> Trial {
        let rows = MetricRow.rows(of: record)
        return Trial(
            values: metrics.map { $0.value(in: rows) }, verdict: record.verdict.word,
            reasons: record.validity.isValid ? [] : TrialMark.reasons(record.validity))
    }
}

/// Why a pool's text can't be read.
public struct TrialPoolError: Error, Hashable, Sendable, CustomStringConvertible {
    /// Where the text is from.
    public var path: String
    /// The line, from 1.
    public var line: Int
    /// What is wrong with it.
    public var reason: String

    /// What is wrong, and where.
    public var description: String {
        "\(path):\(line): \(reason); remove the line, or begin with another --output"
    }
}

extension TrialPool {
    private static let fixed = ["session", "block", "started", "arm", "verdict", "reasons"]

    /// The table's first line.
    public var header: String { (Self.fixed + metrics.map(\.description)).joined(separator: "\t") + "\n" }

    /// The lines of a block with a number.
    public static func lines(of block: Block, number: Int) -> String {
        Arm.allCases.compactMap { arm in
            block.trials[arm].map { trial in
                let reasons = trial.reasons.map(\.rawValue).joined(separator: "+")
                let values = trial.values.map { $0.map(MetricText.number) ?? "" }
                let cells =
                    ["\(block.session)", "\(number)", block.started, arm.rawValue, trial.verdict, reasons] + values
                return cells.joined(separator: "\t") + "\n"
            }
        }.joined()
    }

    /// Reads a table. A last block that is not whole, as after a crash, is left out.
    ///
    /// - Throws: ``TrialPoolError``, or ``ComparisonError`` for a metric that there is not.
    public init(parsing text: String, path: String) throws {
        var lines = text.split(separator: "\n", omittingEmptySubsequences: false)
        if lines.last == "" { lines.removeLast() }
        func cells(_ line: Substring) -> [Substring] { line.split(separator: "\t", omittingEmptySubsequences: false) }
        let titles = lines.first.map(cells) ?? []
        guard titles.prefix(Self.fixed.count).map(String.init) == Self.fixed, titles.count > Self.fixed.count else {
            throw TrialPoolError(path: path, line: 1, reason: "the first line doesn't name the columns of a pool")
        }
        self.init(metrics: try titles.dropFirst(Self.fixed.count).map { try ComparedMetric(parsing: String($0)) })
        var last: (number: Substring, block: Block)?
        func keep() {
            if let last, last.block.trials.count == Arm.allCases.count { blocks.append(last.block) }
        }
        for (place, line) in lines.enumerated().dropFirst() {
            func wrong(_ reason: String) -> TrialPoolError {
                TrialPoolError(path: path, line: place + 1, reason: reason)
            }
            let cells = cells(line)
            // What a crash has cut off is no more than the last line.
            if cells.count < titles.count, place == lines.count - 1 { break }
            guard cells.count == titles.count else { throw wrong("it has \(cells.count) cells, not \(titles.count)") }
            guard let session = Int(cells[0]), let arm = Arm(rawValue: String(cells[3])) else {
                throw wrong("it names no session or no arm")
            }
            let reasons = try cells[5].split(separator: "+").map { word in
                guard let reason = Validity.Reason(rawValue: String(word)) else {
                    throw wrong("'\(word)' is no reason")
                }
                return reason
            }
            let values = try cells[Self.fixed.count...].map { cell -> Double? in
                if cell.isEmpty { return nil }
                guard let value = Double(cell) else { throw wrong("'\(cell)' is no number") }
                return value
            }
            if last?.number != cells[1] || last?.block.session != session {
                keep()
                last = (cells[1], Block(session: session, started: String(cells[2]), trials: [:]))
            }
            last?.block.trials[arm] = Trial(values: values, verdict: String(cells[4]), reasons: reasons)
        }
        keep()
    }
}
