/// The newest lines of a run's trace, within a bound.
@usableFromInline
struct Trace {
    @usableFromInline let isOn: Bool
    private let half: Int
    private var older: [UInt8] = []
    private var newer: [UInt8] = []

    @usableFromInline
    init(limit: Int) {
        isOn = limit > 0
        half = max(limit / 2, 1)
    }

    /// Adds a line; control characters become dots and what exceeds 400 bytes is cut.
    @usableFromInline
    mutating func line(_ time: UInt64, _ text: String) {
        if newer.count >= half {
            older = newer
            newer = []
        }
        let micros = String(time / 1_000)
        let nanos = String(time % 1_000 + 1_000).dropFirst()
        newer.append(contentsOf: "\(micros).\(nanos) ".utf8)
        for byte in text.utf8.prefix(400) { newer.append(byte < 0x20 || byte >= 0x7F ? 0x2E : byte) }
        newer.append(0x0A)
    }

    /// Everything that is kept.
    var text: String { String(decoding: older + newer, as: UTF8.self) }
}
