/// How evenly keys fell, against what chance alone would do.
///
/// Were every share exactly the weights' share, counts would be multinomial and Pearson's χ² would have N−1 degrees of
/// freedom. A ring's shares are themselves random, Dirichlet with the number of points as its concentration A; counts
/// are then Dirichlet-multinomial (Mosimann 1962), whose variances are the multinomial's times (K+A)/(1+A) for K keys.
/// Dividing χ² by that factor makes the two comparable with one bound.
public struct PlacementBalance: Sendable, Equatable, Codable {
    /// Keys by node, in the nodes' order.
    public var keysByNode: [Int]
    /// The fullest node's keys over its fair share.
    public var maxOverFair: Double
    /// The emptiest node's keys over its fair share.
    public var minOverFair: Double
    /// The standard deviation of keys over fair share.
    public var relativeDeviation: Double
    /// What `relativeDeviation` is expected to be: about 1/√V on a ring with V points a node.
    public var expectedRelativeDeviation: Double
    /// Pearson's χ² against the multinomial null.
    public var chiSquare: Double
    /// One less than the number of nodes.
    public var degreesOfFreedom: Int
    /// What counts vary more than multinomial ones: 1 where shares are exact.
    public var overdispersion: Double

    /// χ² with the function's own, stated unevenness taken out: about χ² with `degreesOfFreedom` if all is well.
    public var scaledChiSquare: Double { chiSquare / overdispersion }

    /// Judges counts of keys by node; `concentration` as in `PlacementFunction.shareConcentration`.
    init(keysByNode: [Int], weights: [Int], concentration: Double?) {
        let keys = Double(keysByNode.reduce(0, +))
        let totalWeight = Double(weights.reduce(0, +))
        let fair = weights.map { keys * Double($0) / totalWeight }
        let ratios = zip(keysByNode, fair).map { Double($0) / $1 }
        let nodes = Double(keysByNode.count)
        self.keysByNode = keysByNode
        maxOverFair = ratios.max() ?? 0
        minOverFair = ratios.min() ?? 0
        relativeDeviation = (ratios.reduce(0) { $0 + ($1 - 1) * ($1 - 1) } / nodes).squareRoot()
        chiSquare = zip(keysByNode, fair).reduce(0) { $0 + (Double($1.0) - $1.1) * (Double($1.0) - $1.1) / $1.1 }
        degreesOfFreedom = keysByNode.count - 1
        let factor = Self.overdispersion(keys: keys, concentration: concentration)
        overdispersion = factor
        let variances = fair.map { fair in (1 - fair / keys) * factor / fair }
        expectedRelativeDeviation = (variances.reduce(0, +) / nodes).squareRoot()
    }

    /// (K+A)/(1+A), or 1 with exact shares.
    static func overdispersion(keys: Double, concentration: Double?) -> Double {
        concentration.map { (keys + $0) / (1 + $0) } ?? 1
    }
}

/// The upper tail of the χ² distribution.
enum ChiSquareTail {
    /// The value exceeded as rarely as a normal deviate exceeds `deviate` (Wilson & Hilferty 1931).
    static func quantile(degreesOfFreedom: Int, deviate: Double) -> Double {
        let freedom = Double(max(1, degreesOfFreedom))
        let spread = 2 / (9 * freedom)
        let root = 1 - spread + deviate * spread.squareRoot()
        return freedom * root * root * root
    }
}
