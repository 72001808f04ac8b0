import Verification
import Foundation

/// A chart of lines as SVG: readable on light and dark grounds, without scripts, fonts or other files.
struct LineChart {
    /// How values lie along a side of the chart.
    struct Axis {
        /// What it shows, with the unit.
        var label: String
        /// Where marks stand and what they say.
        var ticks: [(value: Double, text: String)]
        /// Where a value lies, 0...1 from the origin on; values beyond are cut off.
        var place: (Double) -> Double
    }

    /// How a line is drawn.
    enum Stroke: String {
        case solid, dashed, dotted
    }

    /// What stands at a line's points.
    enum Point {
        case none, full, hollow
    }

    struct Line {
        var name: String
        var colour: Int
        var stroke = Stroke.solid
        var values: [(x: Double, y: Double)]
        /// One for each value; empty for no points at all.
        var points: [Point] = []
    }

    /// A straight line across the chart, with a text.
    struct Rule {
        var isVertical: Bool
        var value: Double
        var text: String
    }

    var title: String
    var x: Axis
    var y: Axis
    var lines: [Line]
    var rules: [Rule] = []

    private static let (width, left, right, top, plotHeight) = (760.0, 86.0, 20.0, 52.0, 330.0)
    private static let lineHeight = 18.0
    private var plotWidth: Double { Self.width - Self.left - Self.right }

    private func horizontal(_ value: Double) -> Double { Self.left + min(1, max(0, x.place(value))) * plotWidth }
    private func vertical(_ value: Double) -> Double {
        Self.top + (1 - min(1, max(0, y.place(value)))) * Self.plotHeight
    }

    var svg: String {
        let bottom = Self.top + Self.plotHeight
        let height = bottom + 52 + Double(lines.count) * Self.lineHeight
        var parts = [opening(height: height)]
        parts += x.ticks.flatMap { tick in
            let place = horizontal(tick.value)
            return [
                Self.line(place, Self.top, place, bottom, "grid"),
                Self.text(tick.text, place, bottom + 18, "tick middle"),
            ]
        }
        parts += y.ticks.flatMap { tick in
            let place = vertical(tick.value)
            return [
                Self.line(Self.left, place, Self.left + plotWidth, place, "grid"),
                Self.text(tick.text, Self.left - 8, place + 4, "tick end"),
            ]
        }
        parts.append(Self.text(x.label, Self.left + plotWidth, bottom + 36, "tick end"))
        parts.append(Self.text(y.label, 16, Self.top - 10, "tick"))
        parts += rules.enumerated().flatMap { drawn($0.element, row: $0.offset) } + lines.flatMap(drawn)
        for (index, line) in lines.enumerated() {
            let place = bottom + 52 + Double(index) * Self.lineHeight
            parts.append(Self.line(Self.left, place - 4, Self.left + 34, place - 4, Self.style(line)))
            parts.append(Self.text(line.name, Self.left + 44, place, ""))
        }
        return (parts + ["</svg>", ""]).joined(separator: "\n")
    }

    private func opening(height: Double) -> String {
        let size = "\(Self.short(Self.width)) \(Self.short(height))"
        let light = ["#0a58ca", "#c92a2a", "#2b8a3e", "#9c36b5", "#d9480f", "#0b7285", "#5f3dc4", "#66450b"]
        let dark = ["#6ea8fe", "#ff8787", "#69db7c", "#e599f7", "#ffa94d", "#66d9e8", "#b197fc", "#e0b870"]
        func colours(_ list: [String]) -> String {
            list.enumerated().map { ".c\($0) { stroke: \($1); } .f\($0) { stroke: \($1); fill: \($1); }" }
                .joined(separator: " ")
        }
        return """
            <svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 \(size)" width="\(Self.short(Self.width))" \
            height="\(Self.short(height))" role="img">
            <title>\(XMLText.escaped(title))</title>
            <style>
            text { font: 12px ui-sans-serif, system-ui, "Segoe UI", "DejaVu Sans", sans-serif; fill: #1f2328; }
            .ground { fill: #ffffff; } .head { font-weight: bold; font-size: 14px; } .tick { fill: #59636e; }
            .middle { text-anchor: middle; } .end { text-anchor: end; } .grid { stroke: #d1d9e0; stroke-width: 1; }
            .line { fill: none; stroke-width: 2; } .dashed { stroke-dasharray: 8 5; } .dotted { stroke-dasharray: 2 4; }
            .hollow { fill: #ffffff; stroke-width: 2; } .rule { stroke: #59636e; stroke-dasharray: 5 4; }
            \(colours(light))
            @media (prefers-color-scheme: dark) {
            text { fill: #e6edf3; } .ground { fill: #0d1117; } .tick { fill: #9198a1; } .grid { stroke: #30363d; }
            .hollow { fill: #0d1117; } .rule { stroke: #9198a1; }
            \(colours(dark))
            }
            </style>
            <rect class="ground" width="100%" height="100%"/>
            \(Self.text(title, 16, 24, "head"))
            """
    }

