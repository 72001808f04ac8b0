import ByteCoding
import ProtocolKit
import Testing
import Verification
import Workload

@testable import Consensus

@Suite("Dynamo's versions")
struct DynamoVersionTests {
    private static func actor(_ node: UInt32) -> UInt64 { Dot.actor(node: NodeID(node), incarnation: 1) }

    /// Some replicas of one key that write, delete and merge at random.
    private struct Replicas {
        var sets: [SiblingSet]
        var writes: [ContextualWrite] = []
        /// The values of every write by its dot.
        var values: [Dot: UInt64] = [:]
        private var counter: UInt64 = 0

        init(_ count: Int) { sets = Array(repeating: SiblingSet(), count: count) }

        mutating func write(at replica: Int, seen context: VersionVector, isDeletion: Bool) {
            counter += 1
            let version = Version(wall: counter, dot: Dot(actor: actor(UInt32(replica)), counter: counter))
            let seen = Set(values.filter { context.covers($0.key) }.values)
            writes.append(ContextualWrite(counter, key: 1, seen: seen, isDeletion: isDeletion))
            if isDeletion {
                sets[replica].delete(as: version, seen: context)
            } else {
                values[version.dot] = counter
                sets[replica].put(Bytes("\(counter)"), as: version, seen: context)
            }
        }

        var final: Set<UInt64> { Set(sets[0].siblings.map { UInt64($0.value.text)! }) }
    }

    private static func random(_ seed: UInt64, merge: (inout SiblingSet, SiblingSet) -> Void) -> Replicas {
        var random = SeededGenerator(seed: seed)
        var replicas = Replicas(4)
        var contexts = Array(repeating: VersionVector(), count: 3)
        for _ in 0..<60 {
            let (replica, other, client) = (random.below(4), random.below(4), random.below(3))
            switch random.below(5) {
            case 0, 1: replicas.write(at: replica, seen: contexts[client], isDeletion: random.chance(0.2))
            case 2: contexts[client].join(replicas.sets[replica].clock)
            default: merge(&replicas.sets[replica], replicas.sets[other])
            }
        }
        for _ in 0..<2 {
            for replica in 0..<4 { for other in 0..<4 { merge(&replicas.sets[replica], replicas.sets[other]) } }
        }
        return replicas
    }

    @Test("replicas that have merged agree, and have lost no write that no client had seen")
    func converges() {
        for seed in 1...200 as ClosedRange<UInt64> {
            let replicas = Self.random(seed) { $0.merge($1) }
            for set in replicas.sets { #expect(set.clock == replicas.sets[0].clock) }
            for set in replicas.sets { #expect(set.siblings == replicas.sets[0].siblings) }
            let verdict = LostUpdates.check(writes: replicas.writes, final: [1: replicas.final])
            #expect(verdict.isCorrect, "seed \(seed): \(verdict)")
        }
    }

    @Test("a merge that keeps one of two concurrent sets loses updates, and the checker says so")
    func forgets() {
        let verdicts = (1...20 as ClosedRange<UInt64>).map { seed in
            let replicas = Self.random(seed) { mine, theirs in
                guard !mine.clock.covers(theirs.clock) else { return }
                let clock = mine.clock
                mine = theirs
                mine.clock.join(clock)
            }
            return LostUpdates.check(writes: replicas.writes, final: [1: replicas.final])
        }
        #expect(verdicts.filter(\.isViolated).count > 15)
    }

    @Test("merging is commutative, associative and idempotent")
    func semilattice() {
        for seed in 1...50 as ClosedRange<UInt64> {
            var random = SeededGenerator(seed: seed)
            var replicas = Replicas(3)
            for _ in 0..<20 {
                let replica = random.below(3)
                let other = replicas.sets[random.below(3)]
                if random.chance(0.4) { replicas.sets[replica].merge(other) }
                replicas.write(at: replica, seen: replicas.sets[random.below(3)].clock, isDeletion: random.chance(0.1))
            }
            let (a, b, c) = (replicas.sets[0], replicas.sets[1], replicas.sets[2])
            func merged(_ first: SiblingSet, _ second: SiblingSet) -> SiblingSet {
                var set = first
                set.merge(second)
                return set
            }
            #expect(merged(a, b) == merged(b, a))
            #expect(merged(merged(a, b), c) == merged(a, merged(b, c)))
            #expect(merged(a, a) == a)
            #expect(merged(merged(a, b), b) == merged(a, b))
        }
    }

    @Test("a version vector covers what it has joined, and no more")
    func vectors() {
        var random = SeededGenerator(seed: 3)
        for _ in 0..<500 {
            var (left, right) = (VersionVector(), VersionVector())
            var model: [[UInt64]] = [Array(repeating: 0, count: 6), Array(repeating: 0, count: 6)]
            for _ in 0..<random.below(10) {
                let (side, node, counter) = (random.below(2), random.below(6), random.below(UInt64(5)) + 1)
                let dot = Dot(actor: Self.actor(UInt32(node)), counter: counter)
                if side == 0 { left.insert(dot) } else { right.insert(dot) }
                model[side][node] = max(model[side][node], counter)
            }
            let covers = (0..<6).allSatisfy { model[0][$0] >= model[1][$0] }
            #expect(left.covers(right) == covers)
            var joined = left
            joined.join(right)
            for node in 0..<6 { #expect(joined[Self.actor(UInt32(node))] == max(model[0][node], model[1][node])) }
            #expect((joined == left) == covers)
        }
    }

    @Test("a truncated vector loses its oldest incarnations, except those of versions in place")
    func truncation() {
        var vector = VersionVector()
        for incarnation in 1...10 as ClosedRange<UInt64> {
            for node in 0..<3 as Range<UInt32> {
                vector.insert(Dot(actor: Dot.actor(node: NodeID(node), incarnation: incarnation), counter: incarnation))
            }
        }
        let kept = Dot.actor(node: NodeID(1), incarnation: 1)
        vector.truncate(to: 6) { $0 == kept }
        #expect(vector.entries.count == 6)
        #expect(vector[kept] == 1)
        #expect(vector[Dot.actor(node: NodeID(2), incarnation: 10)] == 10)
        #expect(vector[Dot.actor(node: NodeID(0), incarnation: 1)] == 0)
    }

    @Test("last writer wins by wall time, node, incarnation and counter, in this order")
    func order() {
        func version(_ wall: UInt64, _ node: UInt32, _ incarnation: UInt64, _ counter: UInt64) -> Version {
            Version(
                wall: wall, dot: Dot(actor: Dot.actor(node: NodeID(node), incarnation: incarnation), counter: counter))
        }
        let ordered = [
            version(1, 9, 9, 9), version(2, 0, 9, 9), version(2, 1, 1, 9), version(2, 1, 2, 1), version(2, 1, 2, 2),
        ]
        #expect(ordered.shuffled(seed: 5).sorted() == ordered)
        var cell = Cell.register(ordered[2], "a")
        #expect(cell.merge(.register(ordered[1], "b")) == Cell.Merge(tookOver: false, otherIsStale: true))
        #expect(cell.merge(.register(ordered[3], nil)) == Cell.Merge(tookOver: true, otherIsStale: false))
        #expect(cell.isTombstone)
    }
}

extension Array {
    fileprivate func shuffled(seed: UInt64) -> [Element] {
        var (random, copy) = (SeededGenerator(seed: seed), self)
        random.shuffle(&copy)
        return copy
    }
}
