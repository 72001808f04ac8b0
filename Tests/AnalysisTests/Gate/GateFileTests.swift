import Foundation
import Harness
import Testing

@testable import Analysis

@Suite("A gate file")
struct GateFileTests {
    @Test("gives its checks of three kinds")
    func reads() throws {
        let gate = try GateFile.parse(
            """
            name: demo
            description: Three kinds.
            checks:
              - name: costs
                kind: exact
                systems: [raft, "raft[batch=8]"]
                nodes: [3, 5]
                seeds: 1..4
                operations: 50
                require: [messages_per_op == audit, put.message_delays == 4, verdict == correct]
              - name: load
                kind: stored
                trials: {systems: raft, clients: 4, repetitions: 5}
                require: [latency_p99 <= baseline * 1.5, "throughput > 1k/s"]
              - name: change
                kind: paired
                trials: [{systems: raft}, {systems: zab}]
                metrics: [throughput, p99]
                margin: 3%
                resolution: 10%
                budget: 2m
            """, path: "demo.yaml")
        #expect(gate.name == "demo")
        #expect(gate.summary == "Three kinds.")
        #expect(gate.checks.map(\.kind) == [.exact, .stored, .paired])
        guard case .exact(let exact) = gate.checks[0].subject, case .stored(let stored) = gate.checks[1].subject,
            case .paired(let paired) = gate.checks[2].subject
        else {
            Issue.record("the kinds are mixed up")
            return
        }
        #expect(exact.systems.map(\.value.description) == ["raft", "raft[batch=8]"])
        #expect(exact.nodes.map(\.value) == [3, 5])
        #expect(exact.seeds == 1...4)
        #expect(exact.operations == 50)
        #expect(exact.conditions.map(\.text).count == 3)
        #expect(stored.needsBaseline)
        #expect(stored.scenario?.matrices.count == 1)
        #expect(paired.metrics.map(\.name) == ["throughput_per_s", "latency_p99_ns"])
        #expect(paired.margin == 0.03)
        #expect(paired.resolution == 0.1)
        #expect(paired.length == .time(nanoseconds: 120_000_000_000))
        #expect(paired.scenario.matrices.count == 2)
    }

    @Test("has usual values, and 'all' for every system with nodes")
    func usual() throws {
        let gate = try GateFile.parse(
            """
            checks:
              - {kind: exact, systems: all, require: messages_per_op == audit}
              - {kind: paired, trials: {systems: raft}}
            """, path: "gates/usual.yaml")
        #expect(gate.name == "usual")
        guard case .exact(let exact) = gate.checks[0].subject, case .paired(let paired) = gate.checks[1].subject else {
            Issue.record("the kinds are mixed up")
            return
        }
        #expect(exact.systems.count == SystemCatalogue.all.entries.filter { $0.cluster != nil }.count)
        #expect(exact.seeds == nil)
        #expect(paired.metrics.map(\.name) == PairedCheck.usualMetrics)
        #expect(paired.margin == 0.02)
    }

