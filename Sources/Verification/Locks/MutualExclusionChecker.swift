/// Judges a lock's history: one holder at a time, fencing tokens that grow, first come first served where claimed.
public enum MutualExclusionChecker {
    /// What the lock promises beyond mutual exclusion.
    public struct Claims: OptionSet, Sendable, Hashable {
        /// The bits.
        public let rawValue: UInt8

        /// Claims from their bits.
        public init(rawValue: UInt8) { self.rawValue = rawValue }

        /// Every grant carries a fencing token. (Tokens that are there are checked whether claimed or not.)
        public static let fencing = Claims(rawValue: 1)
        /// Requests are granted in the order in which they reached the queue: overtakes = 0. Needs arrival numbers.
        public static let fifo = Claims(rawValue: 2)
        /// A hold whose holder lost it (lease expired while it was paused) may overlap with the next: such overlaps are
        /// counted in ``Findings/overlapsAfterLoss`` and are the fencing token's business.
        public static let losableHolds = Claims(rawValue: 4)
    }

    /// The verdict and what was counted on the way.
    public struct Findings: Sendable, Hashable {
        /// The verdict on all claims together.
        public var verdict: Verdict
        /// Acquisitions.
        public var holds = 0
        /// Acquisitions that were requested while another client held the lock.
        public var contended = 0
        /// Holds that began while an earlier one, not lost, lasted.
        public var overlaps = 0
        /// Holds that began while an earlier one lasted whose holder was yet to learn that it had lost it.
        public var overlapsAfterLoss = 0
        /// Grants whose token was not above all tokens granted before on the same lock.
        public var tokenRegressions = 0
        /// Pairs of requests served in the opposite order of their arrival numbers; `nil` where those are not known.
        public var overtakes: Int?
        /// Pairs of requests served in the opposite order of their *sending*. Messages may pass each other, so this
        /// proves nothing, but it is what clients see.
        public var apparentOvertakes = 0
    }

    /// Judges `holds`, which may be in any order and of many locks.
    ///
    /// Unknown when there are no holds or nobody ever waited for a holder, for `fifo` without arrival numbers, and past
    /// `deadline`, which is looked at between locks; a violation found by then outranks that.
    ///
    /// - Complexity: O(n log n).
    public static func check(
        _ holds: [LockHold], claims: Claims = [], deadline: ContinuousClock.Instant? = nil
    ) -> Findings {
        var findings = Findings(verdict: .unknown(reason: "no lock was ever held"), holds: holds.count)
        if holds.isEmpty { return findings }
        if let wrong = holds.first(where: {
            $0.grantedNanoseconds < $0.requestedNanoseconds || $0.releasedNanoseconds < $0.grantedNanoseconds
        }) {
            findings.verdict = .unknown(
                reason:
                    "client \(wrong.client)'s hold of lock \(wrong.lock) is granted before its request or ends first")
            return findings
        }
        let sorted = holds.sorted {
            ($0.lock, $0.grantedNanoseconds, $0.releasedNanoseconds)
                < ($1.lock, $1.grantedNanoseconds, $1.releasedNanoseconds)
        }
        var verdicts: [Verdict] = []
        for ofOneLock in sorted.split(onChange: \.lock) {
            if let deadline, ContinuousClock.now >= deadline {
                verdicts.append(
                    .unknown(
                        reason: "out of time after \(ofOneLock.startIndex) of \(holds.count) holds"))
                break
            }
            verdicts.append(exclusion(ofOneLock, claims, &findings))
            verdicts.append(fencing(ofOneLock, claims, &findings))
            verdicts.append(order(ofOneLock, claims, &findings))
        }
        if findings.contended == 0 {
            verdicts.append(.unknown(reason: "no contention: nobody asked for a lock while another held it"))
        }
        findings.verdict = Verdict.combined(verdicts)
        return findings
    }

