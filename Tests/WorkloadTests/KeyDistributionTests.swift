import Testing

@testable import Workload

@Suite("Key distributions")
struct KeyDistributionTests {
    func draw(_ sampler: KeySampler, _ count: Int = 100_000, seed: UInt64 = 1) -> [Int] {
        var rng = SeededGenerator(seed: seed)
        var sampler = sampler
        return (0..<count).map { _ in sampler.next(&rng) }
    }

    @Test("each text form reads back as itself", arguments: KeyDistribution.validForms)
    func roundTrip(form: String) throws {
        #expect(try KeyDistribution(parsing: form).description == form)
    }

    @Test(
        "what is not a form is refused with the valid ones",
        arguments: [
            "", "zipf", "zipfian:1", "zipfian:nan", "zipfian:0.5,x", "uniform:1", "hotspot:0,1", "hotspot:0.5",
            "hotspot:0.1,0.2,0.3", "conflict", "conflict:101", "conflict:-1", "latest:",
        ])
    func refusals(text: String) {
        let error = #expect(throws: WorkloadError.self) { try KeyDistribution(parsing: text) }
        #expect(error?.description.contains("hotspot:0.2,0.8") == true)
    }

    @Test(
        "every distribution stays within the keys, for one key and for many",
        arguments: KeyDistribution.validForms, [2, 3, 1000])
    func withinRange(form: String, keyCount: Int) throws {
        let sampler = try KeySampler(KeyDistribution(parsing: form), keyCount: keyCount)
        #expect(draw(sampler, 5_000).allSatisfy { (0..<keyCount).contains($0) })
    }

    @Test("zeta over ten billion items is YCSB's constant, and small ones are the plain sum")
    func zeta() {
        // site.ycsb.generator.ScrambledZipfianGenerator.ZETAN = 26.46902820178302 (a sum in single steps: 10 digits hold)
        #expect(abs(Zipfian.zeta(10_000_000_000, 0.99) - 26.46902820178302) < 1e-8)
        // python3: sum(i**-0.5 for i in range(1, 10001))
        #expect(abs(Zipfian.zeta(10_000, 0.5) - 198.54464544952413) < 1e-9)
    }

    @Test("zipfian ranks have the frequencies of the law")
    func zipfianFrequencies() throws {
        let keys = draw(try KeySampler(.zipfian(theta: 0.99, scrambled: false), keyCount: 1000))
        let zeta = Zipfian.zeta(1000, 0.99)
        let first = Double(keys.count { $0 == 0 }) / 100_000
        let firstHundred = Double(keys.count { $0 < 100 }) / 100_000
        #expect(abs(first - 1 / zeta) < 0.005)
        // Gray's method is exact for the first two ranks and approximate beyond.
        #expect(abs(firstHundred - Zipfian.zeta(100, 0.99) / zeta) < 0.02)
    }

    @Test("scrambling spreads the popular keys and keeps the most popular one's share")
    func scrambled() throws {
        let keys = draw(try KeySampler(.zipfian(theta: 0.99, scrambled: true), keyCount: 10_000))
        var counts = [Int](repeating: 0, count: 10_000)
        for key in keys { counts[key] += 1 }
        let hottest = counts.max()!
        #expect(abs(Double(hottest) / 100_000 - 1 / 26.469) < 0.005)
        let inLowerHalf = counts[..<5_000].reduce(0, +)
        #expect((30_000...70_000).contains(inLowerHalf))
        #expect(counts.firstIndex(of: hottest) == Int(KeySampler.fnv(0) % 10_000))
    }

    @Test("a hotspot of 20 % of the keys gets 80 % of the operations")
    func hotspot() throws {
        let keys = draw(try KeySampler(.hotspot(fraction: 0.2, share: 0.8), keyCount: 500))
        #expect(abs(keys.count { $0 < 100 } - 80_000) < 700)
    }

