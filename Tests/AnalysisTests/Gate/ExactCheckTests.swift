import Foundation
import Harness
import Measurement
import Synchronization
import Testing

@testable import Analysis

@Suite("An exact check")
struct ExactCheckTests {
    private func report(
        _ check: String, baseline: BaselineSource = .unusable("there is no baseline"),
        allocatedBytes: AllocatedBytes? = nil
    ) throws -> GateReport {
        let gate = try GateFile.parse("name: exact\nchecks: [{kind: exact, \(check)}]", path: "g.yaml")
        return try GateRun(
            .init(
                baseline: baseline, allocatedBytes: allocatedBytes,
                measure: { _, _ in throw RecordError.notResults(path: "none") },
                compare: { _, _ in throw RecordError.notResults(path: "none") })
        ).report(on: gate)
    }

    @Test("holds what the simulator counts against the paper and against numbers, kind by kind")
    func costs() throws {
        let report = try report(
            "systems: [unreplicated, 2pc], require: [message_delays == audit, messages_per_op == audit]")
        #expect(report.outcome == .passed, "\(report.checks)")
        #expect(report.checks[0].findings.allSatisfy { $0.outcome == .passed })
        #expect(report.checks[0].findings.contains { $0.subject == "unreplicated, 1 node" })
    }

    @Test("fails where a figure is another one, and says which")
    func wrong() throws {
        let report = try report(
            "systems: unreplicated, require: [put.message_delays == 2, put.message_delays == 3, put.bytes_per_op > 0]")
        #expect(report.checks[0].findings.map(\.outcome) == [.passed, .failed, .passed])
        #expect(report.outcome == .failed)
        #expect(report.checks[0].findings[1].reason == "put.message_delays is 2")
    }

    @Test("is inconclusive without the operation or the baseline that it asks for")
    func missing() throws {
        #expect(try report("systems: unreplicated, require: pud.message_delays == 2").outcome == .inconclusive)
        let none = try report("systems: unreplicated, require: bytes_per_op == baseline")
        #expect(none.outcome == .inconclusive)
        #expect(none.checks[0].findings[0].reason.contains("there is no baseline"))
        let other = try report(
            "systems: unreplicated, require: bytes_per_op == baseline", baseline: .loaded(Baseline()))
        #expect(other.outcome == .inconclusive)
        #expect(other.checks[0].findings[0].reason.contains("--gate FILE"))
    }

    @Test("finds its own figures in the baseline that it made, read back from the file, and any other not")
    func baseline() throws {
        let check =
            "systems: [unreplicated], seeds: 1..2, operations: 40, require: "
            + "[bytes_per_op == baseline, simulated_steps == baseline, simulated_digest == baseline, verdict == correct]"
        let gate = try GateFile.parse("checks: [{kind: exact, \(check)}]", path: "g.yaml")
        guard case .exact(let exact) = gate.checks[0].subject else { return }
        var made = Baseline()
        made.take(try ExactFigures.simulate(exact, catalogue: .all), metrics: exact.baselineMetrics)
        let read = try Baseline(parsing: made.text, path: "baseline.csv")
        #expect(read == made)
        let again = try report(check, baseline: .loaded(read))
        #expect(again.outcome == .passed, "\(again.checks)")
        for key in made.figures.keys {
            guard case .number(let number)? = made.figures[key]?.value else { continue }
            made.figures[key]?.value = .number(number + 0.25)
        }
        let changed = try report(check, baseline: .loaded(made))
        #expect(changed.outcome == .failed)
        #expect(changed.checks[0].findings.contains { $0.reason.contains("the baseline has") })
    }

