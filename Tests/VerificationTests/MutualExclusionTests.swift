import Testing
import Verification
import Workload

@Suite("Mutual exclusion, fencing and order")
struct MutualExclusionTests {
    private static func hold(
        _ client: UInt16, _ requested: UInt64, _ granted: UInt64, _ released: UInt64, lock: UInt16 = 1,
        _ ending: LockHold.Ending = .released, token: UInt64 = 0, arrival: UInt32 = 0
    ) -> LockHold {
        LockHold(
            lock: lock, client: client, requestedNanoseconds: requested, grantedNanoseconds: granted,
            releasedNanoseconds: released, ending: ending, fencingToken: token, arrival: arrival)
    }

    /// Three clients in turn, each waiting for the one before.
    private static let good = [
        hold(1, 0, 10, 20, token: 1, arrival: 1), hold(2, 5, 25, 40, token: 2, arrival: 2),
        hold(3, 6, 45, 60, token: 5, arrival: 3),
    ]

    @Test("a record takes 40 bytes and keeps arrival and ending apart", arguments: LockHold.Ending.allCases)
    func record(ending: LockHold.Ending) {
        #expect(MemoryLayout<LockHold>.stride == 40)
        let hold = Self.hold(1, 0, 10, 20, ending, arrival: LockHold.largestArrival)
        #expect(hold.arrival == LockHold.largestArrival)
        #expect(hold.ending == ending)
    }

    @Test("holds in turn are correct under every claim")
    func inTurn() {
        let findings = MutualExclusionChecker.check(Self.good.reversed(), claims: [.fencing, .fifo])
        #expect(findings.verdict == .correct)
        #expect(findings.contended == 2)
        #expect(findings.overtakes == 0)
    }

    @Test("two holders at once are a violation", arguments: [(26, 39), (26, 100), (39, 41)] as [(UInt64, UInt64)])
    func overlap(granted: UInt64, released: UInt64) {
        let findings = MutualExclusionChecker.check(Self.good + [Self.hold(4, 1, granted, released)])
        #expect(findings.verdict.isViolated)
        #expect(findings.overlaps >= 1)
    }

    @Test("a hold that touches the one before, or is of another lock, does not overlap")
    func touching() {
        var holds = [Self.hold(1, 0, 10, 20), Self.hold(2, 5, 20, 30)]
        holds.append(Self.hold(3, 0, 12, 28, lock: 2))
        #expect(MutualExclusionChecker.check(holds).verdict == .correct)
    }

    @Test("an open hold lasts to the end")
    func open() {
        let findings = MutualExclusionChecker.check([Self.hold(1, 0, 10, 0, .open), Self.hold(2, 5, 1000, 1001)])
        #expect(findings.verdict.isViolated)
    }

    @Test("an overlap with a holder that lost the lock is counted apart, and excused only where claimed")
    func lost() {
        let holds = [Self.hold(1, 0, 10, 50, .lost, token: 1), Self.hold(2, 5, 30, 60, token: 2)]
        #expect(MutualExclusionChecker.check(holds).verdict.isViolated)
        let findings = MutualExclusionChecker.check(holds, claims: [.losableHolds, .fencing])
        #expect(findings.verdict == .correct)
        #expect(findings.overlapsAfterLoss == 1)
        #expect(findings.overlaps == 0)
        let third = Self.hold(3, 6, 40, 45)
        #expect(MutualExclusionChecker.check(holds + [third], claims: .losableHolds).verdict.isViolated)
    }

    @Test("a token that does not grow is a violation", arguments: [1, 2] as [UInt64])
    func token(second: UInt64) {
        var holds = Self.good
        holds[2].fencingToken = second
        let findings = MutualExclusionChecker.check(holds)
        #expect(findings.tokenRegressions == 1)
        #expect(findings.verdict.isViolated)
    }

    @Test("where holds can be lost, a late grant proves nothing, one asked for afterwards does")
    func lateGrant() {
        let late = [Self.hold(1, 0, 10, 20, token: 2), Self.hold(2, 5, 30, 40, token: 1)]
        #expect(MutualExclusionChecker.check(late, claims: .losableHolds).verdict == .correct)
        let after = late + [Self.hold(3, 15, 50, 60, token: 1)]
        #expect(MutualExclusionChecker.check(after, claims: .losableHolds).verdict.isViolated)
    }

