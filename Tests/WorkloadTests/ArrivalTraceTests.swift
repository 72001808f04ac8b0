import Foundation
import Testing
import Workload

@Suite("A recorded trace of arrivals")
struct ArrivalTraceTests {
    private func trace(_ text: String) throws(WorkloadError) -> ArrivalTrace {
        try ArrivalTrace(parsing: Array(text.utf8), name: "t.txt")
    }

    @Test("is read in seconds or nanoseconds, from its first time on, comments and empty lines left out")
    func reads() throws {
        #expect(
            try trace("# a trace\n0\n0.5\r\n\n 0.5 \n1.000000001\n").starts == [
                0, 500_000_000, 500_000_000, 1_000_000_001,
            ])
        #expect(try trace("250ns\n300ns").starts == [0, 50])
        // Stamps of a wall clock, to the nanosecond.
        #expect(try trace("1700000000.123456789\n1700000000.123456790").starts == [0, 1])
    }

    @Test(
        "is refused at its line",
        arguments: [
            ("0\n1\nsoon\n", "t.txt:3: 'soon' is no time"),
            ("0\n2\n# back\n1\n", "t.txt:4: this time is earlier than the one before it"),
            ("-1\n", "t.txt:1: '-1' is no time"), ("1e9\n", "t.txt:1:"), ("0.0000000001\n", "t.txt:1:"),
            ("0\n90000\n", "t.txt:2: this time is more than a day after the first"),
            ("", "t.txt: the trace has no arrivals"), ("# nothing\n\n", "t.txt: the trace has no arrivals"),
            ("1.2.3\n", "t.txt:1:"), ("ns\n", "t.txt:1:"), ("99999999999999999999\n", "t.txt:1:"), (".5\n", "t.txt:1:"),
        ])
    func refuses(text: String, message: String) {
        let error = #expect(throws: WorkloadError.self) { try trace(text) }
        #expect(error?.description.contains(message) == true, "\(error?.description ?? "nothing")")
    }

    @Test("has the mean rate of its gaps, and another when it is scaled, its pattern kept")
    func scaling() throws {
        let own = try trace("0\n1\n1\n4\n")
        #expect(own.ratePerSecond == 0.75)
        let fast = try own.scaled(toRatePerSecond: 7.5)
        #expect(fast.starts == [0, 100_000_000, 100_000_000, 400_000_000])
        #expect(throws: WorkloadError.self) { try own.scaled(toRatePerSecond: 1e-6) }
        #expect(throws: WorkloadError.self) { try trace("1\n1\n").scaled(toRatePerSecond: 1) }
    }

    @Test("is told from another by its fingerprint")
    func fingerprint() throws {
        #expect(try trace("5\n6\n").fingerprint == trace("0\n1000000000ns\n").fingerprint)
        #expect(try trace("5\n6\n").fingerprint != trace("5\n6.1\n").fingerprint)
    }
}

@Suite("Think time")
struct ThinkTimeTests {
    private func read(_ text: String) throws(WorkloadError) -> ThinkTime {
        try ThinkTime(parsing: text) { UInt64($0.hasSuffix("ns") ? String($0.dropLast(2)) : $0) }
    }

    @Test(
        "is written in the largest units that leave whole numbers, and read back",
        arguments: [
            (ThinkTime.constant(0), "0ns"), (.constant(5), "5ns"), (.constant(60_000_000_000), "60s"),
            (.exponential(1_500_000), "exponential:1500us"), (.uniform(1, 3_000_000), "uniform:1ns..3ms"),
        ])
    func roundTrip(think: ThinkTime, text: String) throws {
        #expect(think.description == text)
        let json = try JSONEncoder().encode([think])
        #expect(String(decoding: json, as: UTF8.self) == "[\"\(text)\"]")
        #expect(try JSONDecoder().decode([ThinkTime].self, from: json) == [think])
    }

    @Test("of an older record is read, in nanoseconds")
    func older() throws {
        let json = Data(#"["exponential:1500000ns"]"#.utf8)
        #expect(try JSONDecoder().decode([ThinkTime].self, from: json) == [.exponential(1_500_000)])
        for damaged in [#"["5"]"#, #"["ms"]"#, #"["18446744073709551615s"]"#] {
            #expect(throws: DecodingError.self) {
                try JSONDecoder().decode([ThinkTime].self, from: Data(damaged.utf8))
            }
        }
    }

    @Test(
        "that can't be is refused",
        arguments: ["", "soon", "normal:1ns", "uniform:3ns..1ns", "uniform:1ns", "99999999999999ns"])
    func refused(text: String) {
        let error = #expect(throws: WorkloadError.self) { try read(text) }
        #expect(error?.description.contains("exponential:1ms") == true)
    }

    @Test(
        "has the mean that it says, and the spread of its law",
        arguments: ["1000ns", "exponential:1000ns", "uniform:500ns..1500ns"])
    func moments(text: String) throws {
        let think = try read(text)
        var rng = SeededGenerator(seed: 4)
        let pauses = (0..<20_000).map { _ in Double(think.next(&rng)) }
        let mean = pauses.reduce(0, +) / 20_000
        let deviation = (pauses.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / 20_000).squareRoot()
        #expect(abs(mean - Double(think.meanNanoseconds)) < 30)
        let expected = ["1000ns": 0, "exponential:1000ns": 1000][text] ?? 1000 / 12.0.squareRoot()
        #expect(abs(deviation - expected) < 30)
    }
}
