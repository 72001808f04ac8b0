import Workload

/// The key-value service: what `raft`, `unreplicated` and any Redis offer.
public enum KeyValueService: Service {
    /// What users ask.
    public typealias Operation = KeyValueCommand
    /// What users get.
    public typealias Result = KeyValueResponse
    /// What is kept of an operation until it ends.
    public typealias Note = KeyValueNote
    /// Makes the load.
    public typealias Source = KeyValueSource
    /// Judges the history.
    public typealias Judge = KeyValueJudge

    /// `key-value`.
    public static var name: String { "key-value" }
    /// The kinds of operation.
    public static var kinds: [String] { ["get", "put", "delete", "cas", "increment", "append"] }
    /// Half reads, half writes, as YCSB's workload A.
    public static var defaultMix: String { "get=50,put=50" }

    /// What is kept of an operation.
    public static func note(of operation: KeyValueCommand) -> KeyValueNote { KeyValueNote(operation) }

    /// The kind of an operation.
    public static func kind(of operation: KeyValueCommand) -> Int {
        switch operation {
        case .get: 0
        case .put: 1
        case .delete: 2
        case .compareAndSet: 3
        case .increment, .openSession: 4
        case .append: 5
        }
    }
}
