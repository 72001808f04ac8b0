import Harness

/// Comparisons of A with B as pure functions of trial records.
///
///     let result = Comparison.paired(records, options: ComparisonOptions())
///     print(result.verdict, result.sentence)
///
/// A shift is judged by the bounds that hold for all metrics and cells together: B `regressed` where even the bound nearer
/// to A lies beyond the margin on the worse side. Each bound fails with a chance of at most level / (metrics × cells)
/// (Bonferroni), so any false `regressed` has at most the level's, and so has any false `improved`.
public enum Comparison {
    /// Compares the arms of a paired design within their blocks.
    ///
    /// The estimate is Hodges and Lehmann's of the logarithms' differences within pairs, its bounds those of Wilcoxon's
    /// signed-rank test. Only A is the reference: the control is judged by the same test, and where it differs from A by
    /// more than the margin nothing is said of B. Means of A and the control as the reference would have less noise, but
    /// where noise is skewed they make skewed differences, and the test's level no longer holds: of exponential noise, 30
    /// pairs give 3 % false alarms at a level of 1 %, 60 pairs 4 %.
    ///
    /// Records without a place in a design, and those that warmed the machine up, are judged for correctness only.
    public static func paired(_ records: [TrialRecord], options: ComparisonOptions = .init()) -> ComparisonOutcome {
        PairedAnalysis(records, options).result
    }

    /// Compares two runs, cell by cell of equal settings.
    ///
    /// By Mann and Whitney's test and the shift that goes with it: needs repetitions, and knows nothing of drift between
    /// the runs, so it is weaker than pairs and may see a machine that changed. Cells that only one side has are left out;
    /// where there is one variant on each side and they differ, they are compared with each other.
    ///
    /// - Throws: ``ComparisonError`` where there is nothing in common, or hosts differ.
    public static func unpaired(
        _ a: LoadedResults, _ b: LoadedResults, options: ComparisonOptions = .init()
    ) throws(ComparisonError) -> ComparisonOutcome {
        try UnpairedAnalysis(a, b, options).result
    }
}
