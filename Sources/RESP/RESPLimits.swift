/// Bounds on what a peer may make us read.
public struct RESPLimits: Sendable {
    /// Most arguments of a command, or elements of an array.
    public var arguments: Int
    /// Longest bulk string in bytes.
    public var bulkBytes: Int
    /// Longest inline command or status line in bytes.
    public var lineBytes: Int
    /// Deepest nesting of arrays in replies.
    public var depth: Int
    /// Longest command or reply in bytes, all its parts together.
    public var messageBytes = 64 << 20

    /// Bounds that fit coordination traffic: 1,024 arguments, 16 MiB values, 64 KiB lines, 8 levels, 64 MiB
    /// in all.
    public init(arguments: Int = 1024, bulkBytes: Int = 16 << 20, lineBytes: Int = 64 << 10, depth: Int = 8) {
        self.arguments = arguments
        self.bulkBytes = bulkBytes
        self.lineBytes = lineBytes
        self.depth = depth
    }
}
