import ProtocolKit
import Testing

@testable import Harness

@Suite("A paired design")
struct PairedDesignTests {
    static func design(
        _ text: String = "raft", length: PairedDesign.Length = .blocks(6), b: String = "other"
    ) throws -> PairedDesign {
        let plan = try ScenarioFixtures.plan("trials: [{systems: \(text), duration: 1s, warm-up: 300ms}]")
        let side = PairedDesign.Side(label: "raft", executable: "/bin/coordbench")
        return try PairedDesign(
            a: side, plan.trials, b: PairedDesign.Side(label: b, executable: "/bin/coordbench"), plan.trials,
            length: length, seed: 7)
    }

    @Test("lets everyone stand in every place equally often, and after everyone else", arguments: [2, 3, 4])
    func balance(count: Int) {
        for seed in 0..<20 as Range<UInt64> {
            let order = BlockOrder(of: count, seed: seed)
            var places = [[Int]](repeating: [Int](repeating: 0, count: count), count: count)
            var successors = places
            for block in 0..<(2 * count) {
                let row = order.order(ofBlock: block)
                #expect(row.sorted() == Array(0..<count))
                for (place, member) in row.enumerated() { places[member][place] += 1 }
                for (one, next) in zip(row, row.dropFirst()) { successors[one][next] += 1 }
                if block == count - 1 { #expect(places.allSatisfy { $0.allSatisfy { $0 == 1 } }) }
            }
            #expect(places.allSatisfy { $0.allSatisfy { $0 == 2 } })
            if count == 3 {
                #expect((0..<3).allSatisfy { one in (0..<3).allSatisfy { one == $0 || successors[one][$0] == 2 } })
            }
        }
    }

    @Test("draws its orders by the seed")
    func seeds() {
        func orders(_ seed: UInt64) -> [[Int]] {
            let order = BlockOrder(of: 3, seed: seed)
            return (0..<12).map { order.order(ofBlock: $0) }
        }
        #expect(orders(1) == orders(1))
        #expect(Set((0..<20).map { orders($0) }).count > 15)
        #expect(Set((0..<40).map { orders($0)[0] }).count == 6, "every order comes first for some seed")
    }

    @Test("runs A, B and A again of every cell in every block, with one seed a block")
    func blocks() throws {
        let plan = try ScenarioFixtures.plan("trials: [{systems: raft, clients: [1, 2]}]")
        let other = try ScenarioFixtures.plan("trials: [{systems: 'raft[batch=1]', clients: [1, 2]}]")
        let design = try PairedDesign(
            a: .init(label: "raft", executable: "x"), plan.trials, b: .init(label: "batch", executable: "x"),
            other.trials, length: .blocks(3), seed: 1)
        let trials = design.trials(ofBlock: 2, numberedFrom: 13)
        #expect(trials.map(\.number) == Array(13...18))
        #expect(trials.map(\.clients) == [1, 1, 1, 2, 2, 2])
        #expect(Set(trials.map(\.seed)) == [3] && Set(trials.map(\.workload.seed)) == [3])
        for half in [trials[..<3], trials[3...]] {
            #expect(Set(half.compactMap(\.pairing?.arm)) == Set(PairedPlace.Arm.allCases))
            for trial in half {
                #expect(trial.variant == (trial.pairing?.arm == .b ? "raft[batch=1]" : "raft"))
                #expect(trial.pairing?.label == (trial.pairing?.arm == .b ? "batch" : "raft"))
                #expect(trial.pairing?.block == 2)
            }
        }
        #expect(trials.compactMap(\.pairing?.cell) == [1, 1, 1, 2, 2, 2])
        #expect(design.trials(ofBlock: 0, numberedFrom: 1).allSatisfy { $0.pairing?.isWarmUp == true })
        #expect(design.estimatedTrials == 4 * 6)
    }

    @Test("refuses loads that differ, cells that don't match and builds that run inside of the program")
    func refusals() throws {
        func trials(_ text: String) throws -> [PlannedTrial] { try ScenarioFixtures.plan("trials: [\(text)]").trials }
        func reason(_ a: [PlannedTrial], _ b: [PlannedTrial], program: String = "x", blocks: Int = 3) -> String {
            do throws(PairedDesignError) {
                _ = try PairedDesign(
                    a: .init(label: "a", executable: "x"), a, b: .init(label: "b", executable: program), b,
                    length: .blocks(blocks), seed: 1)
                return ""
            } catch {
                return "\(error)"
            }
        }
        let raft = try trials("{systems: raft}")
        #expect(reason(raft, try trials("{systems: unreplicated}")) == "")
        #expect(reason(raft, try trials("{systems: raft, clients: 3}")).contains("differ in clients"))
        #expect(reason(raft, try trials("{systems: raft, clients: [1, 2]}")).contains("1 trials and b to 2"))
        #expect(
            reason(try trials("{systems: mcs}"), try trials("{systems: mcs}"), program: "y").contains("side by side"))
        #expect(reason(raft, raft, program: "y") == "")
        #expect(reason(raft, raft, blocks: 0).contains("1 to 1000 are possible"))
        #expect(reason([], []).contains("nothing to compare"))
    }

