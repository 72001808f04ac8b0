import ProtocolKit
import Verification

/// Judges a lock service's history: mutual exclusion, fencing, first come first served.
///
/// A hold is judged for as long as the client could be sure of it: from the grant's arrival to the release's sending, or
/// to the end of the lease as far as the client can know it (the request's sending, plus the wait at the server, plus the
/// lease, less a thousandth for clocks that run apart) where that comes first. A hold whose release wasn't answered may
/// have been lost with its connection at an unknown time; it proves nothing and is left out.
public struct LockJudge: HistoryJudge {
    /// A grant whose release is yet to come.
    private struct Open: Sendable {
        var lock: UInt32
        var requested: UInt64
        var granted: UInt64
        var leaseEnd: UInt64
        var token: UInt64
        var arrival: UInt64
    }

    /// A hold, in 48 bytes.
    private struct Hold: Sendable {
        var requested: UInt64
        var granted: UInt64
        var released: UInt64
        var token: UInt64
        var arrival: UInt64
        var lock: UInt32
        var user: UInt32
    }

    /// A decision of the resource, in 32 bytes.
    private struct Write: Sendable {
        var decision: UInt64
        var token: UInt64
        var lock: UInt32
        var user: UInt32
        var wasAccepted: Bool
    }

    private var open: [UInt32: Open] = [:]
    private var holds = RunList<Hold>()
    private var writes = RunList<Write>()
    /// Number of operations taken down.
    public private(set) var count = 0

    /// A judge of a run.
    public init(options: WorkloadOptions, promise: ConsistencyModel) {}

    /// Takes down one ended operation.
    public mutating func record(
        client: Int, user: Int, note operation: LockOperation, completion: Completion<LockResult>, sent: UInt64,
        received: UInt64
    ) {
        count += 1
        switch (operation, completion) {
        case (.acquire(let lock, let owner, let lease), .answered(.granted(let grant))):
            let nanoseconds = UInt64(lease) * 999_000
            open[owner] = Open(
                lock: lock, requested: sent, granted: received,
                leaseEnd: sent + grant.waitedMicroseconds * 1_000 + nanoseconds, token: grant.token,
                arrival: grant.arrival)
        case (.release(let lock, let owner, let token), .answered(.released)):
            guard let grant = open.removeValue(forKey: owner), grant.lock == lock, grant.token == token else { return }
            let released = min(sent, grant.leaseEnd)
            guard released > grant.granted else { return }
            holds.append(
                Hold(
                    requested: grant.requested, granted: grant.granted, released: released, token: token,
                    arrival: grant.arrival, lock: lock, user: owner))
        case (.fencedWrite(let lock, let owner, let token), .answered(.written(let wasAccepted, let decision))):
            writes.append(
                Write(decision: decision, token: token, lock: lock, user: owner, wasAccepted: wasAccepted))
        default: break
        }
    }

    /// Takes over what another judge of the same run has taken down.
    public mutating func merge(_ other: LockJudge) {
        holds += other.holds
        writes += other.writes
        count += other.count
    }

    /// `mutual-exclusion`, `fencing` and `first-come-first-served`.
    public func verdicts(budgetNanoseconds: UInt64) -> [JudgedProperty] {
        let locks = Set(holds.lazy.map(\.lock)).union(writes.lazy.map(\.lock)).sorted()
        guard locks.count <= 1 << 16 else {
            let verdict = Verdict.unknown(reason: "\(locks.count) locks; at most 65,536 can be judged")
            return ["mutual-exclusion", "fencing", "first-come-first-served"].map {
                JudgedProperty(property: $0, verdict: verdict, basis: "\(holds.count) holds")
            }
        }
        var numbers: [UInt32: UInt16] = [:]
        for (number, lock) in locks.enumerated() { numbers[lock] = UInt16(number) }
        let clock = ContinuousClock()
        let end = clock.now + .nanoseconds(Int64(clamping: budgetNanoseconds))
        // Each gets an equal share of the time that is left.
        return [exclusion, fencing, order].enumerated().map { number, judge in
            judge(numbers, clock.now + max(.zero, end - clock.now) / (3 - number))
        }
    }

    /// The holds in the checker's form; `isLosable` marks them so that overlaps are left to the other property.
    private func records(
        _ numbers: [UInt32: UInt16], tokens: Bool, arrivals: [UInt32]?, isLosable: Bool
    ) -> [LockHold] {
        holds.indices.map { index in
            let hold = holds[index]
            return LockHold(
                lock: numbers[hold.lock] ?? 0, client: UInt16(truncatingIfNeeded: hold.user),
                requestedNanoseconds: hold.requested, grantedNanoseconds: hold.granted,
                releasedNanoseconds: hold.released, ending: isLosable ? .lost : .released,
                fencingToken: tokens ? hold.token : 0, arrival: arrivals?[index] ?? 0)
        }
    }

    private func exclusion(_ numbers: [UInt32: UInt16], _ deadline: ContinuousClock.Instant) -> JudgedProperty {
        let findings = MutualExclusionChecker.check(
            records(numbers, tokens: false, arrivals: nil, isLosable: false), deadline: deadline)
        return JudgedProperty(
            property: "mutual-exclusion", verdict: findings.verdict,
            basis: "\(findings.holds) holds of \(numbers.count) locks, \(findings.contended) contended")
    }

    private func fencing(_ numbers: [UInt32: UInt16], _ deadline: ContinuousClock.Instant) -> JudgedProperty {
        let tokens = MutualExclusionChecker.check(
            records(numbers, tokens: true, arrivals: nil, isLosable: true), claims: [.fencing, .losableHolds],
            deadline: deadline)
        let resource = FencedResourceChecker.check(
            writes.sorted { $0.decision < $1.decision }.map {
                FencedWrite(
                    lock: numbers[$0.lock] ?? 0, client: UInt16(truncatingIfNeeded: $0.user), token: $0.token,
                    wasAccepted: $0.wasAccepted)
            })
        // That no stale write came says nothing against the tokens, which were judged.
        let verdict = resource.verdict.isViolated ? tokens.verdict.combined(with: resource.verdict) : tokens.verdict
        return JudgedProperty(
            property: "fencing", verdict: verdict,
            basis: "\(tokens.holds) tokens; \(writes.count) writes, \(resource.staleTried) of them stale: "
                + "\(resource.staleRefused) refused, \(resource.staleAccepted) accepted")
    }

    private func order(_ numbers: [UInt32: UInt16], _ deadline: ContinuousClock.Instant) -> JudgedProperty {
        // The server's numbers are large and have gaps; only their order counts.
        var arrivals = [UInt32](repeating: 0, count: holds.count)
        for (rank, index) in holds.indices.sorted(by: { holds[$0].arrival < holds[$1].arrival }).enumerated() {
            arrivals[index] = min(UInt32(rank) + 1, LockHold.largestArrival)
        }
        let findings = MutualExclusionChecker.check(
            records(numbers, tokens: false, arrivals: arrivals, isLosable: true), claims: [.fifo, .losableHolds],
            deadline: deadline)
        return JudgedProperty(
            property: "first-come-first-served", verdict: findings.verdict,
            basis: "\(findings.holds) grants, \(findings.overtakes ?? 0) overtakes")
    }
}
