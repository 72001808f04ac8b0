import LoopbackRuntime

extension PlantedDelay {
    /// Reads `500ns` or `2ms/500`; nil for anything else, and for more than a second.
    public init?(parsing text: String) {
        let parts = text.split(separator: "/", omittingEmptySubsequences: false)
        guard (1...2).contains(parts.count), let nanoseconds = Quantity.duration(String(parts[0])),
            (1...1_000_000_000).contains(nanoseconds)
        else { return nil }
        var every: UInt64 = 1
        if parts.count == 2 {
            guard let count = UInt64(parts[1]), count > 1 else { return nil }
            every = count
        }
        self.init(nanoseconds: nanoseconds, every: every)
    }
}