    @Test("a missing token is a violation only where tokens are claimed")
    func missingToken() {
        var holds = Self.good
        holds[1].fencingToken = 0
        #expect(MutualExclusionChecker.check(holds).verdict == .correct)
        #expect(MutualExclusionChecker.check(holds, claims: .fencing).verdict.isViolated)
    }

    @Test("overtakes count pairs served against their arrival")
    func overtakes() {
        let holds = [
            Self.hold(3, 2, 10, 20, arrival: 3), Self.hold(1, 0, 25, 30, arrival: 1),
            Self.hold(2, 1, 35, 40, arrival: 2),
        ]
        let findings = MutualExclusionChecker.check(holds, claims: .fifo)
        #expect(findings.overtakes == 2)
        #expect(findings.apparentOvertakes == 2)
        #expect(findings.verdict.isViolated)
        #expect(MutualExclusionChecker.check(holds).verdict == .correct)
    }

    @Test("first come first served without arrival numbers is unknown, with what clients saw counted")
    func noArrivals() {
        let holds = [Self.hold(3, 2, 10, 20), Self.hold(1, 0, 25, 30)]
        let findings = MutualExclusionChecker.check(holds, claims: .fifo)
        #expect(findings.verdict.isUnknown)
        #expect(findings.apparentOvertakes == 1)
        #expect(findings.overtakes == nil)
    }

    @Test("no holds, no contention, or times out of order are unknown")
    func vacuous() {
        #expect(MutualExclusionChecker.check([]).verdict.isUnknown)
        #expect(MutualExclusionChecker.check([Self.hold(1, 0, 1, 2), Self.hold(2, 3, 4, 5)]).verdict.isUnknown)
        #expect(MutualExclusionChecker.check([Self.hold(1, 5, 1, 2), Self.hold(2, 3, 4, 5)]).verdict.isUnknown)
    }

    @Test("random schedules are judged as their construction says", arguments: 0..<50 as Range<UInt64>)
    func random(seed: UInt64) {
        var generator = SeededGenerator(seed: seed)
        var holds: [LockHold] = []
        for lock in 0..<4 as Range<UInt16> {
            var time: UInt64 = 100
            for arrival in 1...40 as ClosedRange<UInt32> {
                let granted = time + generator.below(5 as UInt64)
                time = granted + 1 + generator.below(9 as UInt64)
                holds.append(
                    Self.hold(
                        UInt16(arrival % 5), granted - generator.below(50 as UInt64), granted, time, lock: lock,
                        token: UInt64(arrival), arrival: arrival))
            }
        }
        generator.shuffle(&holds)
        #expect(MutualExclusionChecker.check(holds, claims: [.fencing, .fifo]).verdict == .correct)
        let victim = generator.below(holds.count)
        let doubled = holds[victim]
        holds.append(
            Self.hold(
                9, doubled.requestedNanoseconds, doubled.grantedNanoseconds, doubled.releasedNanoseconds,
                lock: doubled.lock))
        #expect(MutualExclusionChecker.check(holds).verdict.isViolated)
    }

    @Test("a fenced resource is judged by the stale writes that it took or refused")
    func fencedResource() {
        let writes = [(1, 1, true), (2, 3, true), (1, 1, false), (2, 3, true), (3, 2, false)].map {
            FencedWrite(lock: 1, client: $0.0, token: $0.1, wasAccepted: $0.2)
        }
        let good = FencedResourceChecker.check(writes)
        #expect(good.verdict == .correct)
        #expect((good.staleTried, good.staleRefused, good.staleAccepted, good.freshRefused) == (2, 2, 0, 0))
        let bad = FencedResourceChecker.check(
            writes + [FencedWrite(lock: 1, client: 1, token: 1, wasAccepted: true)])
        #expect(bad.verdict.isViolated)
        #expect(bad.staleAccepted == 1)
        #expect(FencedResourceChecker.check(Array(writes.prefix(2))).verdict.isUnknown)
        #expect(
            FencedResourceChecker.check([writes[1], FencedWrite(lock: 2, client: 1, token: 1, wasAccepted: true)])
                .verdict.isUnknown)
    }
}
