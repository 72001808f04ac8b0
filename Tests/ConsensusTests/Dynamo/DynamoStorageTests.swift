import ByteCoding
import ProtocolKit
import Testing
import Workload

@testable import Consensus

@Suite("Dynamo's tables and ring")
struct DynamoStorageTests {
    @Test("a table holds what a dictionary holds, whatever was removed, with hashes that collide")
    func table() {
        for mask in [UInt64.max, 7, 0] {
            var random = SeededGenerator(seed: 9)
            var table = KeyTable<Int>()
            var model: [Bytes: Int] = [:]
            for round in 0..<4_000 {
                let key = Bytes("key\(random.below(150))")
                let hash = KeyHash.hash(key) & mask
                let place = table.find(key, hash: hash)
                #expect(place.map { table.items[$0].content } == model[key])
                switch (place, random.below(3)) {
                case (let place?, 0):
                    table.remove(at: place)
                    model[key] = nil
                case (let place?, _):
                    table.replace(at: place, key: key, round)
                    model[key] = round
                case (nil, _):
                    table.insert(key, hash: hash, round)
                    model[key] = round
                }
            }
            #expect(table.count == model.count)
            for (key, value) in model {
                let hash = KeyHash.hash(key) & mask
                #expect(table.find(key, hash: hash).map { table.items[$0].content } == value)
                #expect(table.positions(of: hash).contains { table.items[$0].key == key })
            }
        }
    }

    @Test("a preference list names every node once, the replicas first, in the same order on every node")
    func preferences() {
        for count in [1, 2, 3, 5, 9, 16] {
            let members = (0..<UInt32(count)).map(NodeID.init)
            let ring = PreferenceRing(members: members, replicas: 3)
            #expect(ring.replicas == min(3, count))
            for partition in 0..<PreferenceRing.partitions {
                let order = (0..<count).map { ring.node(partition, rank: $0) }
                #expect(Set(order).count == count)
                for node in 0..<count {
                    #expect(ring.isReplica(node, of: partition) == order.prefix(3).contains(node))
                }
            }
        }
    }

    @Test("the ring gives every node its share, and a new node takes from all")
    func balance() {
        func owners(_ count: Int) -> [Int] {
            let ring = PreferenceRing(members: (0..<UInt32(count)).map(NodeID.init), replicas: 3)
            return (0..<PreferenceRing.partitions).map { ring.node($0, rank: 0) }
        }
        let (five, six) = (owners(5), owners(6))
        for node in 0..<5 {
            let share = five.filter { $0 == node }.count
            #expect(share > 256 / 5 / 2 && share < 256 / 5 * 2, "node \(node) leads \(share) of 256 partitions")
        }
        let moved = zip(five, six).filter { $0 != $1 }
        #expect(moved.allSatisfy { $0.1 == 5 })
        #expect(moved.count > 256 / 6 / 2 && moved.count < 256 / 6 * 2, "\(moved.count) of 256 partitions moved")
    }

    @Test("keys spread over the partitions")
    func hashing() {
        var counts = [Int](repeating: 0, count: PreferenceRing.partitions)
        for number in 0..<25_600 { counts[PreferenceRing.partition(of: KeyHash.hash(Bytes("k\(number)")))] += 1 }
        #expect(counts.allSatisfy { $0 > 50 && $0 < 160 })
    }

    @Test("a store's digests follow from its content alone, whatever the order in which it came")
    func digests() {
        var random = SeededGenerator(seed: 4)
        var records: [VersionedRecord] = []
        for number in 0..<400 {
            let key = Bytes("k\(number % 100)")
            let dot = Dot(
                actor: Dot.actor(node: NodeID(UInt32(number % 3)), incarnation: 1), counter: UInt64(number) + 1)
            let version = Version(wall: UInt64(random.below(1_000)), dot: dot)
            let cell = Cell.register(version, number % 7 == 0 ? nil : Bytes("v\(number)"))
            records.append(VersionedRecord(key: key, hash: KeyHash.hash(key), cell: cell))
        }
        var stores = [ReplicaStore(), ReplicaStore()]
        for record in records { _ = stores[0].merge(record) }
        random.shuffle(&records)
        for record in records { _ = stores[1].merge(record) }
        #expect(stores[0].partitions.map(\.digest) == stores[1].partitions.map(\.digest))
        #expect(stores.map(\.count) == [100, 100])
        #expect(stores[0].tombstones == stores[1].tombstones)
        for number in 0..<100 { stores[0].remove(Bytes("k\(number)"), hash: KeyHash.hash(Bytes("k\(number)"))) }
        #expect(stores[0].partitions.allSatisfy { $0.digest == 0 && $0.table.count == 0 })
        #expect(stores[0].count == 0 && stores[0].tombstones == 0)
    }

    @Test("of forwarded requests each number comes once, and an old incarnation's not at all")
    func window() {
        var window = ForwardWindow()
        var random = SeededGenerator(seed: 6)
        var numbers = Array(1...3_000 as ClosedRange<UInt64>)
        for place in numbers.indices.dropLast(40) where random.chance(0.3) {
            numbers.swapAt(place, place + random.below(40))
        }
        var wrong = 0
        for number in numbers {
            let (first, second) = (window.admit(number, of: 2), window.admit(number, of: 2))
            if !first || second { wrong += 1 }
        }
        #expect(wrong == 0)
        let later: [(number: UInt64, incarnation: UInt64, isNew: Bool)] = [
            (1, 2, false), (9_999, 1, false), (1, 3, true), (3_001, 2, false), (5_000, 3, true), (4_990, 3, true),
            (4_990, 3, false), (0, 3, false), (3_000, 3, false),
        ]
        for (number, incarnation, isNew) in later {
            let isAdmitted = window.admit(number, of: incarnation)
            #expect(isAdmitted == isNew, "\(number) of incarnation \(incarnation)")
        }
    }
}
