import Verification
import Analysis
import Glibc
import Harness
import Statistics

/// A comparison as an SVG forest plot: for every metric the relative shift of B with its bounds, A's control in grey
/// beneath it, the margin shaded. Each cell has a scale of its own, of ratios: half and double are as far from A. Readable
/// on light and dark grounds; no script, no font and no other file is needed.
struct ComparisonDrawing {
    private static let left = 250.0
    private static let plotWidth = 430.0
    private static let width = 1_010.0
    private static let rowHeight = 30.0
    private static let lineHeight = 20.0
    private static let margin = 16.0
    private static let charactersAcross = 132

    private let result: ComparisonOutcome

    init(_ result: ComparisonOutcome) { self.result = result }

    /// The picture.
    var text: String {
        var body: [String] = []
        var y = Self.margin + 2 * Self.lineHeight + 8
        for cell in result.cells {
            body.append(Self.text(Self.cut(cell.title), x: Self.margin, y: y + 15, style: "head"))
            y += Self.lineHeight + 4
            let scale = Scale(of: cell, margin: result.margin)
            let bottom = y + Double(cell.shifts.count) * Self.rowHeight
            if !cell.shifts.isEmpty { body += ground(scale, from: y, to: bottom) }
            for (index, shift) in cell.shifts.enumerated() {
                let control = index < cell.control.count ? cell.control[index] : nil
                body += row(shift, control, scale, y: y + Double(index) * Self.rowHeight)
            }
            y = bottom + (cell.shifts.isEmpty ? 8 : 30)
        }
        let sentence = Self.text(Self.cut(result.sentence), x: Self.margin, y: Self.margin + 12, style: "head")
        let sides = Self.text(
            Self.cut("A: \(result.a)   B: \(result.b)"), x: Self.margin, y: Self.margin + 12 + Self.lineHeight,
            style: "note")
        let legend = Self.text(
            "↑ more is better, ↓ less is better; grey: A against itself; shaded: the margin", x: Self.margin, y: y + 14,
            style: "note")
        return ([opening(height: y + 30), sentence, sides] + body + [legend, "</svg>", ""]).joined(separator: "\n")
    }

    private func opening(height: Double) -> String {
        let (width, height) = (Self.short(Self.width), Self.short(height))
        return """
            <svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 \(width) \(height)" width="\(width)" height="\(height)" \
            role="img">
            <title>\(XMLText.escaped(result.sentence))</title>
            <style>
            text { font: 12px ui-monospace, SFMono-Regular, Menlo, Consolas, "DejaVu Sans Mono", monospace; fill: #1f2328; }
            .ground { fill: #ffffff; } .head { font-weight: bold; } .note, .tick { fill: #59636e; } .tick { text-anchor: middle; }
            .margin { fill: #eaeef2; } .grid { stroke: #d1d9e0; } .zero { stroke: #59636e; }
            .mark { stroke-width: 3; stroke: #0a58ca; fill: #0a58ca; } .control { stroke-width: 2; stroke: #8c959f; fill: #8c959f; }
            .regressed { stroke: #c92a2a; fill: #c92a2a; } .improved { stroke: #1a7f37; fill: #1a7f37; }
            .inconclusive { stroke-dasharray: 4 3; }
            @media (prefers-color-scheme: dark) {
            text { fill: #e6edf3; } .ground { fill: #0d1117; } .note, .tick { fill: #9198a1; }
            .margin { fill: #1c2330; } .grid { stroke: #30363d; } .zero { stroke: #9198a1; }
            .mark { stroke: #6ea8fe; fill: #6ea8fe; } .control { stroke: #6e7681; fill: #6e7681; }
            .regressed { stroke: #ff8787; fill: #ff8787; } .improved { stroke: #56d364; fill: #56d364; }
            }
            </style>
            <rect class="ground" width="100%" height="100%"/>
            """
    }

    // MARK: The scale

    /// Where relative shifts are drawn.
    private struct Scale {
        private let low: Double
        private let high: Double

        init(of cell: CellComparison, margin: Double) {
            let bounds = (cell.shifts + cell.control).compactMap(\.interval)
            let all =
                bounds.flatMap { [$0.lower, $0.upper] } + (cell.shifts + cell.control).compactMap(\.shift) + [
                    margin * 1.5, -margin * 1.5, 0.01, -0.01,
                ]
            // A bound from a file may be anything; beyond these it is drawn at the edge.
            let logs = all.map { log1p(min(max($0, -0.98), 50)) }
            let (least, most) = (logs.min() ?? -0.01, logs.max() ?? 0.01)
            (low, high) = (least - 0.06 * (most - least), most + 0.06 * (most - least))
        }

