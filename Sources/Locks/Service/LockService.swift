import ProtocolKit

/// Locks with leases, fencing tokens and a resource behind a fence.
public enum LockService: Service {
    /// What users ask.
    public typealias Operation = LockOperation
    /// What users get.
    public typealias Result = LockResult
    /// Makes the load.
    public typealias Source = LockSource
    /// Judges the history.
    public typealias Judge = LockJudge

    /// `lock`.
    public static let name = "lock"
    /// Acquire, release and write through the fence.
    public static let kinds = ["acquire", "release", "fenced-write"]
    /// Every grant is released; every second hold writes once.
    public static let defaultMix = "acquire=2,release=2,fenced-write=1"

    /// The position in ``kinds``.
    public static func kind(of operation: LockOperation) -> Int {
        switch operation {
        case .acquire: 0
        case .release: 1
        case .fencedWrite: 2
        }
    }
}
