import Testing

@testable import Statistics

/// Every expectation was printed by Python 3.11 with SciPy 1.17.1 from the expression beside it
/// (`import scipy.stats as st, scipy.special as sp, numpy as np`).
@Suite("Agreement with SciPy")
struct SciPyReferenceTests {
    func close(_ value: Double, _ reference: Double, _ tolerance: Double = 1e-10) -> Bool {
        abs(value - reference) <= tolerance * max(1e-300, abs(reference))
    }

    @Test("log gamma", arguments: [(0.5, 0.5723649429247), (3.7, 1.428072326665388), (100.25, 360.28455963776423)])
    func logGamma(x: Double, reference: Double) {
        // sp.gammaln(x)
        #expect(close(SpecialFunctions.logGamma(x), reference, 1e-13))
    }

    @Test("incomplete beta")
    func incompleteBeta() {
        // sp.betainc(a, b, x)
        #expect(close(SpecialFunctions.regularizedBeta(0.4, 2, 3), 0.5248))
        #expect(close(SpecialFunctions.regularizedBeta(0.01, 0.5, 10), 0.3420718248432154))
        #expect(close(SpecialFunctions.regularizedBeta(0.5, 50, 60), 0.8309072939016693))
        #expect(close(SpecialFunctions.regularizedBeta(0.99, 990.5, 11.5), 0.6410040238639656))
    }

    @Test(
        "χ² tails",
        arguments: [
            (3.84, 1, 0.05004352124870519), (10, 10, 0.44049328506521257), (150, 100, 0.0009039320423540184),
            (0.5, 4, 0.9735009788392561), (1200, 1000, 1.2255942330622893e-05),
        ])
    func chiSquare(statistic: Double, degrees: Int, reference: Double) {
        // st.chi2.sf(statistic, degrees)
        #expect(close(chiSquarePValue(statistic, degreesOfFreedom: degrees), reference, 1e-9))
    }

    @Test("quantiles and tails of Student's t and the normal law")
    func quantiles() {
        // st.t.ppf(p, degrees)
        #expect(close(SpecialFunctions.studentQuantile(0.975, degrees: 1), 12.706204736174694))
        #expect(close(SpecialFunctions.studentQuantile(0.975, degrees: 9), 2.262157162798205))
        #expect(close(SpecialFunctions.studentQuantile(0.995, degrees: 30), 2.7499956535672254))
        #expect(close(SpecialFunctions.studentQuantile(0.9, degrees: 4), 1.533206274058944))
        // st.norm.ppf(p), st.norm.sf(z)
        #expect(close(SpecialFunctions.normalQuantile(0.975), 1.959963984540054))
        #expect(close(SpecialFunctions.normalQuantile(1e-6), -4.753424308822899))
        #expect(close(SpecialFunctions.normalSurvival(5), 2.866515718791933e-07))
    }

    @Test("quantiles of a sample")
    func sampleQuantiles() {
        let sorted: [Double] = [3, 1, 4, 1, 5, 9, 2, 6].sorted()
        // np.quantile([3,1,4,1,5,9,2,6], [0.1,0.5,0.9])
        #expect(quantile(0.1, ofSorted: sorted) == 1)
        #expect(quantile(0.5, ofSorted: sorted) == 3.5)
        #expect(close(quantile(0.9, ofSorted: sorted)!, 6.9))
        #expect(median([]) == nil)
    }

    @Test("Student's interval")
    func studentInterval() throws {
        let samples = [10.2, 9.8, 11.1, 10.5, 9.9, 10.7, 10.0]
        // st.t.interval(0.95, len(x)-1, loc=np.mean(x), scale=st.sem(x))
        let interval = try #require(meanInterval(samples))
        #expect(close(interval.lower, 9.87582503099544))
        #expect(close(interval.upper, 10.75274639757599))
        #expect(meanInterval([1]) == nil)
    }

    @Test(
        "ranks of the interval for a quantile",
        arguments: [(1000, 0.5, 469, 532), (1000, 0.99, 983, 997), (368, 0.99, 360, 368), (10_000, 0.999, 9983, 9997)])
    func ranks(n: Int, q: Double, lower: Int, upper: Int) throws {
        // max(l with st.binom.cdf(l-1,n,q) <= 0.025), min(u with st.binom.cdf(u-1,n,q) >= 0.975)
        let interval = try #require(percentileInterval(quantile: q, effectiveSampleSize: Double(n)))
        #expect(interval.lower == Double(lower) / Double(n))
        #expect(interval.upper == Double(upper) / Double(n))
    }

    let differences = [0.31, -0.12, 0.45, 0.08, 0.27, 0.52, -0.05, 0.19, 0.33, 0.11]

    @Test("the sign-flip test")
    func signFlip() {
        var generator = SystemRandomNumberGenerator()  // not drawn from at ten pairs
        // st.permutation_test((d,), np.mean, permutation_type='samples', n_resamples=np.inf, alternative=...)
        #expect(signFlipPValue(differences, generator: &generator) == 0.015625)
        #expect(signFlipPValue(differences, alternative: .greater, generator: &generator) == 0.0078125)
        #expect(
            signFlipPValue(differences.map { -$0 }, alternative: .less, generator: &generator) == 0.0078125)
    }

    @Test("the Hodges–Lehmann shift and its interval")
    func hodgesLehmann() throws {
        let shift = PairedShift(differences)
        // w = sorted((d[i]+d[j])/2 ...); np.median(w); w[8], w[-9] as 8 = max(k with signed-rank cdf(k) <= 0.025);
        // st.wilcoxon(d - end).pvalue crosses 0.05 there
        let interval = try #require(shift.interval)
        #expect(close(shift.shift, 0.205))
        #expect(close(interval.lower, 0.07))
        #expect(close(interval.upper, 0.36))
        #expect(interval.level == 0.951171875)
    }

    @Test("Mann and Kendall's test and the Theil–Sen slope")
    func mannKendall() {
        let trend = MannKendall([5, 6, 4, 8, 7, 9, 8, 10, 9, 12])
        // S = 33, var with ties 123; 2*st.norm.sf(32/np.sqrt(123)); st.theilslopes(y, range(10))[0]
        #expect(trend.score == 33)
        #expect(close(trend.pValue, 0.003909876320511867))
        #expect(close(trend.slope, 0.7142857142857143))
    }

    @Test("counts against the multinomial law")
    func multinomial() throws {
        // st.chisquare([18,22,20,25,15])
        let equal = try #require(MultinomialFit(counts: [18, 22, 20, 25, 15]))
        #expect(close(equal.statistic, 2.9))
        #expect(close(equal.pValue, 0.5746972058298043))
        // st.chisquare([30,14,34,45,57,20], f_exp=[20,20,30,40,60,30])
        let weighted = try #require(
            MultinomialFit(counts: [30, 14, 34, 45, 57, 20], weights: [2, 2, 3, 4, 6, 3]))
        #expect(close(weighted.statistic, 11.441666666666666))
        #expect(close(weighted.pValue, 0.04329313031580497))
        #expect(weighted.smallestExpectedCount == 20)
        #expect(MultinomialFit(counts: [5]) == nil)
    }
}