        func place(_ share: Double) -> Double {
            let position = (log1p(min(max(share, -0.999), 1e6)) - low) / (high - low)
            return ComparisonDrawing.left + ComparisonDrawing.plotWidth * min(max(position, 0), 1)
        }

        /// Round shares within reach that have room for their labels, 0 first.
        var ticks: [Double] {
            let rises: [Double] = [0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 4, 9, 19, 49]
            let shares = rises.reversed().flatMap { [$0, -$0] }.filter {
                $0 > -1 && log1p($0) > low && log1p($0) < high
            }
            var taken = [0.0]
            for share in shares where taken.allSatisfy({ abs(place($0) - place(share)) >= 58 }) { taken.append(share) }
            return taken.sorted()
        }
    }

    private func ground(_ scale: Scale, from top: Double, to bottom: Double) -> [String] {
        let (low, high) = (scale.place(-result.margin), scale.place(result.margin))
        var lines = [
            "<rect class=\"margin\" x=\"\(Self.short(low))\" y=\"\(Self.short(top))\" "
                + "width=\"\(Self.short(high - low))\" height=\"\(Self.short(bottom - top))\"/>"
        ]
        for tick in scale.ticks {
            let x = scale.place(tick)
            lines.append(Self.line(x, top, x, bottom, style: tick == 0 ? "zero" : "grid"))
            lines.append(Self.text(ShiftWords.signed(tick), x: x, y: bottom + 14, style: "tick"))
        }
        return lines
    }

    // MARK: Rows

    private func row(_ shift: MetricShift, _ control: MetricShift?, _ scale: Scale, y: Double) -> [String] {
        let arrow =
            switch Metric.named(shift.metric)?.direction {
            case .higher: " ↑"
            case .lower: " ↓"
            case .neither, nil: ""
            }
        var lines = [Self.text(ComparisonTable.name(of: shift) + arrow, x: Self.margin + 8, y: y + 15, style: "label")]
        lines += interval(shift, scale, y: y + 11, style: "mark \(Self.style(of: shift.verdict))", size: 5, name: "B")
        if let control { lines += interval(control, scale, y: y + 21, style: "control", size: 3, name: "A again") }
        let shown = shift.shift.map { "\(ShiftWords.signed($0)), \(shift.verdict.rawValue)" } ?? shift.verdict.rawValue
        lines.append(Self.text(shown, x: Self.left + Self.plotWidth + 16, y: y + 15, style: "label"))
        return lines
    }

    private static func style(of verdict: ChangeVerdict) -> String {
        switch verdict {
        case .regressed: "regressed"
        case .improved: "improved"
        case .inconclusive: "inconclusive"
        case .changed, .noChangeShown: "same"
        }
    }

    private func interval(_ shift: MetricShift, _ scale: Scale, y: Double, style: String, size: Double, name: String)
        -> [String]
    {
        guard let estimate = shift.shift else { return [] }
        var lines: [String] = []
        if let bounds = shift.interval {
            lines.append(Self.line(scale.place(bounds.lower), y, scale.place(bounds.upper), y, style: style))
        }
        let words = "\(name): \(shift.reason)"
        lines.append(
            "<circle class=\"\(style)\" cx=\"\(Self.short(scale.place(estimate)))\" cy=\"\(Self.short(y))\" "
                + "r=\"\(Self.short(size))\"><title>\(XMLText.escaped(words))</title></circle>")
        return lines
    }

    // MARK: Text

    private static func line(_ x1: Double, _ y1: Double, _ x2: Double, _ y2: Double, style: String) -> String {
        "<line class=\"\(style)\" x1=\"\(short(x1))\" y1=\"\(short(y1))\" x2=\"\(short(x2))\" y2=\"\(short(y2))\"/>"
    }

    private static func text(_ text: String, x: Double, y: Double, style: String) -> String {
        "<text class=\"\(style)\" x=\"\(short(x))\" y=\"\(short(y))\" xml:space=\"preserve\">\(XMLText.escaped(text))</text>"
    }

    private static func cut(_ text: String) -> String {
        text.count <= charactersAcross ? text : text.prefix(charactersAcross - 1) + "…"
    }

    private static func short(_ number: Double) -> String { MetricText.number((number * 10).rounded() / 10) }
}