    @Test("leaves records of before readable")
    func oldRecords() throws {
        let plan = try #require(try ScenarioFixtures.plan("trials: [{systems: raft}]").trials.first)
        var record = TrialRecord(plan: plan, programVersion: "1", started: .now(), windowNanoseconds: 1)
        let before = try record.encoded()
        #expect(!String(decoding: before, as: UTF8.self).contains("pairing"))
        #expect(try TrialRecord.decode(before, path: "x").plan.pairing == nil)
        record.plan.pairing = PairedPlace(arm: .control, label: "raft", block: 3, cell: 1)
        #expect(try TrialRecord.decode(try record.encoded(), path: "x").plan == record.plan)
    }
}

@Suite("Running a paired design")
struct PairedRunTests {
    /// A clock that a trial moves on.
    private final class Clock {
        var now: UInt64 = 1_000_000_000
    }

    private func run(
        _ length: PairedDesign.Length, trialNanoseconds: UInt64, stopAfter: Int = .max, _ text: String = "ring"
    ) throws -> (outcome: BlockLoop<Int>.Outcome, saved: [PlannedTrial], told: [(block: Int, of: Int, left: UInt64)]) {
        let clock = Clock()
        var saved: [PlannedTrial] = []
        var told: [(block: Int, of: Int, left: UInt64)] = []
        let interruption = Interruption()
        let loop = BlockLoop<Int>(
            design: try PairedDesignTests.design(text, length: length), now: { clock.now },
            together: { (trials: [PlannedTrial]) throws(TurnTaking.Failure) -> [Int?] in
                #expect(text == "raft" && Set(trials.compactMap(\.pairing?.arm)).count == 3)
                clock.now += trialNanoseconds * UInt64(trials.count)
                return trials.map(\.number)
            },
            perform: { trial in
                #expect(text != "raft")
                clock.now += trialNanoseconds
                return trial.number
            },
            save: { trial, number in
                saved.append(trial)
                if number == stopAfter { interruption.request() }
            })
        let outcome = try loop.run(interruption) { trial, blocks, left in
            told.append((trial.pairing?.block ?? -1, blocks, left))
        }
        return (outcome, saved, told)
    }

    @Test("goes through its blocks, the one that warms up first")
    func blocks() throws {
        let (outcome, saved, told) = try run(.blocks(6), trialNanoseconds: 2_000_000_000)
        #expect(saved.map(\.number) == Array(1...21))
        #expect(saved.compactMap(\.pairing?.block) == (0...6).flatMap { [$0, $0, $0] })
        #expect(outcome.plannedTrials == 21 && !outcome.isInterrupted)
        #expect(told.last?.of == 6)
        #expect(told.last?.left == 2_000_000_000, "by the length that trials turned out to have")
    }

    @Test(
        "in a given time has as many blocks as fit by the length that they turn out to have",
        arguments: [(1_000_000_000, 19), (5_000_000_000, 3), (40_000_000_000, 1)] as [(UInt64, Int)])
    func time(trialNanoseconds: UInt64, blocks: Int) throws {
        let (outcome, saved, _) = try run(.time(nanoseconds: 60_000_000_000), trialNanoseconds: trialNanoseconds)
        #expect(saved.last?.pairing?.block == blocks)
        #expect(outcome.plannedTrials == saved.count && saved.count == 3 * (blocks + 1))
    }

    @Test("has a cell's clusters take turns, and keeps what came of all of them")
    func together() throws {
        let (outcome, saved, told) = try run(.blocks(2), trialNanoseconds: 1_000_000_000, "raft")
        #expect(saved.map(\.number) == Array(1...9))
        #expect(told.map(\.block) == [0, 1, 2])
        #expect(outcome.plannedTrials == 9 && !outcome.isInterrupted)
    }

    @Test("interrupted keeps what was measured and knows what is missing")
    func interrupted() throws {
        let (outcome, saved, _) = try run(.blocks(6), trialNanoseconds: 1, stopAfter: 8)
        #expect(saved.count == 8)
        #expect(outcome.isInterrupted && outcome.plannedTrials == 21)
    }
}
