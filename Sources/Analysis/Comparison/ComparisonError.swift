import Measurement

/// Why things can't be compared.
public enum ComparisonError: Error, Hashable, Sendable, CustomStringConvertible {
    /// There is no such metric.
    case unknownMetric(String, nearest: String?)
    /// The metric is a setting or a word.
    case notAFigure(String)
    /// The margin is out of range.
    case margin(Double)
    /// The level is out of range.
    case level(Double)
    /// Both folders are the same.
    case sameFolder(String)
    /// The folder holds no paired comparison.
    case notPaired(String)
    /// The folders have no combination of settings in common.
    case noCommonCells(String, String)
    /// The hosts differ too much; each difference in words.
    case otherHost([String])
    /// It is not known where the results are from.
    case unknownHost(String)

    /// What is wrong and what would be right.
    public var description: String {
        switch self {
        case .unknownMetric(let name, let nearest):
            "no metric '\(name)'" + (nearest.map { "; did you mean \($0)?" } ?? "")
                + " (Documentation/metrics.md lists them)"
        case .notAFigure(let name): "\(name) is not a figure that could be compared; take one such as throughput or p99"
        case .margin(let margin): "a margin of \(margin); 0 % to below 100 % is possible, for example 2%"
        case .level(let level): "a level of \(level); above 0 % and below 50 % is possible, for example 1%"
        case .sameFolder(let path):
            "\(path) can't be compared with itself; name two folders, or a system twice to see the noise of this machine"
        case .notPaired(let path):
            "\(path) holds no paired comparison; name a second folder to compare it with"
        case .noCommonCells(let a, let b):
            "\(a) and \(b) have no trials of equal settings; run both with the same flags"
        case .otherHost(let differences):
            "the results are from hosts that differ (\(differences.joined(separator: "; "))), so times can't be compared; "
                + "run both on one, or take --across-hosts for ratios without a verdict"
        case .unknownHost(let path):
            "\(path) doesn't say on which host it was measured, so its times can't be compared; take --across-hosts for "
                + "ratios without a verdict"
        }
    }
}
