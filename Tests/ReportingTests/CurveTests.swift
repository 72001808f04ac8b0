import Foundation
import Harness
import Measurement
import Statistics
import Testing

@testable import Reporting

@Suite("Curves")
struct CurveTests {
    /// A search on a queue of capacity 10,000 a second that met its objective up to 8,000.
    private static let search: [TrialRecord] = [1_000.0, 2_000, 4_000, 8_000, 16_000, 16_000, 8_300, 8_300].enumerated()
        .map { index, rate in
            var record = Fixtures.record(
                index + 1, "raft", subject: .cluster, family: .consensus, nodes: 3, mix: "put"
            ) { plan in
                plan.arrival = .constant(perSecond: rate)
                plan.search = try? SaturationRequest(
                    objective: SaturationObjective(parsing: "p99 < 3ms"), startPerSecond: 1_000)
                plan.seed = UInt64(index)
            }
            let achieved = min(rate, 10_000)
            var latency = LatencyHistogram()
            let p99 = rate > 8_100 ? 30_000_000 : UInt64(4.6e9 / (10_000 - rate))
            latency.record(p99, count: UInt64(achieved * 5))
            record.operations = [OperationRecord(kind: "put", completed: UInt64(achieved * 5), latency: latency)]
            record.arrivals = ArrivalAccount(
                offered: UInt64(rate * 5), completed: UInt64(achieved * 5), dropped: UInt64((rate - achieved) * 5))
            return record
        }

    private static func isWellFormed(_ svg: String) -> Bool {
        let parser = XMLCheck(svg)
        return parser.isBalanced && svg.hasPrefix("<svg ") && svg.hasSuffix("</svg>\n")
    }

    @Test("of a search have the answer in a sentence, every step in the table, and the marks in the picture")
    func saturation() throws {
        let outcome = try #require(SaturationOutcome.all(in: Self.search).first)
        #expect(outcome.answer == .maximum(rate: 8_000, breach: 8_300))
        let text = SaturationCurves.lines(of: Self.search).joined(separator: "\n")
        #expect(text.contains("**The highest rate that meets 'p99 < 3ms' is 8.00 k/s; at 8.30 k/s it failed twice.**"))
        #expect(text.contains("| met: the answer |"))
        #expect(text.components(separatedBy: "failed: p99 \\< 3ms").count == 5, "\(text)")
        #expect(
            text.contains("The knee, where throughput over mean latency is highest (Kleinrock 1979), is at 4.00 k/s."))
        #expect(text.contains("(curves/saturation-1.svg)"))
        let picture = try #require(SaturationCurves.pictures(of: Self.search).first)
        #expect(picture.name == "saturation-1.svg")
        #expect(Self.isWellFormed(picture.svg))
        for mark in ["p99 &lt; 3ms", "meets it: 8.00 k/s", "knee: 4.00 k/s"] {
            #expect(picture.svg.contains(mark), "\(mark)")
        }
        #expect(picture.svg.components(separatedBy: "class=\"c1 hollow\"").count == 3, "two rates failed")
    }

    @Test("of a search that was broken off say so")
    func brokenOff() throws {
        let outcome = try #require(SaturationOutcome.all(in: Array(Self.search.prefix(3))).first)
        #expect(
            SaturationCurves.sentence(of: outcome)
                == "The highest rate that meets 'p99 < 3ms' is at least 4.00 k/s. The search was broken off before it was done."
        )
    }

    @Test("of latency show an open loop from the intended start, its service time, and a planned stall's theory")
    func latency() throws {
        var record = Fixtures.record(
            1, "unreplicated", subject: .cluster, family: .consensus, nodes: 1, mix: "put"
        ) { $0.arrival = .constant(perSecond: 1_000) }
        var latency = LatencyHistogram()
        for index in 1...5_000 as ClosedRange<UInt64> { latency.record(index * 1_000) }
        record.operations = [OperationRecord(kind: "put", completed: 5_000, latency: latency, service: latency)]
        record.faults = [
            FaultRecord(fault: "pause 0", afterNanoseconds: 1_000_000_000),
            FaultRecord(fault: "resume 0", afterNanoseconds: 1_400_000_000),
        ]
        let stall = try #require(StallModel(record))
        #expect(stall.stallNanoseconds == 400_000_000 && stall.delayedShare == 0.08)
        var closed = record
        closed.plan.arrival = .closed(thinkNanoseconds: 0)
        closed.plan.number = 2
        let picture = try #require(LatencyCurves.pictures(of: [record, closed]).first)
        #expect(Self.isWellFormed(picture.svg))
        for name in [
            "latency from the intended start", "service time from the send", "a stall of 400 ms",
            "closed 16×1: latency",
        ] {
            #expect(picture.svg.contains(name), "\(name)")
        }
        #expect(LatencyCurves.pictures(of: [closed]).isEmpty, "a closed loop alone says nothing of waiting")
        record.plan.nodes = 3
        #expect(StallModel(record) == nil)
    }

    @Test("escape what a person wrote")
    func escaping() {
        var record = Self.search[0]
        record.plan.variant = "<raft> & co"
        let chart = LatencyCurves.chart([record])
        #expect(chart.svg.contains("&lt;raft&gt; &amp; co"))
        #expect(Self.isWellFormed(chart.svg))
    }

    @Test("are written into the results folder, and in the command that repeats a trial are its arrivals")
    func written() throws {
        let folder = FileManager.default.temporaryDirectory.appendingPathComponent("curves-\(UUID().uuidString)").path
        defer { try? FileManager.default.removeItem(atPath: folder) }
        var results = Fixtures.results
        results.records = Self.search
        _ = try Report.write(results, to: folder)
        #expect(FileManager.default.fileExists(atPath: "\(folder)/curves/saturation-1.svg"))
        var plan = Self.search[0].plan
        plan.arrival = .burst(size: 20, perSecond: 500)
        #expect(ReproduceCommand.text(of: plan).contains("--rate 500 --arrival burst:20 "))
        plan.arrival = .trace(
            PlannedTrial.TraceReference(path: "a b.txt", arrivals: 5, perSecond: 50, isScaled: true, fingerprint: 1))
        #expect(ReproduceCommand.text(of: plan).contains("--arrival 'trace:a b.txt' --rate 50 "))
        plan.arrival = .trace(
            PlannedTrial.TraceReference(path: "t.txt", arrivals: 3, perSecond: 0, isScaled: false, fingerprint: 1))
        #expect(LoadText.of(plan)?.hasPrefix("trace of 3 at once, ") == true)
        plan.arrival = .closed(thinkNanoseconds: 1_000)
        plan.thinkLaw = .exponential(1_000)
        #expect(ReproduceCommand.text(of: plan).contains("--think exponential:1us "))
    }
}

/// Whether a document's tags match.
private struct XMLCheck {
    let isBalanced: Bool

    init(_ text: String) {
        var open: [String] = []
        var isSound = true
        for piece in text.split(separator: "<").dropFirst(text.hasPrefix("<") ? 0 : 1) {
            guard let end = piece.firstIndex(of: ">") else {
                isSound = false
                continue
            }
            let tag = piece[..<end]
            let name = String(tag.drop { $0 == "/" }.prefix { $0.isLetter })
            if tag.hasPrefix("/") {
                if open.popLast() != name { isSound = false }
            } else if !tag.hasSuffix("/") {
                open.append(name)
            }
        }
        isBalanced = isSound && open.isEmpty
    }
}