    @Test("stops between seeds when asked to", .timeLimit(.minutes(5)))
    func interrupted() throws {
        let gate = try GateFile.parse(
            "checks: [{kind: exact, systems: raft, seeds: 1..100000, require: verdict == correct}]", path: "g.yaml")
        guard case .exact(let exact) = gate.checks[0].subject else { return }
        let interruption = Interruption()
        Thread.detachNewThread {
            Thread.sleep(forTimeInterval: 0.1)
            interruption.request()
        }
        #expect(throws: GateInterrupted.self) {
            try ExactFigures.simulate(exact, catalogue: .all, interruption: interruption)
        }
    }

    /// An allocator of which every step takes as much.
    private func allocator(bytesPerStep: UInt64) -> AllocatedBytes {
        final class Given: Sendable {
            let bytes = Atomic<UInt64>(0)
        }
        let given = Given()
        return { given.bytes.wrappingAdd(bytesPerStep, ordering: .relaxed).newValue }
    }

    @Test("holds what steps allocate against a baseline of the same toolchain, within a band")
    func allocations() throws {
        let check = "systems: unreplicated, require: step_allocated_bytes_per_op <= baseline + 64"
        let gate = try GateFile.parse("checks: [{kind: exact, \(check)}]", path: "g.yaml")
        guard case .exact(let exact) = gate.checks[0].subject else { return }
        var made = Baseline()
        made.take(
            try ExactFigures.simulate(exact, catalogue: .all, allocatedBytes: allocator(bytesPerStep: 100)),
            metrics: exact.baselineMetrics)
        #expect(made.toolchain == .current && !made.figures.isEmpty)
        let read = try Baseline(parsing: made.text, path: "baseline.csv")
        #expect(read == made)

        func outcome(_ bytes: UInt64?, _ baseline: Baseline) throws -> (outcome: GateOutcome, reason: String) {
            let report = try report(
                check, baseline: .loaded(baseline), allocatedBytes: bytes.map(allocator(bytesPerStep:)))
            return (report.outcome, report.checks[0].findings.map(\.reason).joined(separator: "\n"))
        }
        #expect(try outcome(100, read).outcome == .passed)
        #expect(try outcome(101, read).outcome == .passed)
        #expect(try outcome(200, read).outcome == .failed)
        let uncounted = try outcome(nil, read)
        #expect(uncounted.outcome == .inconclusive && uncounted.reason.contains("keeps no count"))
        var other = read
        other.toolchain?.swiftVersion = "5.0"
        let refused = try outcome(100, other)
        #expect(refused.outcome == .inconclusive && refused.reason.contains("swift: 5.0 before"))

        // Figures of another toolchain go when new ones come, all others stay.
        other.figures[.init(isExact: true, subject: "raft, 3 nodes", operation: "put", metric: "bytes_per_op")] =
            .init(value: .number(1))
        let stale = Baseline.Key(
            isExact: true, subject: "raft, 3 nodes", operation: "put", metric: "step_allocated_bytes_per_op")
        other.figures[stale] = .init(value: .number(1))
        other.take([], metrics: exact.baselineMetrics)
        #expect(other.toolchain == .current && other.figures.count == 1)
    }

    @Test("of what steps allocate needs a band")
    func band() throws {
        for condition in ["== baseline", "<= baseline", "!= baseline"] {
            let error = #expect(throws: ScenarioError.self) {
                try GateFile.parse(
                    "checks: [{kind: exact, systems: raft, require: step_allocated_bytes_per_op \(condition)}]",
                    path: "g.yaml")
            }
            #expect("\(try #require(error))".contains("needs a band"))
        }
    }

    @Test("says of a seed that breaks a promise how to see it again")
    func judged() throws {
        // What the judge makes of figures; no sound system breaks its promise for a test.
        let gate = try GateFile.parse(
            "checks: [{kind: exact, systems: raft, seeds: 1..2, require: verdict == correct}]", path: "g.yaml")
        guard case .exact(let check) = gate.checks[0].subject else { return }
        for (word, outcome) in [("violated", GateOutcome.violated), ("unknown", .inconclusive), ("correct", .passed)] {
            let figures = ExactFigures(
                variant: "raft", nodes: 3,
                figures: [.init(operation: "all", metric: "verdict", value: .text(word), paper: nil)],
                remark: word == "correct" ? nil : "seed 2: replay it")
            let findings = ExactJudge(baseline: .unusable("")).findings(check, [figures])
            #expect(findings.map(\.outcome) == [outcome])
            #expect(findings[0].reason.contains("replay it") == (word != "correct"))
        }
    }

    @Test("fails where operations cost otherwise than most do, though most cost what the paper says")
    func uneven() throws {
        let gate = try GateFile.parse(
            "checks: [{kind: exact, systems: raft, require: messages_per_op == audit}]", path: "g.yaml")
        guard case .exact(let check) = gate.checks[0].subject else { return }
        let figures = ExactFigures(
            variant: "raft", nodes: 3,
            figures: [
                .init(
                    operation: "put", metric: "messages_per_op", value: .number(4), paper: .number(4), isUniform: false)
            ])
        #expect(ExactJudge(baseline: .unusable("")).findings(check, [figures]).map(\.outcome) == [.failed])
        let unseen = ExactFigures(
            variant: "raft", nodes: 3,
            figures: [.init(operation: "put", metric: "messages_per_op", value: nil, paper: .number(4))])
        #expect(ExactJudge(baseline: .unusable("")).findings(check, [unseen]).map(\.outcome) == [.inconclusive])
    }
}
