/// A write that reached a resource which is guarded by fencing tokens, as the resource decided it.
public struct FencedWrite: Sendable, Hashable {
    /// The lock that guards the resource.
    public var lock: UInt16
    /// The writer.
    public var client: UInt16
    /// The token that came with the write.
    public var token: UInt64
    /// Whether the resource took it.
    public var wasAccepted: Bool

    /// A write by `client` with `token`, taken or refused.
    public init(lock: UInt16, client: UInt16, token: UInt64, wasAccepted: Bool) {
        self.lock = lock
        self.client = client
        self.token = token
        self.wasAccepted = wasAccepted
    }
}

/// Judges a resource that is guarded by fencing tokens: it must refuse a write whose token is below one it has seen.
public enum FencedResourceChecker {
    /// The verdict and the counts.
    public struct Findings: Sendable, Hashable {
        /// Violated when a stale write was taken, unknown when none was ever tried.
        public var verdict: Verdict
        /// Writes that came with a token below the highest taken before.
        public var staleTried = 0
        /// Stale writes that were refused.
        public var staleRefused = 0
        /// Stale writes that were taken: data lost.
        public var staleAccepted = 0
        /// Writes refused although their token was not stale.
        public var freshRefused = 0
    }

    /// Judges `writes` in the order in which the resource decided them.
    public static func check(_ writes: [FencedWrite]) -> Findings {
        var findings = Findings(verdict: .unknown(reason: "no stale write was tried at the fenced resource"))
        var highest: [UInt16: FencedWrite] = [:]
        var accepted: Counterexample?
        for write in writes {
            let before = highest[write.lock]
            if let before, write.token < before.token {
                findings.staleTried += 1
                if write.wasAccepted {
                    findings.staleAccepted += 1
                    accepted =
                        accepted
                        ?? Counterexample(
                            summary:
                                "fencing: a stale write under lock \(write.lock) was taken: token \(write.token) of client "
                                + "\(write.client) after token \(before.token) of client \(before.client)")
                } else {
                    findings.staleRefused += 1
                }
            } else if write.wasAccepted {
                highest[write.lock] = write
            } else {
                findings.freshRefused += 1
            }
        }
        if let accepted {
            findings.verdict = .violated(accepted)
        } else if findings.staleTried > 0 {
            findings.verdict = .correct
        }
        return findings
    }
}