    /// No two holds overlap. `holds` are of one lock, in order of their grants; equal times do not overlap.
    private static func exclusion(
        _ holds: ArraySlice<LockHold>, _ claims: Claims, _ findings: inout Findings
    ) -> Verdict {
        var verdict = Verdict.correct
        var sound: LockHold?
        var lost: LockHold?
        for hold in holds {
            let holders = [sound, lost].compactMap { $0 }.filter { hold.grantedNanoseconds < $0.releasedNanoseconds }
            if let holder = holders.first {
                if holder.ending == .lost { findings.overlapsAfterLoss += 1 } else { findings.overlaps += 1 }
                if holder.ending != .lost || !claims.contains(.losableHolds) {
                    verdict = verdict.combined(
                        with: .violated(
                            Counterexample(
                                summary: "mutual exclusion: two clients hold lock \(hold.lock) at once",
                                events: [holder.event, hold.event])))
                }
            }
            let hasWaited = [sound, lost].contains { earlier in
                earlier.map { $0.client != hold.client && hold.requestedNanoseconds < $0.releasedNanoseconds } ?? false
            }
            if hasWaited { findings.contended += 1 }
            if hold.ending == .lost {
                if hold.releasedNanoseconds >= lost?.releasedNanoseconds ?? 0 { lost = hold }
            } else if hold.releasedNanoseconds >= sound?.releasedNanoseconds ?? 0 {
                sound = hold
            }
        }
        return verdict
    }

    /// Tokens strictly increase in the order of grants.
    ///
    /// Where holds exclude each other, the order in which grants arrived is the order in which they were made. Where
    /// they may be lost, a grant may arrive long after it was made, and only one that was received before the other was
    /// requested is known to have been made first. Equal tokens are wrong in any order.
    private static func fencing(
        _ holds: ArraySlice<LockHold>, _ claims: Claims, _ findings: inout Findings
    ) -> Verdict {
        var verdict = Verdict.correct
        /// The highest token so far at each grant, in order of grants.
        var highest: [LockHold] = []
        for hold in holds {
            guard hold.fencingToken != 0 else {
                guard claims.contains(.fencing) else { continue }
                verdict = verdict.combined(
                    with: .violated(
                        Counterexample(
                            summary: "fencing: a grant of lock \(hold.lock) without a token", events: [hold.event])))
                continue
            }
            let limit = claims.contains(.losableHolds) ? hold.requestedNanoseconds : hold.grantedNanoseconds
            let certain = highest.prefix(highest.partitioningIndex { $0.grantedNanoseconds >= limit }).last
            let equal = highest.last.flatMap { $0.fencingToken == hold.fencingToken ? $0 : nil }
            if let before = equal ?? certain, before.fencingToken >= hold.fencingToken {
                findings.tokenRegressions += 1
                verdict = verdict.combined(
                    with: .violated(
                        Counterexample(
                            summary: "fencing: a later grant of lock \(hold.lock) has a token that is not higher",
                            events: [before.event, hold.event])))
            }
            if hold.fencingToken > highest.last?.fencingToken ?? 0 { highest.append(hold) }
        }
        return verdict
    }

    /// First come, first served.
    private static func order(
        _ holds: ArraySlice<LockHold>, _ claims: Claims, _ findings: inout Findings
    ) -> Verdict {
        findings.apparentOvertakes += InversionCount.inversions(holds.map(\.requestedNanoseconds))
        guard holds.allSatisfy({ $0.arrival != 0 }) else {
            return claims.contains(.fifo)
                ? .unknown(
                    reason:
                        "first come first served can't be judged: no arrival numbers of lock \(holds[holds.startIndex].lock)"
                )
                : .correct
        }
        let overtakes = InversionCount.inversions(holds.map { UInt64($0.arrival) })
        findings.overtakes = (findings.overtakes ?? 0) + overtakes
        if overtakes == 0 || !claims.contains(.fifo) { return .correct }
        let pair = zip(holds, holds.dropFirst()).first { $0.arrival > $1.arrival }
        return .violated(
            Counterexample(
                summary: "first come first served: \(overtakes) overtakes on lock \(holds[holds.startIndex].lock)",
                events: pair.map { [$0.event, $1.event] } ?? []))
    }
}

extension Array {
    /// The runs of neighbours that are equal at `keyPath`.
    func split<Key: Equatable>(onChange keyPath: KeyPath<Element, Key>) -> [ArraySlice<Element>] {
        var runs: [ArraySlice<Element>] = []
        var start = startIndex
        for index in indices.dropFirst() where self[index][keyPath: keyPath] != self[start][keyPath: keyPath] {
            runs.append(self[start..<index])
            start = index
        }
        if start < endIndex { runs.append(self[start...]) }
        return runs
    }
}
