extension Counterexample {
    /// The counter-example as an SVG timeline: a lane for each actor, a bar for each event, the one that can't be
    /// explained marked. Readable on light and dark grounds; no script, no font and no other file is needed.
    ///
    /// Instants are in order but not to scale: long pauses are drawn short, so that order and overlap show.
    public var svg: String { CounterexampleDrawing(self).text }
}

/// Lays out a counter-example as lanes and bars.
private struct CounterexampleDrawing {
    private struct Bar {
        var event: Counterexample.Event
        var left: Double
        var right: Double
        var row = 0

        /// How far bar and label reach together.
        var reach: Double { max(right, left + CounterexampleDrawing.width(of: event.label) + 8) }
    }

    private struct Lane {
        var actor: String
        var bars: [Bar]
        var rows: Int
        var top = 0.0
    }

    private static let characterWidth = 7.3
    private static let rowHeight = 40.0
    private static let margin = 16.0
    private static let lineHeight = 18.0
    private static let narrowest = 640.0

    private let example: Counterexample
    private let instants: [UInt64]
    private let places: [Double]
    private var lanes: [Lane] = []
    private let laneLeft: Double
    private var headline: [String] = []
    private var width = 0.0

    init(_ example: Counterexample) {
        self.example = example
        let ends = example.events.compactMap(\.endNanoseconds)
        instants = Set(example.events.map(\.startNanoseconds) + ends).sorted()
        laneLeft = Self.margin + (example.events.map { Self.width(of: $0.actor) }.max() ?? 0) + 20
        places = Self.places(of: instants, from: laneLeft)
        layOutLanes()
        let reach = lanes.flatMap(\.bars).map(\.reach).max() ?? 0
        width = max(Self.narrowest, reach + Self.margin, lastPlace + 60)
        headline = Self.wrapped(example.summary, to: Int((width - 2 * Self.margin) / Self.characterWidth))
    }

    private static func width(of text: String) -> Double { Double(text.count) * characterWidth }

    /// Where each instant is drawn: a step for each, longer for longer pauses, by the logarithm.
    private static func places(of instants: [UInt64], from left: Double) -> [Double] {
        let gaps = zip(instants, instants.dropFirst()).map { $1 - $0 }
        let shortest = max(1, gaps.min() ?? 1)
        var place = left + 8
        var places = instants.isEmpty ? [] : [place]
        for gap in gaps {
            place += 34 + 6 * Double((gap / shortest).bitWidth - (gap / shortest).leadingZeroBitCount)
            places.append(min(place, left + 100_000))
        }
        return places
    }

    private var lastPlace: Double { places.last ?? laneLeft }

    private mutating func layOutLanes() {
        var order: [String] = []
        var bars: [String: [Bar]] = [:]
        for event in example.events {
            if bars[event.actor] == nil { order.append(event.actor) }
            let left = place(event.startNanoseconds)
            let right = event.endNanoseconds.map { max(place($0), left + 6) } ?? lastPlace + 40
            bars[event.actor, default: []].append(Bar(event: event, left: left, right: right))
        }
        for actor in order {
            var own = bars[actor] ?? []
            var reaches: [Double] = []
            for index in own.indices {
                let row = reaches.firstIndex { $0 <= own[index].left } ?? reaches.count
                if row == reaches.count { reaches.append(0) }
                reaches[row] = own[index].reach + 6
                own[index].row = row
            }
            lanes.append(Lane(actor: actor, bars: own, rows: max(1, reaches.count)))
        }
    }

    private func place(_ instant: UInt64) -> Double {
        places[instants.firstIndex(of: instant) ?? 0]
    }

    // MARK: Text

    var text: String {
        var top = Self.margin + Double(headline.count) * Self.lineHeight + 12
        var ground: [String] = []
        var body: [String] = []
        let lanesTop = top
        for (index, lane) in lanes.enumerated() {
            let height = Double(lane.rows) * Self.rowHeight + 8
            if index % 2 == 0 {
                ground.append(
                    "<rect class=\"lane\" x=\"0\" y=\"\(top.short)\" width=\"\(width.short)\" height=\"\(height.short)\"/>"
                )
            }
            body.append(Self.text(lane.actor, x: Self.margin, y: top + 29, style: "actor"))
            body += lane.bars.flatMap { drawn($0, top: top + 4 + Double($0.row) * Self.rowHeight) }
            top += height
        }
        let axis = drawnAxis(from: lanesTop, to: top)
        top += lanes.isEmpty ? 0 : 30
        var foot: [String] = []
        for note in example.notes {
            foot.append(Self.text(note, x: Self.margin, y: top + 14, style: "note"))
            top += Self.lineHeight
        }
        return ([opening(height: top + Self.margin)] + ground + axis + body + foot + ["</svg>", ""]).joined(
            separator: "\n")
    }

