import Testing

@testable import Harness

@Suite("A scenario file")
struct ScenarioFileTests {
    @Test("gives its name, its summary and a matrix for each entry, with the defaults under it")
    func reads() throws {
        let scenario = try ScenarioFile.parse(
            """
            name: demo
            description: Two entries.
            defaults:
              duration: 2s
              clients: [1, 16]
            trials:
              - systems: raft
              - systems: ["raft[batch=8]", mcs]
                duration: 500ms
                judge: off
            """, path: "demo.yaml")
        #expect(scenario.name == "demo")
        #expect(scenario.summary == "Two entries.")
        #expect(scenario.matrices.map { $0.duration.map(\.value) } == [[2_000_000_000], [500_000_000]])
        #expect(scenario.matrices.map { $0.clients.map(\.value) } == [[1, 16], [1, 16]])
        #expect(scenario.matrices[1].systems.map { "\($0.value)" } == ["raft[batch=8]", "mcs"])
        #expect(scenario.matrices[1].judge.map(\.value) == [false])
        #expect(scenario.matrices[1].duration[0].place == .file(path: "demo.yaml", line: 9, column: 15))
    }

    @Test("is called after the file where it names itself nothing")
    func namelessFile() throws {
        #expect(try ScenarioFile.parse("trials: [{systems: raft}]", path: "a/b/locks.yaml").name == "locks")
    }

    @Test(
        "is refused at the line and column of what is wrong, with what would be right",
        arguments: [
            (
                "trials:\n  - systems: raft\n    cleints: 4",
                "s.yaml:3:5: no key 'cleints' here; did you mean 'clients'?"
            ),
            ("trails: []", "s.yaml:1:1: no key 'trails' here; did you mean 'trials'?"),
            (
                "defaults: {durration: 1s}\ntrials: [{systems: raft}]",
                "s.yaml:1:12: no key 'durration' here; did you mean 'duration'?"
            ),
            ("trials:\n  - systems: [raft, mcz]", "s.yaml:2:21: no system 'mcz'; did you mean 'mcs'?"),
            ("trials:\n  - systems: raft[bach=2]", "s.yaml:2:14: raft has no option 'bach'; it has batch"),
            ("trials:\n  - systems: raft[batch=2", "s.yaml:2:14: 'raft[batch=2' is not a system"),
            ("trials:\n  - systems: raft[batch=0]", "s.yaml:2:14: option batch can't be '0'; valid: 1...64"),
            ("trials:\n  - {systems: raft, duration: 10}", "s.yaml:2:31: duration can't be '10': a number with a unit"),
            ("trials:\n  - {systems: raft, duration: 9d}", "s.yaml:2:31: duration can't be '9d': a number with a unit"),
            ("trials:\n  - {systems: raft, duration: 1ns}", "s.yaml:2:31: duration can't be '1ns': from 10 ms to 24 h"),
            (
                "trials:\n  - {systems: raft, clients: 5000}",
                "s.yaml:2:30: clients can't be '5000': a whole number from 1 to 4096"
            ),
            ("trials:\n  - {systems: raft, clients: 1e9}", "s.yaml:2:30: clients can't be '1e9'"),
            (
                "trials:\n  - {systems: raft, durability: sinced}",
                "s.yaml:2:33: durability can't be 'sinced'; did you mean 'synced'?"
            ),
            (
                "trials:\n  - {systems: raft, nodes: [3, 30]}",
                "s.yaml:2:32: raft can't run on 30 nodes; it takes 1 to 9"
            ),
            ("trials:\n  - {systems: raft, rate: 0}", "s.yaml:2:27: rate can't be '0'"),
            ("trials:\n  - {systems: raft, rate: 5 per s}", "s.yaml:2:27: rate can't be '5 per s'"),
            ("trials:\n  - {systems: raft, arrival: poisson}", "s.yaml:2:30: arrival poisson needs a rate"),
            ("trials:\n  - {systems: raft, arrival: closed, rate: 5}", "s.yaml:2:44: a closed loop has no rate"),
            ("trials:\n  - {systems: raft, mix: fetch}", "no operation 'fetch' here; there are get, put"),
            ("trials:\n  - {systems: raft, keys: zipf}", "no such key distribution"),
            ("trials:\n  - {systems: raft, value-size: 9GiB}", "s.yaml:2:33: value-size can't be '9GiB'"),
            ("trials:\n  - {systems: raft, clients: [4, 4]}", "s.yaml:2:34: clients has '4' twice"),
            (
                "trials:\n  - {systems: raft, repetitions: [1, 2]}",
                "s.yaml:2:38: repetitions takes one value, not a list"
            ),
            ("trials:\n  - {systems: raft, clients: {a: 1}}", "s.yaml:2:30: clients must be a value or a list"),
            ("trials:\n  - {systems: raft, clients: [[1]]}", "s.yaml:2:31: clients holds more than plain values"),
            ("trials:\n  - {systems: raft, clients: []}", "s.yaml:2:30: clients is an empty list"),
            ("trials:\n  - {systems: raft, clients: }", "clients has no value"),
            ("trials:\n  - clients: 4", "s.yaml:2:5: no systems are named"),
            ("trials: raft", "s.yaml:1:9: trials must be a list"),
            ("name: x", "s.yaml:1:1: trials: is missing"),
            ("- a", "s.yaml:1:1: a scenario must be made of 'key: value' lines"),
            ("", "s.yaml:1:1: the file is empty"),
            ("trials: [{systems: [raft[batch=2], mcs]}]", "not YAML"),
            ("trials:\n\t- a", "s.yaml:2:1: not YAML"),
            ("name: a\nname: b\ntrials: [{systems: raft}]", "'name' is there twice"),
            ("trials: &a [*a]", "s.yaml:1:"),
            (
                "trials:\n  - {systems: raft, keys: conflict:10, key-count: 10}",
                "s.yaml:2:27: key distribution conflict:10"
            ),
        ])
    func refuses(text: String, expected: String) {
        let refusal = ScenarioFixtures.refusal(text) ?? "accepted"
        #expect(refusal.contains(expected), "\(refusal)")
    }

