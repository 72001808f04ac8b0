import Testing

@testable import Placement

/// Sums what it gets.
struct LookupTally: LookupSink {
    var nanoseconds: UInt64 = 0
    var lookups = 0

    mutating func record(batchNanoseconds: UInt64, lookups: Int) {
        nanoseconds += batchNanoseconds
        self.lookups += lookups
    }
}

extension PlacementPlan {
    /// Small enough for a debug build.
    static let small = PlacementPlan(nodes: 10, keys: 20_000, repetitions: 1, seed: 11)
}

@Suite("Trials of placement functions")
struct PlacementTrialTests {
    @Test(
        "every function of the catalogue keeps what it promises",
        arguments: ["ring", "ring[vnodes=1]", "ring[vnodes=40,search=binary]", "jump"], [2, 10, 50])
    func promises(text: String, nodes: Int) throws {
        var plan = PlacementPlan.small
        plan.nodes = nodes
        var tally = LookupTally()
        let result = try PlacementTrial.run(function: text, plan: plan, sink: &tally)
        #expect(result.isUpheld, "\(result.violations)")
        #expect(result.checks.map(\.property).count == PlacementCheck.Property.allCases.count)
        #expect(result.function == text)
        #expect(tally.lookups == plan.keys)
        #expect(result.balance.keysByNode.reduce(0, +) == plan.keys)
        #expect(result.add.movedBetweenSurvivors == 0 && result.remove.movedBetweenSurvivors == 0)
        #expect(result.add.keysMoved > 0 && result.remove.keysMoved > 0)
        #expect(result.memoryBytes > 0)
    }

    @Test("a ring keeps weights, and its unevenness is what its virtual nodes predict")
    func weights() throws {
        var plan = PlacementPlan.small
        plan.weights = [1, 2, 4]
        var tally = LookupTally()
        let result = try PlacementTrial.run(function: "ring", plan: plan, sink: &tally)
        #expect(result.isUpheld, "\(result.violations)")
        #expect(result.balance.overdispersion > 2)
        #expect((0.3...2).contains(result.balance.relativeDeviation / result.balance.expectedRelativeDeviation))
        #expect(throws: PlacementError.self) {
            try PlacementTrial.run(function: "jump", plan: plan, sink: &tally)
        }
    }

    @Test("over many names, a ring's scaled χ² has the mean of its degrees of freedom")
    func calibration() throws {
        var tally = LookupTally()
        var total = 0.0
        for seed in 1...40 as ClosedRange<UInt64> {
            let plan = PlacementPlan(nodes: 10, keys: 4_000, replicas: 1, repetitions: 1, seed: seed)
            total += try PlacementTrial.run(function: "ring[vnodes=20]", plan: plan, sink: &tally)
                .balance.scaledChiSquare
        }
        // 40 × χ² with 9 degrees of freedom: mean 360, standard deviation about 27.
        #expect((250...470).contains(total), "\(total)")
    }

    @Test("the same plan gives the same places")
    func repeatable() throws {
        var tally = LookupTally()
        let first = try PlacementTrial.run(function: "ring", plan: .small, sink: &tally)
        let second = try PlacementTrial.run(function: "ring", plan: .small, sink: &tally)
        var other = PlacementPlan.small
        other.seed = 12
        let third = try PlacementTrial.run(function: "ring", plan: other, sink: &tally)
        #expect(first.checksum == second.checksum && first.balance == second.balance)
        #expect(first.balance != third.balance)
    }

    @Test("the bound on χ² is within 4 % of the table's", arguments: [(1, 10.83), (9, 27.88), (99, 148.23)])
    func quantile(freedom: Int, atOneInAThousand: Double) {
        let value = ChiSquareTail.quantile(degreesOfFreedom: freedom, deviate: 3.0902)
        #expect(abs(value - atOneInAThousand) < 0.04 * atOneInAThousand)
    }

    @Test(
        "what isn't understood is named",
        arguments: [
            ("hrw", .unknownFunction(name: "hrw", known: ["ring", "jump"])),
            ("ring[vnodes]", .malformed(text: "ring[vnodes]")),
            ("ring[vnodes=1", .malformed(text: "ring[vnodes=1")),
            ("jump[vnodes=1]", .unknownOption(function: "jump", option: "vnodes", known: [])),
            ("ring[vnodes=1,vnodes=1]", .repeatedOption(function: "ring", option: "vnodes")),
            (
                "ring[vnodes=0]",
                .invalidOption(
                    function: "ring", option: "vnodes", value: "0", allowed: "a whole number in 1...65536")
            ),
            (
                "ring[search=tree]",
                .invalidOption(function: "ring", option: "search", value: "tree", allowed: "segments or binary")
            ),
        ] as [(String, PlacementError)])
    func errors(text: String, expected: PlacementError) {
        #expect(throws: expected) { try PlacementVariant(text) }
        #expect(!expected.description.isEmpty)
    }

    @Test("text makes a variant and a variant makes its text")
    func variants() throws {
        #expect(try PlacementVariant("ring[search=binary,vnodes=160]").description == "ring[search=binary]")
        #expect(try PlacementVariant("jump").description == "jump")
        #expect(try PlacementVariant("ring[vnodes=9]").make(nodes: someNodes(3)).shareConcentration == 27)
    }

    @Test("a plan out of range is refused by name")
    func badPlan() {
        var tally = LookupTally()
        #expect(throws: PlacementError.planOutOfRange(name: "nodes", value: 1, allowed: 2...65_536)) {
            try PlacementTrial.run(function: "jump", plan: PlacementPlan(nodes: 1), sink: &tally)
        }
    }
}