    private func opening(height: Double) -> String {
        let size = "\(width.short) \(height.short)"
        let lines = headline.enumerated().map {
            Self.text(
                $0.element, x: Self.margin, y: Self.margin + 14 + Double($0.offset) * Self.lineHeight, style: "head")
        }
        return """
            <svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 \(size)" width="\(width.short)" height="\(height.short)" role="img">
            <title>\(XMLText.escaped(example.summary))</title>
            <style>
            text { font: 12px ui-monospace, SFMono-Regular, Menlo, Consolas, "DejaVu Sans Mono", monospace; fill: #1f2328; }
            .ground { fill: #ffffff; } .lane { fill: #f4f6f8; } .head { font-weight: bold; } .note, .tick { fill: #59636e; }
            .bar { fill: #b6d4fe; stroke: #0a58ca; } .open { stroke-dasharray: 4 3; } .grid { stroke: #d1d9e0; }
            .offender { fill: #ffc9c9; stroke: #c92a2a; stroke-width: 2; } .blame { fill: #a61e1e; font-weight: bold; }
            @media (prefers-color-scheme: dark) {
            text { fill: #e6edf3; } .ground { fill: #0d1117; } .lane { fill: #161b22; } .note, .tick { fill: #9198a1; }
            .bar { fill: #163a66; stroke: #6ea8fe; } .grid { stroke: #30363d; }
            .offender { fill: #5c1a1d; stroke: #ff8787; } .blame { fill: #ffa8a8; }
            }
            </style>
            <rect class="ground" width="100%" height="100%"/>
            \(lines.joined(separator: "\n"))
            """
    }

    private func drawn(_ bar: Bar, top: Double) -> [String] {
        let event = bar.event
        let isOffender = event.isOffender == true
        var styles = isOffender ? "bar offender" : "bar"
        if event.endNanoseconds == nil { styles += " open" }
        let length = event.endNanoseconds.map { "\($0 - min($0, event.startNanoseconds)) \(unit)" } ?? "never answered"
        return [
            "<rect class=\"\(styles)\" x=\"\(bar.left.short)\" y=\"\((top + 18).short)\" "
                + "width=\"\((bar.right - bar.left).short)\" height=\"14\" rx=\"3\">"
                + "<title>\(XMLText.escaped("\(event.actor): \(event.label), \(length)"))</title></rect>",
            Self.text(event.label, x: bar.left, y: top + 13, style: isOffender ? "blame" : "label"),
        ]
    }

    private var unit: String { example.unit ?? "ns" }

    private func drawnAxis(from top: Double, to bottom: Double) -> [String] {
        guard let origin = instants.first else { return [] }
        var lines: [String] = []
        var free = 0.0
        for (instant, place) in zip(instants, places) {
            lines.append(
                "<line class=\"grid\" x1=\"\(place.short)\" y1=\"\(top.short)\" x2=\"\(place.short)\" y2=\"\(bottom.short)\"/>"
            )
            let label = "+\(instant - origin)\(instant == origin ? " \(unit)" : "")"
            guard place >= free else { continue }
            lines.append(Self.text(label, x: place, y: bottom + 16, style: "tick"))
            free = place + Self.width(of: label) + 8
        }
        return lines
    }

    private static func text(_ text: String, x: Double, y: Double, style: String) -> String {
        "<text class=\"\(style)\" x=\"\(x.short)\" y=\"\(y.short)\" xml:space=\"preserve\">\(XMLText.escaped(text))</text>"
    }

    private static func wrapped(_ text: String, to columns: Int) -> [String] {
        var lines: [String] = []
        var line = ""
        for word in text.split(separator: " ") {
            if !line.isEmpty, line.count + 1 + word.count > columns {
                lines.append(line)
                line = ""
            }
            line += (line.isEmpty ? "" : " ") + word
        }
        return lines + [line]
    }
}

extension Double {
    /// The number with at most one decimal.
    fileprivate var short: String {
        let tenths = Int((self * 10).rounded())
        return tenths % 10 == 0 ? "\(tenths / 10)" : "\(Double(tenths) / 10)"
    }
}
