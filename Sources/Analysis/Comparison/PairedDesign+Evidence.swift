import Harness
import Statistics

extension PairedDesign {
    /// Why so many pairs can't answer whatever they show, which is known before they are measured; nil where they can.
    public func tooFewPairs(for options: ComparisonOptions) -> String? {
        let metrics = cells.reduce(0) { sum, cell in
            sum + (options.metrics.isEmpty ? ComparedMetric.usual(for: cell.a).count : options.metrics.count)
        }
        let needed = PairedPower.fewestPairs(alpha: options.level / Double(max(1, metrics)))
        guard estimatedBlocks < needed else { return nil }
        return ShiftJudge.tooFew(pairs: estimatedBlocks, needed: needed, metrics: metrics)
            + ": this will be inconclusive; give it more blocks or more time"
    }
}
