/// The exact interval of a probability of which `successes` of `trials` are known (Clopper & Pearson 1934): it holds with
/// at least its level whatever the probability.
public func binomialInterval(successes: Int, trials: Int, level: Double = 0.95) -> ConfidenceInterval {
    precondition(trials > 0 && (0...trials).contains(successes), "successes are some of the trials")
    precondition(level > 0 && level < 1, "a confidence lies between 0 and 1")
    let tail = (1 - level) / 2
    // The least probability under which so many successes or more aren't too rare, and the greatest under which so few
    // aren't.
    let lower =
        successes == 0
        ? 0
        : SpecialFunctions.inverse(of: tail, from: 0, to: 1) {
            1 - SpecialFunctions.binomialCDF(successes - 1, trials, $0)
        }
    let upper =
        successes == trials
        ? 1
        : SpecialFunctions.inverse(of: -tail, from: 0, to: 1) {
            -SpecialFunctions.binomialCDF(successes, trials, $0)
        }
    return ConfidenceInterval(lower: lower, upper: upper, level: level)
}