    @Test(
        "as large, deep or repetitive as can be is refused, not followed",
        arguments: [
            "trials: " + String(repeating: "[", count: 100_000),
            "trials:\n" + String(repeating: "- ", count: 20_000),
            String(repeating: "#", count: ScenarioFile.largestBytes + 1),
            "trials: ["
                + Array(repeating: "{systems: raft}", count: ScenarioFile.mostEntries + 1).joined(separator: ",")
                + "]",
        ])
    func bounds(text: String) {
        #expect(ScenarioFixtures.refusal(text) != nil)
    }

    @Test("whose bytes are cut or changed is read or refused, and never traps")
    func damage() {
        let whole = Array(
            "name: x\ndefaults: {duration: 2s}\ntrials:\n  - systems: [raft, mcs]\n    rate: 20k/s\n    mix: get=1,put=2\n"
                .utf8)
        for position in whole.indices {
            _ = ScenarioFixtures.refusal(String(decoding: whole[..<position], as: UTF8.self))
            for byte in [0, 9, 10, 34, 42, 58, 91, 123, 195, 255] as [UInt8] {
                var damaged = whole
                damaged[position] = byte
                _ = ScenarioFixtures.refusal(String(decoding: damaged, as: UTF8.self))
            }
        }
        #expect(ScenarioFixtures.refusal(String(decoding: whole, as: UTF8.self)) != nil, "mcs has no get")
    }
}

@Suite("Numbers with units")
struct ScenarioQuantityTests {
    @Test(
        "are durations in nanoseconds",
        arguments: [
            ("10s", 10_000_000_000), ("500ms", 500_000_000), ("2m", 120_000_000_000), ("1.5s", 1_500_000_000),
            ("0.3s", 300_000_000), ("7us", 7000), ("9ns", 9), ("1h", 3_600_000_000_000), ("0", 0),
            ("1 s", 1_000_000_000),
        ] as [(String, UInt64)])
    func durations(text: String, expected: UInt64) {
        #expect(Quantity.duration(text) == expected)
    }

    @Test(
        "without a unit, a number, or sense are refused",
        arguments: ["10", "s", "-1s", "1e3s", "1..5s", "ms5", "1.5ns", "nan", ""])
    func noDurations(text: String) {
        #expect(Quantity.duration(text) == nil)
    }

    @Test("are rates a second", arguments: [("5000", 5000.0), ("20k/s", 20_000), ("1.5M/s", 1.5e6), ("0.5/s", 0.5)])
    func rates(text: String, expected: Double) {
        #expect(Quantity.rate(text) == expected)
    }

    @Test("are counts and bytes")
    func countsAndBytes() {
        #expect(Quantity.count("10k") == 10_000)
        #expect(Quantity.count("1_000") == 1000)
        #expect(Quantity.count("1.5") == nil)
        #expect(Quantity.count("99999999999999999999999") == nil)
        #expect(Quantity.bytes("4KiB") == 4096)
        #expect(Quantity.bytes("4kB") == 4000)
        #expect(Quantity.bytes("4 parsecs") == nil)
    }

    @Test("are told to people in their own words")
    func described() {
        #expect(Quantity.describe(nanoseconds: 1_500_000_000) == "1.5 s")
        #expect(Quantity.describe(nanoseconds: 250_000_000) == "250 ms")
        #expect(Quantity.describe(nanoseconds: 125_000_000_000) == "2 min 5 s")
    }
}

@Suite("The nearest name")
struct ScenarioNearestNameTests {
    @Test(
        "is what differs least",
        arguments: [("raftt", "raft"), ("rfat", "raft"), ("unreplicate", "unreplicated"), ("un", "unreplicated")])
    func nearest(text: String, expected: String) {
        #expect(NearestName.candidates(for: text, among: ["raft", "unreplicated", "ring"]).first == expected)
    }

    @Test("is none where nothing is near")
    func none() {
        #expect(NearestName.candidates(for: "zookeeper", among: ["raft", "ring"]) == [])
    }

    @Test("counts single-character edits", arguments: [("", "abc", 3), ("kitten", "sitting", 3), ("same", "same", 0)])
    func distance(left: String, right: String, expected: Int) {
        #expect(NearestName.distance(left, right) == expected)
        #expect(NearestName.distance(right, left) == expected)
    }
}
