import Foundation
import Testing

@testable import Measurement

@Suite("Timeline")
struct TimelineTests {
    func filled(_ events: [(UInt64, UInt64?)]) -> Timeline {
        var timeline = Timeline(intervalNanoseconds: 100)
        for (offset, latency) in events {
            if let latency {
                timeline.recordCompletion(atNanoseconds: offset, latencyNanoseconds: latency)
            } else {
                timeline.recordError(atNanoseconds: offset)
            }
        }
        return timeline
    }

    let events: [(UInt64, UInt64?)] = [(0, 5), (99, 7), (100, 9), (150, nil), (420, 11), (50, 13), (430, 11)]

    @Test("events fall into their intervals, late ones too, and gaps are empty intervals")
    func intervals() {
        let timeline = filled(events)
        #expect(timeline.completedPerInterval == [3, 1, 0, 0, 2])
        #expect((0..<5).map { timeline[$0].errors } == [0, 1, 0, 0, 0])
        #expect(timeline.histogram(ofInterval: 0).recordedValues.map(\.lowest) == [5, 7, 13])
        #expect(timeline.histogram(ofInterval: 4).recordedValues.map(\.count) == [2])
        #expect(timeline.histogram(ofInterval: 2).isEmpty)
    }

    @Test("timelines of several loops add up to that of one")
    func merging() {
        var even = filled(events.enumerated().filter { $0.offset % 2 == 0 }.map(\.element))
        even.add(filled(events.enumerated().filter { $0.offset % 2 == 1 }.map(\.element)))
        let one = filled(events)
        #expect(even.completedPerInterval == one.completedPerInterval)
        for index in 0..<one.count {
            #expect(even[index].errors == one[index].errors)
            #expect(even.histogram(ofInterval: index) == one.histogram(ofInterval: index))
        }
    }

    @Test("a timeline reads back from its record, and one with columns of different length is refused")
    func codable() throws {
        let timeline = filled(events)
        let json = try JSONEncoder().encode(timeline)
        let read = try JSONDecoder().decode(Timeline.self, from: json)
        #expect(read.completedPerInterval == timeline.completedPerInterval)
        for index in 0..<timeline.count {
            #expect(
                read.histogram(ofInterval: index).recordedValues == timeline.histogram(ofInterval: index).recordedValues
            )
        }
        let forged = String(decoding: json, as: UTF8.self).replacing("[3,1,0,0,2]", with: "[3,1]")
        #expect(throws: DecodingError.self) { try JSONDecoder().decode(Timeline.self, from: Data(forged.utf8)) }
    }

    @Test("what lies beyond the last possible interval or the histogram's range is counted as rejected")
    func rejected() {
        let timeline = filled([(100 << 20, 1), (0, UInt64.max), (UInt64.max, nil)])
        #expect(timeline.rejectedCount == 3)
        #expect(timeline.completedPerInterval == [1])
    }
}

@Suite("Fairness")
struct FairnessTests {
    @Test("equal amounts are wholly fair, one taking everything wholly unfair")
    func extremes() throws {
        let equal = try #require(Fairness([3, 3, 3, 3, 3]))
        #expect(equal.jainIndex == 1 && equal.minimumShare == 1)
        #expect(equal.topHalfShare == 0.5 && equal.relativeStandardDeviation == 0)
        let one = try #require(Fairness([0, 8, 0, 0]))
        #expect(one.jainIndex == 0.25 && one.minimumShare == 0)
        #expect(one.topHalfShare == 1)
        #expect(abs(one.relativeStandardDeviation - 3.0.squareRoot()) < 1e-12)
        #expect(Fairness([]) == nil)
        #expect(Fairness([0, 0]) == nil)
    }

    @Test("overtakes are the inversions that counting every pair finds")
    func overtakes() {
        var x: UInt64 = 1
        let requests = (0..<300).map { _ -> UInt64 in
            x = x &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
            return x >> 57
        }
        var pairs: UInt64 = 0
        for i in requests.indices { for j in i..<requests.count where requests[i] > requests[j] { pairs += 1 } }
        #expect(WaiterFairness.overtakes(requests) == pairs)
        #expect(WaiterFairness.overtakes([1, 2, 2, 3]) == 0)
        #expect(WaiterFairness.overtakes([4, 3, 2, 1]) == 6)
    }

    @Test("turn-taking reacquires after as many grants as there are clients; a lock kept, after one")
    func waiters() throws {
        func judge(_ clients: [Int]) -> WaiterFairness? {
            WaiterFairness(
                inGrantOrder: clients.enumerated().map {
                    Acquisition(
                        client: $1, requestedNanoseconds: UInt64($0 * 10), acquiredNanoseconds: UInt64($0 * 12))
                })
        }
        let turns = try #require(judge([0, 1, 2, 0, 1, 2, 0]))
        #expect(turns.medianAcquisitionsToReacquire == 3)
        #expect(turns.overtakes == 0)
        #expect(turns.longestWaitNanoseconds == 12)
        #expect(judge([0, 0, 0, 1, 1])?.medianAcquisitionsToReacquire == 1)
        #expect(try #require(judge([0, 1])).medianAcquisitionsToReacquire == nil)
        #expect(judge([]) == nil)
        #expect(WaiterFairness.meanWorkingSet(clientsInGrantOrder: [0, 1, 2, 0, 1], window: 3) == 3)
        #expect(WaiterFairness.meanWorkingSet(clientsInGrantOrder: [0, 0, 0, 1], window: 2) == 4.0 / 3)
        #expect(WaiterFairness.meanWorkingSet(clientsInGrantOrder: [0], window: 2) == nil)
    }
}
