/// How durable a node's log is before what depends on it may be said.
public enum Durability: String, Sendable, Hashable, Codable, CaseIterable {
    /// Kept in memory only: lost with the process.
    case memory
    /// Written to the file and not synced: survives the process, not the machine.
    case buffered
    /// Synced with `fdatasync`, in groups: survives the machine.
    case synced
}