    @Test(
        "is refused at the place of what is wrong, with what would be right",
        arguments: [
            ("", "g.yaml:1:1: the file is empty"),
            ("checks: []", "g.yaml:1:9: checks is empty"), ("checks: 5", "g.yaml:1:9: checks must be a list"),
            ("name: x", "g.yaml:1:1: checks: is missing"),
            ("cheks: []", "g.yaml:1:1: no key 'cheks' here; did you mean 'checks'?"),
            ("checks: [{kind: exakt}]", "g.yaml:1:17: no kind of check 'exakt'; did you mean 'exact'?"),
            ("checks: [{systems: raft}]", "g.yaml:1:10: kind: is missing; it is exact, paired, stored"),
            (
                "checks:\n  - kind: exact\n    sistems: raft",
                "g.yaml:3:5: no key 'sistems' here; did you mean 'systems'?"
            ),
            (
                "checks:\n  - kind: exact\n    systems: raft\n    margin: 2%",
                "g.yaml:4:5: no key 'margin' here"
            ),
            ("checks: [{kind: exact, require: messages_per_op == 4}]", "systems: is missing"),
            ("checks: [{kind: exact, systems: raft}]", "require: is missing"),
            (
                "checks:\n  - kind: exact\n    systems: raft\n    require: mesages_per_op == 4",
                "g.yaml:4:14: no metric 'mesages_per_op' in 'mesages_per_op == 4'; did you mean messages_per_op?"
            ),
            (
                "checks: [{kind: exact, systems: raft, require: messages_per_op == 4ms}]",
                "messages_per_op is not in 'ms'"
            ),
            (
                "checks: [{kind: exact, systems: raft, require: latency_p99 < 5ms}]",
                "latency_p99_ns isn't exact: kind: stored or paired"
            ),
            (
                "checks: [{kind: exact, systems: raft, require: verdict == correct}]", "verdict needs seeds:"
            ),
            ("checks: [{kind: exact, systems: rafft, require: messages_per_op == 4}]", "did you mean 'raft'?"),
            ("checks: [{kind: exact, systems: mcs, require: messages_per_op == 4}]", "mcs has no nodes to start"),
            ("checks: [{kind: exact, systems: [raft, raft], require: messages_per_op == 4}]", "'raft' twice"),
            (
                "checks: [{kind: exact, systems: raft, nodes: 900, require: messages_per_op == 4}]",
                "raft can't run on 900 nodes"
            ),
            (
                "checks: [{kind: exact, systems: raft, seeds: 9..1, require: verdict == correct}]",
                "seeds can't be '9..1'"
            ),
            (
                "checks: [{kind: stored, trials: {systems: raft}, require: p99 <= baseline * 1.1}]",
                "needs repetitions: 3 or more"
            ),
            (
                "checks: [{kind: stored, trials: {systems: raft, cleints: 4}, require: p99 < 5ms}]",
                "no key 'cleints' here; did you mean 'clients'?"
            ),
            (
                "checks: [{kind: stored, trials: {systems: raft}, require: message_delays == 4}]",
                "message_delays comes from the simulator"
            ),
            (
                "checks: [{kind: stored, trials: {systems: raft}, require: messages_per_op == audit}]",
                "is for kind: exact"
            ),
            (
                "checks: [{kind: stored, scenario: nowhere.yaml, require: p99 < 5ms}]",
                "g.yaml:1:35: nowhere.yaml:1:1: can't be opened"
            ),
            (
                "checks: [{kind: stored, scenario: a.yaml, trials: {systems: raft}, require: p99 < 5ms}]",
                "exclude each other"
            ),
            ("checks: [{kind: paired}]", "scenario: is missing"),
            (
                "checks: [{kind: paired, trials: {systems: raft}, metrics: [troughput]}]",
                "g.yaml:1:60: no metric 'troughput' that is better one way; did you mean 'throughput'?"
            ),
            ("checks: [{kind: paired, trials: {systems: raft}, margin: 300%}]", "margin can't be '300%'"),
            ("checks: [{kind: paired, trials: {systems: raft}, budget: 5}]", "budget can't be '5'"),
            ("checks: [{kind: paired, trials: {systems: raft}, blocks: 0}]", "blocks can't be '0'"),
            ("checks: [{kind: paired, trials: {systems: raft}, blocks: 9, budget: 5m}]", "exclude each other"),
            ("checks: [{kind: paired, trials: {systems: raft}, resolution: 10}]", "resolution can't be '10'"),
            (
                "checks: [{kind: paired, trials: {systems: raft}}, {kind: paired, trials: {systems: raft}}]",
                "two checks"
            ),
        ])
    func refused(text: String, message: String) {
        #expect {
            _ = try GateFile.parse(text, path: "g.yaml")
        } throws: { error in
            let isThere = (error as? ScenarioError)?.description.contains(message) == true
            if !isThere { Issue.record("\(error)") }
            return isThere
        }
    }

    @Test("finds its scenarios beside itself")
    func scenarioPath() throws {
        let folder = FileManager.default.temporaryDirectory.appendingPathComponent("coordbench-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder) }
        try "trials: [{systems: raft, repetitions: 3}]"
            .write(to: folder.appendingPathComponent("load.yaml"), atomically: true, encoding: .utf8)
        try "checks: [{kind: stored, scenario: load.yaml, require: p99 <= baseline * 2}]"
            .write(to: folder.appendingPathComponent("gate.yaml"), atomically: true, encoding: .utf8)
        let gate = try GateFile.read(folder.appendingPathComponent("gate.yaml").path)
        #expect(GateFixtures.check(gate).scenario?.name == "load")
    }

    @Test("of the project itself is read")
    func own() throws {
        let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .deletingLastPathComponent().deletingLastPathComponent()
        let gate = try GateFile.read(root.appendingPathComponent("Benchmarks/Gates/protocols.yaml").path)
        #expect(gate.checks.allSatisfy { $0.kind == .exact })
        #expect(gate.checks.count == 3)
    }
}
