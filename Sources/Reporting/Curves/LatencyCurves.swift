import Foundation
import Harness
import Measurement
import ProtocolKit
import Statistics

/// Latency by percentile, a picture for each group of trials with an open loop among them: from the intended start, and
/// beside it the service time, which a tool that waits for answers would show.
enum LatencyCurves {
    /// A picture to write below ``ResultsFolder/curves``.
    struct Picture {
        var name: String
        var group: String
        var svg: String
    }

    /// The most trials in one picture.
    static let mostTrials = 4
    private static let nines = 4

    /// The pictures of some records; trials of a search have one of their own.
    static func pictures(of records: [TrialRecord]) -> [Picture] {
        var groups: [String] = []
        let alone = records.filter { $0.plan.search == nil && $0.allOperations.completed > 0 }
        for record in alone where !groups.contains(record.plan.group) { groups.append(record.plan.group) }
        return groups.enumerated().compactMap { index, group in
            let members = alone.filter { $0.plan.group == group && $0.plan.repetition == 1 && isDrawn($0) }
            guard members.contains(where: isOpen) else { return nil }
            return Picture(
                name: "latency-\(index + 1).svg", group: group, svg: chart(Array(members.prefix(mostTrials))).svg)
        }
    }

    private static func isDrawn(_ record: TrialRecord) -> Bool {
        record.plan.subject == .cluster || record.plan.subject == .external
    }

    private static func isOpen(_ record: TrialRecord) -> Bool {
        if case .closed = record.plan.arrival { return false }
        return isDrawn(record)
    }

    static func chart(_ records: [TrialRecord]) -> LineChart {
        var lines: [LineChart.Line] = []
        for (index, record) in records.enumerated() {
            let name = "\(record.plan.variant), \(LoadText.of(record.plan) ?? "")"
            let all = record.allOperations
            lines.append(
                LineChart.Line(
                    name: isOpen(record) ? "\(name): latency from the intended start" : "\(name): latency",
                    colour: index, values: curve(all.latency)))
            guard isOpen(record) else { continue }
            if let service = all.service {
                lines.append(
                    LineChart.Line(
                        name: "\(name): service time from the send", colour: index, stroke: .dashed,
                        values: curve(service)))
            }
            guard let stall = StallModel(record) else { continue }
            let values = quantiles(upTo: all.completed).map { (x: $0, y: stall.latencyNanoseconds(atQuantile: $0)) }
                .filter { $0.y > 0 }
            let length = HumanUnits.duration(stall.stallNanoseconds)
            lines.append(
                LineChart.Line(
                    name: "what theory says of a stall of \(length)", colour: 7, stroke: .dotted, values: values))
        }
        return LineChart(
            title: "Latency by percentile", x: .percentiles(nines: nines),
            y: .durations("latency", of: lines.flatMap { $0.values.map(\.y) }), lines: lines)
    }

    /// Percentiles that the sample has, evenly over the chart.
    private static func quantiles(upTo count: UInt64) -> [Double] {
        let most = min(Double(nines), log10(Double(max(1, count))))
        return stride(from: 0, through: most, by: 0.02).map { 1 - pow(10, -$0) }
    }

    private static func curve(_ histogram: LatencyHistogram) -> [(x: Double, y: Double)] {
        let places = quantiles(upTo: histogram.totalCount)
        guard let values = histogram.values(atPercentiles: places.map { $0 * 100 }) else { return [] }
        var curve = zip(places, values).map { (x: $0, y: Double(max(1, $1))) }
        let count = Double(histogram.totalCount)
        if count > 1, count <= pow(10, Double(nines)), let largest = histogram.max {
            curve.append((x: 1 - 1 / count, y: Double(max(1, largest))))
        }
        return curve
    }

    /// The report's section.
    static func lines(of records: [TrialRecord]) -> [String] {
        let pictures = pictures(of: records)
        guard !pictures.isEmpty else { return [] }
        return ["## Latency by percentile", ""]
            + pictures.flatMap { picture in
                let title = "\(picture.group.isEmpty ? "all trials" : picture.group)"
                return ["![\(MarkdownText.cell(title))](\(ResultsFolder.curves)/\(picture.name))", ""]
            }
    }
}

extension StallModel {
    /// The stall that a trial planned: a constant rate on one node that is paused once and resumed within the window.
    init?(_ record: TrialRecord) {
        guard case .constant = record.plan.arrival, record.plan.shape == .steady, record.plan.nodes == 1,
            record.faults.count == 2, record.faults.allSatisfy({ $0.failure == nil }),
            record.faults[0].fault.hasPrefix("pause "), record.faults[1].fault.hasPrefix("resume "),
            record.faults[0].afterNanoseconds < record.faults[1].afterNanoseconds, record.windowNanoseconds > 0
        else { return nil }
        self.init(
            stallNanoseconds: Double(record.faults[1].afterNanoseconds - record.faults[0].afterNanoseconds),
            windowNanoseconds: Double(record.windowNanoseconds))
    }
}