    private func drawn(_ rule: Rule, row: Int) -> [String] {
        if rule.isVertical {
            let place = horizontal(rule.value)
            let isLeft = place > Self.left + plotWidth * 0.6
            return [
                Self.line(place, Self.top, place, Self.top + Self.plotHeight, "rule"),
                // A row for each text, so that rules which are near each other can be read.
                Self.text(
                    rule.text, place + (isLeft ? -6 : 6), Self.top + Self.plotHeight - 10 - 16 * Double(row),
                    isLeft ? "end" : ""),
            ]
        }
        let place = vertical(rule.value)
        return [
            Self.line(Self.left, place, Self.left + plotWidth, place, "rule"),
            Self.text(rule.text, Self.left + 6, place - 5, ""),
        ]
    }

    private func drawn(_ line: Line) -> [String] {
        let corners = line.values.map { "\(Self.short(horizontal($0.x))),\(Self.short(vertical($0.y)))" }
        var parts = ["<polyline class=\"\(Self.style(line))\" points=\"\(corners.joined(separator: " "))\"/>"]
        for (value, point) in zip(line.values, line.points) {
            let style: String
            switch point {
            case .none: continue
            case .full: style = "f\(line.colour % 8)"
            case .hollow: style = "c\(line.colour % 8) hollow"
            }
            parts.append(
                "<circle class=\"\(style)\" cx=\"\(Self.short(horizontal(value.x)))\" "
                    + "cy=\"\(Self.short(vertical(value.y)))\" r=\"4\"/>")
        }
        return parts
    }

    private static func style(_ line: Line) -> String { "line \(line.stroke.rawValue) c\(line.colour % 8)" }

    private static func line(_ x1: Double, _ y1: Double, _ x2: Double, _ y2: Double, _ style: String) -> String {
        "<line class=\"\(style)\" x1=\"\(short(x1))\" y1=\"\(short(y1))\" x2=\"\(short(x2))\" y2=\"\(short(y2))\"/>"
    }

    private static func text(_ text: String, _ x: Double, _ y: Double, _ style: String) -> String {
        "<text class=\"\(style)\" x=\"\(short(x))\" y=\"\(short(y))\">\(XMLText.escaped(text))</text>"
    }

    private static func short(_ number: Double) -> String {
        let tenths = (number * 10).rounded() / 10
        return tenths == tenths.rounded() ? "\(Int(tenths))" : "\(tenths)"
    }
}

extension LineChart.Axis {
    /// Times from a power of ten to another, in nanoseconds.
    static func durations(_ label: String, of values: [Double]) -> LineChart.Axis {
        let known = values.filter { $0 > 0 && $0.isFinite }
        let low = log10(known.min() ?? 1_000).rounded(.down)
        let high = max(low + 1, log10(known.max() ?? 1_000_000).rounded(.up))
        let ticks = stride(from: low, through: high, by: 1).map { power in
            (value: pow(10, power), text: text(ofPower: Int(power)))
        }
        return LineChart.Axis(label: label, ticks: ticks) { value in
            value > 0 ? (log10(value) - low) / (high - low) : 0
        }
    }

    private static func text(ofPower power: Int) -> String {
        let units = ["ns", "µs", "ms", "s"]
        let unit = min(max(power, 0) / 3, 3)
        return "\(Int(pow(10, Double(power - 3 * unit)))) \(units[unit])"
    }

    /// Rates from 0 to a little above the largest.
    static func rates(_ label: String, of values: [Double]) -> LineChart.Axis {
        let largest = max(1, values.filter(\.isFinite).max() ?? 1) * 1.05
        let raw = largest / 5
        let power = pow(10, log10(raw).rounded(.down))
        let step = ([1.0, 2, 2.5, 5, 10].first { $0 * power >= raw } ?? 10) * power
        let ticks = stride(from: 0, through: largest, by: step).map { (value: $0, text: HumanUnits.rate($0)) }
        return LineChart.Axis(label: label, ticks: ticks) { $0 / largest }
    }

    /// Percentiles, each nine as far from the last as that from the one before it.
    static func percentiles(nines: Int) -> LineChart.Axis {
        let names = ["0", "90", "99", "99.9", "99.99", "99.999"]
        let ticks =
            [(value: 0.5, text: "50")]
            + (0...nines).map { (value: 1 - pow(10, -Double($0)), text: names[min($0, names.count - 1)]) }
        return LineChart.Axis(label: "percentile of operations", ticks: ticks) { quantile in
            quantile < 1 ? -log10(1 - quantile) / Double(nines) : 1
        }
    }
}