    @Test("latest favours the newest key, also after growth")
    func latest() throws {
        var sampler = try KeySampler(.latest(theta: 0.99), keyCount: 100)
        let before = draw(sampler)
        #expect(before.count { $0 == 99 } > before.count { $0 == 98 })
        sampler.grow(toKeyCount: 200)
        let after = draw(sampler)
        #expect(after.count { $0 == 199 } > 15_000)
        #expect(after.count { $0 == 199 } > after.count { $0 == 198 })
    }

    @Test("sequential clients cover every key once between them before any repeats", arguments: [1, 2, 3, 7])
    func sequential(clients: Int) throws {
        var seen: [Int] = []
        for client in 0..<clients {
            let own = (10 - client + clients - 1) / clients
            let sampler = try KeySampler(.sequential, keyCount: 10, clientIndex: client, clientCount: clients)
            let twice = draw(sampler, 2 * own)
            #expect(twice.prefix(own) == twice.suffix(own))
            seen += twice.prefix(own)
        }
        #expect(seen.sorted() == Array(0..<10))
    }

    @Test("conflict sends its share to the one shared key and keeps clients apart elsewhere")
    func conflict() throws {
        var owners: [Int: Int] = [:]
        for client in 0..<3 {
            let sampler = try KeySampler(
                .conflict(percent: 10), keyCount: 12, clientIndex: client, clientCount: 3)
            let keys = draw(sampler)
            #expect(abs(keys.count { $0 == 0 } - 10_000) < 500)
            for key in Set(keys) where key != 0 {
                #expect(owners.updateValue(client, forKey: key) == nil)
            }
        }
        #expect(owners.keys.sorted() == Array(1..<12))
    }

    @Test("too few keys for the clients, no keys, and a client that doesn't exist are refused")
    func impossible() {
        #expect(throws: WorkloadError.self) {
            try KeySampler(.conflict(percent: 1), keyCount: 3, clientIndex: 0, clientCount: 3)
        }
        #expect(throws: WorkloadError.self) { try KeySampler(.uniform, keyCount: 0) }
        #expect(throws: WorkloadError.self) { try KeySampler(.uniform, keyCount: 1, clientIndex: 2, clientCount: 2) }
    }
}

@Suite("Sizes and mixes")
struct SizeAndMixTests {
    @Test("sizes read back as themselves", arguments: ["0", "256", "64..1024", "5..5"])
    func sizeRoundTrip(text: String) throws {
        #expect(try SizeDistribution(parsing: text).description == text)
    }

    @Test("sizes that are none are refused", arguments: ["", "-1", "1..", "9..3", "1..2..3", "99999999999", "x"])
    func sizeRefusals(text: String) {
        #expect(throws: WorkloadError.self) { try SizeDistribution(parsing: text) }
    }

    @Test("a size range is reached from end to end")
    func sizeRange() throws {
        var rng = SeededGenerator(seed: 1)
        let sizes = try SizeDistribution(parsing: "3..6")
        #expect(Set((0..<200).map { _ in sizes.next(&rng) }) == [3, 4, 5, 6])
    }

    @Test("operations come in proportion to their weights, and never at weight 0")
    func mixShares() throws {
        let mix = try OperationMix(parsing: "get=3,scan=0,put=1")
        var rng = SeededGenerator(seed: 1)
        var counts = [0, 0, 0]
        for _ in 0..<40_000 { counts[mix.next(&rng)] += 1 }
        #expect(counts[1] == 0)
        #expect(abs(counts[0] - 30_000) < 450)
        #expect(mix.description == "get=3,scan=0,put=1")
        #expect(try OperationMix(parsing: "put").description == "put=1")
    }

    @Test(
        "mixes that are none are refused",
        arguments: ["", "get=", "get=1,get=2", "get=0", "get,put", "get=-1", "get=1=2", "get=1,", "fly=1"])
    func mixRefusals(text: String) {
        #expect(throws: WorkloadError.self) { try OperationMix(parsing: text, allowedKinds: ["get", "put"]) }
    }
}
