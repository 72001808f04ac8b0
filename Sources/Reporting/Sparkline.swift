import Measurement

/// A series as a line of characters, to see at a glance whether it was steady.
public enum Sparkline {
    private static let levels = Array("_.-=+*#@")

    /// Values from 0 to the largest, in at most `width` characters; neighbours are averaged where there are more. `_` is
    /// 0 to an eighth of the largest, `@` its last eighth.
    public static func text(_ values: [Double], width: Int = 60) -> String {
        guard let largest = values.max(), largest > 0, width > 0 else { return "" }
        let count = min(width, values.count)
        return String(
            (0..<count).map { column in
                let part = values[column * values.count / count..<(column + 1) * values.count / count]
                let mean = part.reduce(0, +) / Double(part.count)
                return levels[min(levels.count - 1, max(0, Int(mean / largest * Double(levels.count))))]
            })
    }

    /// Successes per interval of a timeline.
    public static func throughput(of timeline: Timeline, width: Int = 60) -> String {
        text(timeline.completedPerInterval.map { Double($0) }, width: width)
    }
}
