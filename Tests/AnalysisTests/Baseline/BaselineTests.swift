import Harness
import Testing

@testable import Analysis

@Suite("A baseline")
struct BaselineTests {
    private func made(latency: UInt64 = 1_000_000, host: Bool = true) throws -> Baseline {
        let gate = try GateFixtures.stored(
            "p99 < 5ms",
            trials: "{systems: [raft, \"raft[batch=8,reads=lease]\"], mix: \"get=50,put=50\", repetitions: 3}")
        return GateFixtures.baseline(
            of: try GateFixtures.results(of: gate, latency: { latency + UInt64($0.repetition) * 100_000 }))
    }

    @Test("keeps medians with their spread for each cell, kind and metric")
    func medians() throws {
        let baseline = try made()
        let key = try #require(
            baseline.figures.keys.first {
                $0.metric == "latency_p99_ns" && $0.operation == "put" && $0.subject.contains("lease")
            })
        let figure = try #require(baseline.figures[key])
        guard case .number(let value) = figure.value, let low = figure.lowest, let high = figure.highest else {
            Issue.record("no numbers")
            return
        }
        #expect(abs(value - 1_200_000) < 3_000 && abs(low - 1_100_000) < 3_000 && abs(high - 1_300_000) < 3_000)
        #expect(figure.repetitions == 3)
        #expect(Set(baseline.figures.keys.map(\.operation)) == ["get", "put", "all"])
    }

    @Test("reads back from its own text, which is the same for the same baseline")
    func roundTrip() throws {
        let baseline = try made()
        let read = try Baseline(parsing: baseline.text, path: "b.csv")
        #expect(read.text == baseline.text)
        #expect(read.host == GateFixtures.host())
        #expect(BaselineChange.between(baseline, read).isEmpty)
        let lines = baseline.text.split(separator: "\n")
        #expect(lines.count > 20)
        #expect(Array(lines[12...]) == lines[12...].sorted(), "the figures are sorted")
    }

    @Test("says what an update changes")
    func changes() throws {
        let (old, new) = (try made(), try made(latency: 2_000_000))
        let changes = BaselineChange.between(old, new)
        let throughput = try #require(changes.first { $0.key.metric == "throughput_per_s" })
        #expect(try #require(throughput.relative) < -0.4)
        #expect(changes.allSatisfy { $0.before != nil && $0.now != nil })
        #expect(BaselineChange.between(Baseline(), new).allSatisfy { $0.before == nil && $0.relative == nil })
    }

    @Test("takes only correct and valid trials in, keeps other cells, and drops another machine's")
    func take() throws {
        let gate = try GateFixtures.stored("p99 < 5ms", trials: "{systems: [raft, zab], repetitions: 3}")
        let metrics = [try #require(Metric.named("latency_p99"))]
        var baseline = Baseline()
        let poor = try GateFixtures.results(
            of: gate,
            change: { record in
                if record.plan.variant == "zab" { record.validity.refuse(.notSteady, "it rises") }
            })
        let leftOut = baseline.take(poor.records, host: poor.run.host, metrics: metrics)
        #expect(leftOut.count == 3)
        #expect(leftOut.allSatisfy { $0.contains("not steady: it rises") })
        #expect(Set(baseline.figures.keys.map { String($0.subject.prefix(4)) }) == ["raft"])

        let zab = try GateFixtures.stored("p99 < 5ms", trials: "{systems: zab, repetitions: 3}")
        let further = try GateFixtures.results(of: zab)
        _ = baseline.take(further.records, host: further.run.host, metrics: metrics)
        #expect(baseline.figures.count == 6)
        let elsewhere = try GateFixtures.results(of: zab, host: GateFixtures.host(processors: 64))
        _ = baseline.take(elsewhere.records, host: elsewhere.run.host, metrics: metrics)
        #expect(baseline.figures.count == 3)
        #expect(baseline.host?.processorCount == 64)
    }

    @Test(
        "that is damaged is refused at its line",
        arguments: [
            (0, "section,subject", ":1: it doesn't begin as a baseline does"),
            (3, "host,,,processor", ":4: not 8 cells"), (14, "measured,\"raft", ":15: not 8 cells"),
            (14, "measured,raft,all,latency_p98_ns,1,1,1,3", ":15: no metric 'latency_p98_ns'; did you mean"),
            (14, "measured,raft,all,latency_p99_ns,fast,1,1,3", ":15: the value 'fast' is no number"),
            (14, "measured,raft,all,latency_p99_ns,1,1,1,none", ":15: repetitions 'none'"),
            (14, "measured,raft,all,latency_p99_ns,-5,1,1,3", ":15: the value -5 doesn't lie between"),
            (14, "measured,raft,all,latency_p99_ns,5,9,1,3", ":15: the value 5 doesn't lie between"),
            (14, "mesured,raft,all,latency_p99_ns,1,1,1,3", ":15: no section 'mesured'"),
        ])
    func damaged(line: Int, text: String, message: String) throws {
        var lines = try made().text.split(separator: "\n").map(String.init)
        lines[line] = text
        #expect {
            _ = try Baseline(parsing: lines.joined(separator: "\n") + "\n", path: "b.csv")
        } throws: { error in
            let isThere = "\(error)".contains("b.csv" + message)
            if !isThere { Issue.record("\(error)") }
            return isThere
        }
    }

    @Test("whose lines a checkout ended as Windows does is the same baseline")
    func windowsLines() throws {
        let made = try made()
        #expect(try Baseline(parsing: made.text.replacing("\n", with: "\r\n"), path: "b.csv") == made)
    }

    @Test("that was cut off, lacks its machine's facts or is of another schema is refused")
    func otherDamage() throws {
        let text = try made().text
        #expect(throws: BaselineError.self) { try Baseline(parsing: String(text.dropLast(20)), path: "b.csv") }
        #expect(throws: BaselineError.self) {
            try Baseline(parsing: text.replacing("host,,,kernel,6.1,,,\n", with: ""), path: "b.csv")
        }
        #expect(throws: BaselineError.otherSchema(path: "b.csv", found: "coordbench.baseline/9")) {
            try Baseline(parsing: text.replacing("baseline/1", with: "baseline/9"), path: "b.csv")
        }
        #expect(throws: BaselineError.missing(path: "/nowhere/baseline.csv")) { try Baseline.load(folder: "/nowhere") }
    }
}

