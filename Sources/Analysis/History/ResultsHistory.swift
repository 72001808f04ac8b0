import Harness
import Measurement
import Statistics
import Workload

/// One metric over runs in the order of time, with the points at which it changed: a series for each cell.
public struct ResultsHistory: Sendable {
    /// One run's figure in a series.
    public struct Point: Sendable, Codable, Hashable {
        /// The folder.
        public var run: String
        /// When the run began.
        public var started: WallTime
        /// The median over the cell's valid repetitions, in the metric's unit.
        public var value: Double
        /// How many repetitions it rests on.
        public var repetitions: Int
        /// What of the machine differs from the series' run before.
        public var hostChanges: [String]
    }

    /// A change of a series and where.
    public struct Change: Sendable, Codable, Hashable {
        /// The place of the first point after it.
        public var index: Int
        /// The folder of that point.
        public var run: String
        /// The medians before and after, up to the neighbouring changes.
        public var before: Double, after: Double
        /// The share of random orders that split at least as well.
        public var pValue: Double
        /// The change in a sentence.
        public var sentence: String
    }

    /// A cell over the runs that have it.
    public struct Series: Sendable, Codable {
        /// The cell's text.
        public var cell: String
        /// Its points, in the order of time.
        public var points: [Point]
        /// Its changes, in order; empty where there are too few points, too.
        public var changes: [Change]
        /// Whether there are enough points for a change to be found.
        public var isJudged: Bool

        /// The relative difference between the last two points; nil without two, or from zero.
        public var lastStep: Double? {
            guard points.count >= 2, points[points.count - 2].value != 0 else { return nil }
            return points[points.count - 1].value / points[points.count - 2].value - 1
        }
    }

    /// The metric.
    public let metric: Metric
    /// The kind of operation; nil for all together.
    public let operation: String?
    /// How unlikely a change must be by chance alone, for each series.
    public let alpha: Double
    /// How many runs there are.
    public let runs: Int
    /// The series, by cell.
    public let series: [Series]
    /// Trials that were left out, as they are not correct or not valid.
    public let leftOut: Int

    /// A series needs a few numbers on each side of a change.
    static let fewestOnASide = 3

    /// How many points a series needs at least, so that the best possible split is rarer among all orders than `alpha`.
    public static func fewestPoints(alpha: Double) -> Int {
        // A sharp change between two stretches of m and n points is found again in two of the (m + n)! / (m! · n!) ways to
        // choose, where both are as long as the other.
        var count = 2 * fewestOnASide
        while count < 1_000 {
            var ways = 1.0
            for step in 0..<count / 2 { ways *= Double(count - step) / Double(step + 1) }
            if 2 / ways <= alpha { return count }
            count += 1
        }
        return count
    }

    /// The history of a metric over some runs; they are put in the order of time.
    public init(of results: [LoadedResults], metric: Metric, operation: String? = nil, alpha: Double = 0.01) {
        self.metric = metric
        self.operation = operation
        self.alpha = alpha
        let ordered = results.enumerated().sorted {
            ($0.element.run.started, $0.offset) < ($1.element.run.started, $1.offset)
        }.map(\.element)
        runs = ordered.count
        var points: [Cell: [Point]] = [:]
        var hosts: [Cell: HostFacts] = [:]
        var leftOut = 0
        for results in ordered {
            let sound = results.records.filter { $0.verdict.isCorrect && $0.validity.isValid && !$0.isInterrupted }
            leftOut += results.records.count - sound.count
            for trials in CellTrials.of(sound) {
                let numbers = trials.numbers(of: metric, operation: operation)
                guard let middle = median(numbers) else { continue }
                var changes: [String] = []
                if let host = results.run.host {
                    if let last = hosts[trials.cell] { changes = host.difference(from: last).map(\.description) }
                    hosts[trials.cell] = host
                }
                points[trials.cell, default: []].append(
                    Point(
                        run: results.path, started: results.run.started, value: middle, repetitions: numbers.count,
                        hostChanges: changes))
            }
        }
        self.leftOut = leftOut
        series = points.keys.sorted().map { cell in
            Self.series(cell.description, points[cell] ?? [], metric, operation, alpha)
        }
    }

    private static func series(
        _ cell: String, _ points: [Point], _ metric: Metric, _ operation: String?, _ alpha: Double
    ) -> Series {
        guard points.count >= fewestPoints(alpha: alpha) else {
            return Series(cell: cell, points: points, changes: [], isJudged: false)
        }
        // A generator of its own for each series: what is found in one doesn't depend on the others.
        var generator = SeededGenerator(seed: 0x4849_5354)
        let found = ChangePoints.find(
            in: points.map(\.value), alpha: alpha, fewest: fewestOnASide, generator: &generator)
        let name = (operation.map { "\($0)." } ?? "") + metric.name
        let changes = found.map { change in
            let point = points[change.index]
            return Change(
                index: change.index, run: point.run, before: change.before, after: change.after,
                pValue: change.pValue, sentence: sentence(name, metric, cell, change, point))
        }
        return Series(cell: cell, points: points, changes: changes, isJudged: true)
    }

    private static func sentence(
        _ name: String, _ metric: Metric, _ cell: String, _ change: ChangePoints.ChangePoint, _ point: Point
    ) -> String {
        let went = change.after < change.before ? "fell" : "rose"
        let by = change.relativeChange.map { "by \(percent(abs($0)))" } ?? "from 0"
        let isBetter = (change.after > change.before) == (metric.direction == .higher)
        let worth = metric.direction == .neither ? "" : isBetter ? ", for the better" : ", for the worse"
        let host =
            point.hostChanges.isEmpty
            ? "" : "; the machine is another one since then (\(point.hostChanges.joined(separator: "; ")))"
        return "\(name) of \(cell) \(went) \(by) at \(point.run) (\(point.started))\(worth): "
            + "\(MetricText.number(change.before)) before, \(MetricText.number(change.after)) since\(host)"
    }

    /// `12 %`, `0.4 %`.
    static func percent(_ share: Double) -> String {
        let percent = share * 100
        let rounded = percent >= 10 ? percent.rounded() : (percent * 10).rounded() / 10
        return "\(MetricText.number(rounded)) %"
    }

    /// What was found, in a sentence or two.
    public var sentence: String {
        let needed = Self.fewestPoints(alpha: alpha)
        let judged = series.count(where: \.isJudged)
        let changes = series.reduce(0) { $0 + $1.changes.count }
        func count(_ number: Int, _ one: String, _ many: String) -> String { "\(number) \(number == 1 ? one : many)" }
        guard !series.isEmpty else {
            return "No run has a correct and valid trial with \(metric.name)."
        }
        var words: [String] = []
        if judged > 0 {
            let chance = MetricText.number((alpha * Double(judged) * 100).rounded() / 100)
            words.append(
                "\(count(changes, "change", "changes")) in \(count(judged, "series", "series")) over "
                    + "\(count(runs, "run", "runs")); by chance alone about \(chance) would be found.")
        }
        if judged < series.count {
            words.append(
                "\(series.count - judged) of \(series.count) series \(series.count - judged == 1 ? "has" : "have") fewer "
                    + "than the \(needed) runs that a change needs to be told from chance at "
                    + "\(Self.percent(alpha)): shown, not judged.")
        }
        return words.joined(separator: " ")
    }
}
