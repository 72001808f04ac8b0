import ProtocolKit
import Testing

@testable import Simulation

@Suite("Shrinking")
struct ShrinkTests {
    @Test("finds the one crash that a lost snapshot needs among the faults of a chaotic run")
    func lostSnapshot() throws {
        var options = SimulationOptions.chaos(for: TallySystem.self)
        options.mutation = "forget-snapshot"
        let summary = try SimulationCampaign.run(
            TallySystem.self, seeds: 1...60, options: options, stopsAtFailure: true)
        let failure = try #require(summary.failures.first)
        options.seed = failure.seed
        let shrunk = try #require(try FailureShrinker.shrink(TallySystem.self, options: options, failure: failure))
        #expect(shrunk.isMinimal)
        #expect(failure.faults.count > 1)
        #expect(shrunk.script.count == 1)
        let isCrash =
            switch shrunk.script[0].fault {
            case .kill, .tornWrite, .lostSuffix, .syncError, .diskFull: true
            default: false
            }
        #expect(isCrash, "\(shrunk.script)")
        #expect(shrunk.options.operations < options.operations)
        #expect(shrunk.replays <= FailureShrinker.usualReplays)
        let again = try Simulation(TallySystem.self, options: shrunk.options).run()
        #expect(again.brokenProperty == failure.brokenProperty)
        #expect(again.fingerprint == shrunk.result.fingerprint)
    }

    @Test("finds a known smallest run: two faults of sixty, nine operations, two nodes")
    func known() throws {
        let needed: [Fault] = [.pause(NodeID(1)), .loss(0.25)]
        var script = (0..<58).map { ScheduledFault(at: UInt64($0) * 1_234_567, .clockJump(NodeID(2), nanoseconds: $0)) }
        script.insert(ScheduledFault(at: 7_654_321, needed[0]), at: 11)
        script.insert(ScheduledFault(at: 98_765_432, needed[1]), at: 40)
        var options = SimulationOptions.chaos(for: MarkSystem.self)
        options.nodes = 5
        var failure = try Simulation(MarkSystem.self, options: SimulationOptions(for: MarkSystem.self)).run()
        failure.faults = script
        let passed = failure
        failure.violation = InvariantViolation(name: "known", message: "", step: 0, nanoseconds: 0)
        let failed = failure
        var search = try #require(
            ShrinkSearch(
                failure: failed, options: options, nodeRange: 1...5, replays: 2_000, isCancelled: { false }
            ) { options in
                guard case .script(let faults) = options.faults else { return passed }
                let isBroken =
                    options.operations >= 9 && needed.allSatisfy { fault in faults.contains { $0.fault == fault } }
                return isBroken ? failed : passed
            })
        let shrunk = search.shrink()
        #expect(shrunk.script.map(\.fault) == needed)
        #expect(shrunk.isMinimal)
        #expect(shrunk.options.operations == 9)
        #expect(shrunk.options.nodes == 2)
        #expect(shrunk.options.clients == 1)
        #expect(shrunk.options.usersPerClient == 1)
        #expect(shrunk.script.allSatisfy { $0.nanoseconds % 100_000_000 == 0 })
        #expect(shrunk.originalFaults == 60)
    }

    @Test("keeps to the number of runs that it may take")
    func bounded() throws {
        var options = SimulationOptions.chaos(for: TallySystem.self)
        options.mutation = "forget-snapshot"
        let failure = try #require(
            try SimulationCampaign.run(TallySystem.self, seeds: 1...60, options: options, stopsAtFailure: true)
                .failures.first)
        options.seed = failure.seed
        let shrunk = try FailureShrinker.shrink(TallySystem.self, options: options, failure: failure, replays: 7)
        #expect(try #require(shrunk).replays == 7)
        #expect(try #require(shrunk).isMinimal == false)
    }

    @Test("a script is read back as it is written, whatever the faults")
    func scriptText() throws {
        let faults = Fault.forms.enumerated().compactMap { place, form in
            (try? Fault(parsing: form)).map { ScheduledFault(at: UInt64(place) * 123_456_789, $0) }
        }
        #expect(faults.count == Fault.forms.count)
        #expect(try FaultScript.read(FaultScript.write(faults)) == faults)
        #expect(try FaultScript.read(FaultScript.write([])) == [])
        for wrong in ["kill 0", "@kill 0", "@1 kill 0", "@1s", "@1s explode 0", "1s kill 0"] {
            #expect(throws: FaultTextError.self) { try FaultScript.read(wrong) }
        }
    }
}
