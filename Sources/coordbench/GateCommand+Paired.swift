import Analysis
import Harness

/// Compares the builds of a gate's paired checks.
struct GateComparison {
    let base: String?
    let candidate: String?
    let folder: String
    let quick: QuickLimits?
    let interruption: Interruption

    func shifts(_ check: PairedCheck) throws -> [(cell: String, shifts: [MetricShift])] {
        throw CatalogueError.cannotRun("paired")
    }
}
