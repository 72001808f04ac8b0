import ByteCoding
import Measurement
import ProtocolKit
import Statistics
import Testing
import Workload

@testable import Harness

/// A server in virtual time that stands still once, a load's schedule and the recorder that trials use: what comes out is
/// the same on every machine.
private struct StalledServer {
    let stall: ClosedRange<UInt64>
    let service: UInt64
    private var free: UInt64 = 0

    init(stall: ClosedRange<UInt64>, service: UInt64) {
        self.stall = stall
        self.service = service
    }

    /// When an operation that is sent now is answered; operations are served one after the other.
    mutating func answer(sent: UInt64) -> UInt64 {
        var start = max(sent, free)
        if stall.contains(start) { start = stall.upperBound }
        free = start + service
        return free
    }
}

@Suite("A server that stands still for a known time")
struct StallTests {
    private static let second: UInt64 = 1_000_000_000
    private static let stall: UInt64 = 400_000_000
    private static let start: UInt64 = 5_000

    private func plan(_ arrival: PlannedTrial.Arrival) throws -> PlannedTrial {
        var plan = try RecordExamples.plan(variant: "unreplicated")
        plan.arrival = arrival
        plan.clients = 1
        plan.warmUpNanoseconds = Self.second
        plan.windowNanoseconds = 8 * Self.second
        plan.seed = 3
        return plan
    }

    private func server(service: UInt64) -> StalledServer {
        let from = Self.start + 4 * Self.second
        return StalledServer(stall: from...from + Self.stall, service: service)
    }

    private func recorder(_ plan: PlannedTrial) -> LoadRecorder<KeyValueService> {
        var recorder = LoadRecorder<KeyValueService>(clients: 1, judge: nil)
        recorder.windowStart = Self.start + plan.warmUpNanoseconds
        recorder.windowEnd = recorder.windowStart + plan.windowNanoseconds
        return recorder
    }

    private func note(_ recorder: inout LoadRecorder<KeyValueService>, _ due: UInt64, _ sent: UInt64, _ end: UInt64) {
        if recorder.isCounted(due) { recorder.account.offered += 1 }
        recorder.ended(
            kind: 0, client: 0, user: 0, note: KeyValueNote(.get(key: Bytes("k"))), completion: .answered(.absent),
            intended: due, sent: sent, received: end)
    }

    /// An open loop with one user: who finds the user busy waits, and is sent when it is free.
    private func open(_ arrival: PlannedTrial.Arrival, service: UInt64) throws -> LoadRecorder<KeyValueService> {
        let plan = try plan(arrival)
        var (server, recorder) = (server(service: service), recorder(plan))
        var arrivals = try #require(try OpenArrivals.of(plan, from: Self.start))
        var free: UInt64 = 0
        while let due = arrivals.popDue(.max - 1) {
            let sent = max(due, free)
            free = server.answer(sent: sent)
            note(&recorder, due, sent, free)
        }
        return recorder
    }

    @Test(
        "delays as many as theory says, by as much, in an open loop at a constant rate",
        arguments: [(1_000.0, UInt64(1_000)), (1_000.0, UInt64(500_000)), (20_000.0, UInt64(10_000))])
    func openLoop(rate: Double, service: UInt64) throws {
        let recorder = try open(.constant(perSecond: rate), service: service)
        let theory = StallModel(
            stallNanoseconds: Double(Self.stall), windowNanoseconds: Double(8 * Self.second),
            utilization: rate * Double(service) / 1e9)
        let latency = recorder.kinds[0].latency
        #expect(latency.totalCount == UInt64(rate * 8))
        #expect(recorder.account.isBalanced)
        for percentile in [50.0, 90, 95, 96, 98, 99, 99.5, 99.9] {
            let expected = theory.latencyNanoseconds(atQuantile: percentile / 100) + Double(service)
            let measured = Double(try #require(latency.value(atPercentile: percentile)))
            // The histogram's three digits, and the gap between two arrivals.
            #expect(abs(measured - expected) <= 0.002 * expected + 1e9 / rate + 1, "p\(percentile)")
        }
        let delayed = Double(latency.count(above: service + UInt64(2e9 / rate))) / Double(latency.totalCount)
        #expect(abs(delayed - theory.delayedShare) < 4 / (8 * rate) + 0.002)
    }

    @Test("is seen once in service times, where it delayed hundreds")
    func serviceTime() throws {
        let recorder = try open(.constant(perSecond: 1_000), service: 1_000)
        #expect(recorder.kinds[0].service.count(above: 10_000) == 1)
        #expect(recorder.kinds[0].service.value(atPercentile: 99.9) ?? .max < 1_100)
        #expect(recorder.kinds[0].latency.count(above: 10_000) >= 399)
    }

    @Test("is seen by Poisson arrivals just as by even ones, to within their scatter")
    func poisson() throws {
        let latency = try open(.poisson(perSecond: 5_000), service: 1_000).kinds[0].latency
        let theory = StallModel(stallNanoseconds: Double(Self.stall), windowNanoseconds: Double(8 * Self.second))
        for percentile in [96.0, 98, 99, 99.5] {
            let expected = theory.latencyNanoseconds(atQuantile: percentile / 100)
            // Some 2,000 arrivals are delayed: five standard deviations of their number.
            let measured = Double(try #require(latency.value(atPercentile: percentile)))
            #expect(abs(measured - expected) < Double(Self.stall) * 5 / 2_000.0.squareRoot(), "p\(percentile)")
        }
    }

    @Test("is met once by a closed loop: its percentiles know nothing of it")
    func closedLoop() throws {
        let plan = try plan(.closed(thinkNanoseconds: 1_000_000))
        var (server, recorder) = (server(service: 1_000), recorder(plan))
        var sent = Self.start
        while sent < recorder.windowEnd {
            let end = server.answer(sent: sent)
            note(&recorder, sent, sent, end)
            sent = end + plan.think.meanNanoseconds
        }
        let latency = recorder.kinds[0].latency
        #expect(latency.count(above: 10_000) == 1)
        #expect(latency.totalCount < 7_700, "the others were never sent")
        #expect(try #require(latency.value(atPercentile: 99.9)) < 1_100)
        #expect(try #require(latency.max) > Self.stall - 2_000_000)
    }
}