@Suite("A cell")
struct CellTests {
    @Test("is the same for all repetitions of a trial and another one for any other setting")
    func distinct() throws {
        func cells(_ trials: String) throws -> [Cell] {
            let gate = try GateFixtures.stored("p99 < 5ms", trials: trials)
            guard let scenario = GateFixtures.check(gate).scenario else { return [] }
            return try Plan([scenario], catalogue: .all).trials.map(Cell.init)
        }
        #expect(Set(try cells("{systems: raft, repetitions: 5}")).count == 1)
        let matrix = try cells(
            "{systems: [raft, \"raft[batch=8]\"], nodes: [3, 5], durability: [memory, synced], clients: [1, 2], "
                + "in-flight: [1, 2], mix: [put, get], value-size: [256, 512]}")
        #expect(Set(matrix).count == 128)
        let others = try [
            "{systems: raft}", "{systems: raft, rate: 100, arrival: poisson}", "{systems: raft, keys: single}",
            "{systems: raft, key-count: 9}",
            "{systems: raft, duration: 2s}", "{systems: raft, warm-up: 2s}", "{systems: raft, timeout: 2s}",
            "{systems: raft, requests: 99}", "{systems: raft, judge: off}", "{systems: raft, think: 1ms}",
            "{systems: raft, isolation: shared}", "{systems: raft, faults: \"1s kill leader\"}",
            "{systems: raft, rate: 100, shape: \"ramp:0.1..1\"}", "{systems: raft, rate: 100, arrival: constant}",
            "{systems: raft, rate: 100, arrival: \"burst:10\"}", "{systems: raft, rate: 100, arrival: \"burst:20\"}",
        ].flatMap(cells)
        #expect(Set(others).count == others.count, "\(others)")
        #expect(try cells("{systems: mcs, clients: [2, 4]}").map(\.description).allSatisfy { $0.contains("threads") })
    }
}
