/// Holm's step-down adjustment (1979) of p-values for their number: one below α is evidence at a family-wise α, whatever
/// the tests' dependence. In the order given.
public func holmAdjusted(_ pValues: [Double]) -> [Double] {
    let order = pValues.indices.sorted { pValues[$0] < pValues[$1] }
    var adjusted = pValues
    var running = 0.0
    for (rank, place) in order.enumerated() {
        running = max(running, min(1, Double(pValues.count - rank) * pValues[place]))
        adjusted[place] = running
    }
    return adjusted
}

/// The level that each of `count` intervals needs for all of them to hold together with probability `level`
/// (Bonferroni's inequality, whatever their dependence).
public func simultaneousLevel(_ level: Double, count: Int) -> Double {
    precondition(level > 0 && level < 1 && count > 0, "a family has members and a level between 0 and 1")
    return 1 - (1 - level) / Double(count)
}
