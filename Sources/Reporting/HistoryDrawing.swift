import Verification
import Analysis
import Harness

/// A small panel for each cell of a history, changes marked. Readable on light and dark grounds; no script, no font and no
/// other file is needed.
struct HistoryDrawing {
    private static let panelWidth = 360.0
    private static let panelHeight = 150.0
    private static let gap = 16.0
    private static let top = 44.0
    private static let columns = 2
    /// The plot's place within a panel.
    private static let plot = (left: 66.0, top: 34.0, right: 346.0, bottom: 124.0)

    private let history: ResultsHistory

    init(_ history: ResultsHistory) { self.history = history }

    /// The drawing.
    var text: String {
        let rows = (history.series.count + Self.columns - 1) / Self.columns
        let width = Self.gap + Double(Self.columns) * (Self.panelWidth + Self.gap)
        let height = Self.top + Double(max(1, rows)) * (Self.panelHeight + Self.gap)
        let title = "\(history.operation.map { "\($0)." } ?? "")\(history.metric.name) over \(history.runs) runs"
        var lines = [opening(width, height, title)]
        for (index, series) in history.series.enumerated() {
            let x = Self.gap + Double(index % Self.columns) * (Self.panelWidth + Self.gap)
            let y = Self.top + Double(index / Self.columns) * (Self.panelHeight + Self.gap)
            lines.append("<g transform=\"translate(\(Self.short(x)) \(Self.short(y)))\">")
            lines += panel(series)
            lines.append("</g>")
        }
        if history.series.isEmpty { lines.append("<text x=\"16\" y=\"60\">nothing to show</text>") }
        return (lines + ["</svg>", ""]).joined(separator: "\n")
    }

    private func opening(_ width: Double, _ height: Double, _ title: String) -> String {
        let (width, height) = (Self.short(width), Self.short(height))
        return """
            <svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 \(width) \(height)" width="\(width)" height="\(height)" role="img">
            <title>\(XMLText.escaped(title))</title>
            <style>
            text { font: 11px ui-monospace, SFMono-Regular, Menlo, Consolas, "DejaVu Sans Mono", monospace; fill: #1f2328; }
            .ground { fill: #ffffff; } .panel { fill: #f4f6f8; } .head { font-weight: bold; } .tick { fill: #59636e; }
            .line { fill: none; stroke: #0a58ca; stroke-width: 1.5; } .point { fill: #0a58ca; } .grid { stroke: #d1d9e0; }
            .change { stroke: #c92a2a; stroke-width: 2; stroke-dasharray: 4 3; } .level { stroke: #c92a2a; opacity: 0.5; }
            .blame { fill: #a61e1e; font-weight: bold; }
            @media (prefers-color-scheme: dark) {
            text { fill: #e6edf3; } .ground { fill: #0d1117; } .panel { fill: #161b22; } .tick { fill: #9198a1; }
            .line { stroke: #6ea8fe; } .point { fill: #6ea8fe; } .grid { stroke: #30363d; }
            .change, .level { stroke: #ff8787; } .blame { fill: #ffa8a8; }
            }
            </style>
            <rect class="ground" width="100%" height="100%"/>
            <text class="head" x="16" y="26">\(XMLText.escaped(title))</text>
            """
    }

    private func panel(_ series: ResultsHistory.Series) -> [String] {
        let plot = Self.plot
        let values = series.points.map(\.value)
        // From 0, so that a small change looks small.
        let most = max(values.max() ?? 0, 0)
        let least = min(values.min() ?? 0, 0)
        let span = most > least ? most - least : 1
        func x(_ index: Int) -> Double {
            values.count < 2
                ? (plot.left + plot.right) / 2
                : plot.left + (plot.right - plot.left) * Double(index) / Double(values.count - 1)
        }
        func y(_ value: Double) -> Double { plot.bottom - (plot.bottom - plot.top) * (value - least) / span }
        var lines = [
            "<rect class=\"panel\" width=\"\(Self.short(Self.panelWidth))\" height=\"\(Self.short(Self.panelHeight))\" rx=\"4\"/>",
            "<title>\(XMLText.escaped(series.cell))</title>",
            Self.text(Self.cut(series.cell, to: 52), x: 8, y: 18, style: "head"),
        ]
        for value in [least, most] {
            lines.append(Self.line("grid", plot.left, y(value), plot.right, y(value)))
            let label = HumanUnits.text(value, of: history.metric)
            lines.append(Self.text(label, x: plot.left - 6, y: y(value) + 4, style: "tick", anchor: "end"))
        }
        if values.count > 1 {
            let path = values.indices.map { "\(Self.short(x($0))),\(Self.short(y(values[$0])))" }
            lines.append("<polyline class=\"line\" points=\"\(path.joined(separator: " "))\"/>")
        }
        lines += series.points.enumerated().map { index, point in
            let words = "\(point.run), \(point.started): \(HumanUnits.text(point.value, of: history.metric))"
            return
                "<circle class=\"point\" cx=\"\(Self.short(x(index)))\" cy=\"\(Self.short(y(point.value)))\" r=\"2.5\">"
                + "<title>\(XMLText.escaped(words))</title></circle>"
        }
        for change in series.changes {
            let place = (x(change.index - 1) + x(change.index)) / 2
            lines.append(Self.line("change", place, plot.top - 6, place, plot.bottom))
            let share = change.before == 0 ? "" : Self.signed(change.after / change.before - 1)
            lines.append(Self.text(share, x: place + 4, y: plot.bottom - 4, style: "blame"))
        }
        let foot = series.isJudged ? "\(series.points.count) runs" : "\(series.points.count) runs: too few to judge"
        lines.append(Self.text(foot, x: plot.left, y: 142, style: "tick"))
        return lines
    }

    private static func signed(_ share: Double) -> String {
        (share < 0 ? "−" : "+") + HumanUnits.fixed(abs(share) * 100, 1) + " %"
    }

    private static func cut(_ text: String, to count: Int) -> String {
        text.count <= count ? text : text.prefix(count - 1) + "…"
    }

    private static func line(_ style: String, _ x1: Double, _ y1: Double, _ x2: Double, _ y2: Double) -> String {
        "<line class=\"\(style)\" x1=\"\(short(x1))\" y1=\"\(short(y1))\" x2=\"\(short(x2))\" y2=\"\(short(y2))\"/>"
    }

    private static func text(_ text: String, x: Double, y: Double, style: String, anchor: String = "start") -> String {
        "<text class=\"\(style)\" x=\"\(short(x))\" y=\"\(short(y))\" text-anchor=\"\(anchor)\">\(XMLText.escaped(text))</text>"
    }

    private static func short(_ number: Double) -> String { MetricText.number((number * 10).rounded() / 10) }
}
