import ProtocolKit

/// How many acceptors make a quorum in each phase. Agreement needs only that every phase-1 quorum meets every phase-2
/// quorum (Howard, Malkhi & Spiegelman, "Flexible Paxos", 2016, section 3): with quorums by number, that the two numbers
/// together exceed the number of acceptors.
@usableFromInline
struct QuorumSizes: Hashable, Sendable {
    /// Promises that a proposer needs.
    @usableFromInline let phase1: Int
    /// Acceptances that a value needs.
    @usableFromInline let phase2: Int

    /// Sizes that may not meet, for planted faults.
    init(unchecked phase1: Int, _ phase2: Int) {
        self.phase1 = phase1
        self.phase2 = phase2
    }

    /// The sizes for so many acceptors; zero stands for what follows from the other, and both for majorities.
    ///
    /// - Throws: ``OptionError/invalidValue(option:value:valid:)`` where the quorums wouldn't meet or can't be had.
    init(phase1: Int, phase2: Int, acceptors: Int) throws(OptionError) {
        let majority = acceptors / 2 + 1
        switch (phase1, phase2) {
        case (0, 0): (self.phase1, self.phase2) = (majority, majority)
        case (0, _): (self.phase1, self.phase2) = (acceptors + 1 - phase2, phase2)
        case (_, 0): (self.phase1, self.phase2) = (phase1, acceptors + 1 - phase1)
        default: (self.phase1, self.phase2) = (phase1, phase2)
        }
        let all = 1...acceptors
        guard phase1 == 0 || all.contains(phase1) else {
            throw .invalidValue(option: "phase1-quorum", value: "\(phase1)", valid: "1...\(acceptors) of the nodes")
        }
        guard phase2 == 0 || all.contains(phase2) else {
            throw .invalidValue(option: "phase2-quorum", value: "\(phase2)", valid: "1...\(acceptors) of the nodes")
        }
        guard self.phase1 + self.phase2 > acceptors else {
            throw .invalidValue(
                option: "phase1-quorum", value: "\(phase1)",
                valid: "\(acceptors + 1 - phase2)...\(acceptors) of \(acceptors) nodes with phase2-quorum=\(phase2): "
                    + "every phase-1 quorum must meet every phase-2 quorum (flexible Paxos: q1 + q2 > N)")
        }
    }

    /// How many acceptors may be gone while there are quorums for both phases among the others.
    func tolerated(of acceptors: Int) -> Int { acceptors - max(phase1, phase2) }
}
