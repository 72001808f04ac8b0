import ProtocolKit
import Workload

/// One user who takes locks one after the other: acquire, hold, write through the fence where the mix says so, release.
///
/// The write comes at the end of the hold, so a hold that outlasts its lease shows whether the fence holds.
public struct LockSource: OperationSource {
    private let owner: UInt32
    private let holdNanoseconds: UInt64
    private let leaseMilliseconds: UInt32
    private let writeShare: Double
    private var keys: KeySampler
    private var random: SeededGenerator

    /// The source of one user.
    ///
    /// - Precondition: the options' keys can be drawn (the plan has checked them).
    public init(user: Int, users: Int, options: WorkloadOptions) {
        do {
            keys = try KeySampler(options.keys, keyCount: options.keyCount, clientIndex: user, clientCount: users)
        } catch {
            preconditionFailure("locks can't be chosen: \(error)")
        }
        owner = UInt32(user)
        holdNanoseconds = options.holdNanoseconds
        leaseMilliseconds = UInt32(
            min(max(1, options.leaseNanoseconds / 1_000_000), UInt64(LockRequest.longestLeaseMilliseconds)))
        random = SeededGenerator(seed: options.seed).split(UInt64(user))
        func weight(_ kind: String) -> Double {
            options.mix.shares.first { $0.kind == kind }.map { Double($0.weight) } ?? 0
        }
        let acquires = weight("acquire")
        writeShare = acquires > 0 ? min(1, weight("fenced-write") / acquires) : 1
    }

    /// The next lock's acquisition.
    public mutating func next() -> LockOperation {
        .acquire(lock: UInt32(keys.next(&random)), owner: owner, leaseMilliseconds: leaseMilliseconds)
    }

    /// The write or release after a grant, the release after a write.
    public mutating func followUp(
        _ operation: LockOperation, _ completion: Completion<LockResult>
    ) -> (operation: LockOperation, delayNanoseconds: UInt64)? {
        switch operation {
        case .acquire(let lock, let owner, _):
            guard case .answered(.granted(let grant)) = completion else { return nil }
            let next: LockOperation =
                random.chance(writeShare)
                ? .fencedWrite(lock: lock, owner: owner, token: grant.token)
                : .release(lock: lock, owner: owner, token: grant.token)
            return (next, holdNanoseconds)
        case .fencedWrite(let lock, let owner, let token):
            return (.release(lock: lock, owner: owner, token: token), 0)
        case .release: return nil
        }
    }

    /// Nothing: a lock exists when it is asked for.
    public static func prologue(options: WorkloadOptions) -> [LockOperation] { [] }

    /// Nothing: the grants tell everything.
    public static func epilogue(options: WorkloadOptions) -> [LockOperation] { [] }
}
