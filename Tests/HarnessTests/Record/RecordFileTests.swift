import Foundation
import Harness
import Measurement
import Testing
import Verification

@Suite struct RecordFileTests {
    @Test("a record comes back as it was, to the byte") func roundTrip() throws {
        let record = try RecordExamples.record()
        let bytes = try record.encoded()
        let back = try TrialRecord.decode(bytes, path: "a.json")
        #expect(try back.encoded() == bytes)
        #expect(back.plan == record.plan)
        #expect(back.plan.seed == .max)
        #expect(back.operations[1].latency == record.operations[1].latency)
        #expect(back.fairness == record.fairness)
        #expect(back.verdict == .unknown(reason: "no reads"))
    }

    @Test("what was not measured is left out, and comes back as nil") func missing() throws {
        let record = TrialRecord(
            plan: try RecordExamples.plan(), programVersion: "0.1.0", started: WallTime(millisecondsSince1970: 0),
            windowNanoseconds: 1)
        let bytes = try record.encoded()
        let object = try #require(try JSONSerialization.jsonObject(with: Data(bytes)) as? [String: Any])
        for field in ["host", "floor", "timeline", "fairness", "waiterFairness", "steadiness", "hostActivity"] {
            #expect(object[field] == nil, "\(field)")
        }
        #expect((object["counters"] as? [String: Any])?.isEmpty == true)
        #expect((object["server"] as? [String: Any])?.isEmpty == true)
        let back = try TrialRecord.decode(bytes, path: "a.json")
        #expect(back.counters.messages == nil && back.server.processorNanoseconds == nil)
        #expect(back.verdict.isUnknown)
    }

    @Test("every field of a record is documented, and no other") func documented() throws {
        var fields = Set(Mirror(reflecting: try RecordExamples.record()).children.compactMap(\.label))
        let documented = MetricDocumentation.recordFields.map(\.field)
        #expect(documented == documented.sorted())
        for field in documented { #expect(fields.remove(field) != nil, "\(field)") }
        #expect(fields == [])
    }

    @Test("a file that is cut off anywhere says so, and names itself", arguments: [0, 1, 40, 500, 5_000])
    func truncated(length: Int) throws {
        let bytes = try RecordExamples.record().encoded()
        #expect(throws: RecordError.truncated(path: "t/003.json")) {
            try TrialRecord.decode(Array(bytes.prefix(length)), path: "t/003.json")
        }
        #expect(RecordError.truncated(path: "t/003.json").description.contains("t/003.json ends in the middle"))
    }

    @Test("no single damaged byte traps; most are told") func damaged() throws {
        let bytes = try RecordExamples.record().encoded()
        var told = 0
        for position in stride(from: 0, to: bytes.count, by: 97) {
            var damaged = bytes
            damaged[position] ^= 0x15
            do throws(RecordError) {
                _ = try TrialRecord.decode(damaged, path: "a.json").allOperations.errorCount
            } catch {
                told += 1
            }
        }
        #expect(told > 0)
    }

    private func replaced(_ old: String, _ new: String) throws -> [UInt8] {
        let text = String(decoding: try RecordExamples.record().encoded(), as: UTF8.self)
        #expect(text.contains(old))
        return Array(text.replacing(old, with: new).utf8)
    }

    @Test("schemas: a newer one, another one, none") func schemas() throws {
        let newer = try replaced("coordbench.trial/1", "coordbench.trial/2")
        #expect(
            throws: RecordError.newerSchema(
                path: "a", found: "coordbench.trial/2", newest: "coordbench.trial/1")
        ) { try TrialRecord.decode(newer, path: "a") }
        let other = try replaced("coordbench.trial/1", "coordbench.run/1")
        #expect(
            throws: RecordError.otherSchema(path: "a", found: "coordbench.run/1", expected: "coordbench.trial/1")
        ) { try TrialRecord.decode(other, path: "a") }
        #expect(throws: RecordError.otherSchema(path: "a", found: nil, expected: "coordbench.trial/1")) {
            try TrialRecord.decode(Array("{}".utf8), path: "a")
        }
    }

    @Test("a wrong type names the field") func wrongType() throws {
        let text = try replaced("\"programVersion\" : \"0.1.0\"", "\"programVersion\" : 3")
        let error = #expect(throws: RecordError.self) { try TrialRecord.decode(text, path: "a") }
        guard case .wrongField("a", "programVersion", _)? = error else {
            Issue.record("\(String(describing: error))")
            return
        }
        let time = try replaced("2025-03-01T12:30:05.250Z", "2025-02-31T12:30:05.250Z")
        let timeError = #expect(throws: RecordError.self) { try TrialRecord.decode(time, path: "a") }
        #expect(timeError?.description.contains("'started'") == true)
        #expect(throws: RecordError.self) { try TrialRecord.decode(Array("not json".utf8), path: "a") }
    }

    @Test("a figure that is not finite is left out with a warning; the list stays sorted") func extras() throws {
        var record = try RecordExamples.record()
        record.setExtra("overtakes", 3)
        record.setExtra("lookup_ns", 5)
        record.setExtra("bad", .nan)
        record.setExtra("overtakes", 4)
        #expect(record.extras.map(\.name) == ["lookup_ns", "overtakes"])
        #expect(record.extra("overtakes") == 4)
        #expect(record.warnings.count == 1)
        #expect(throws: Never.self) { try record.encoded() }
    }

    @Test(
        "wall times are read as they are written",
        arguments: [
            (0, "1970-01-01T00:00:00.000Z"), (1_740_832_205_250, "2025-03-01T12:30:05.250Z"),
            (951_782_400_001, "2000-02-29T00:00:00.001Z"), (-1, "1969-12-31T23:59:59.999Z"),
        ] as [(Int64, String)])
    func wallTimes(milliseconds: Int64, text: String) {
        #expect(WallTime(millisecondsSince1970: milliseconds).description == text)
        #expect(WallTime(parsing: text)?.millisecondsSince1970 == milliseconds)
        #expect(WallTime(parsing: text + " ") == nil)
    }

    @Test("the account says what is missing") func account() {
        var account = ArrivalAccount(
            offered: 100, completed: 90, failed: 1, timedOut: 2, dropped: 3, inFlightAtEnd: 4)
        #expect(account.isBalanced)
        account.completed = 91
        #expect(account.unaccounted == -1)
        account.completed = .max
        #expect(!account.isBalanced)
    }

    @Test("fairness is of the counts as numbers") func fairness() throws {
        let record = try RecordExamples.record()
        // (4,000)² / (3 × 6,000,000)
        #expect(abs((record.fairness?.jainIndex ?? 0) - 16.0 / 18) < 1e-12)
    }

    @Test("adding up processes keeps what is unknown unknown") func processes() {
        var all = ProcessCost()
        (all.userNanoseconds, all.peakResidentBytes, all.allocations) = (5, 100, 7)
        var other = ProcessCost()
        (other.userNanoseconds, other.peakResidentBytes) = (6, 40)
        all.add(other)
        #expect(all.userNanoseconds == 11 && all.peakResidentBytes == 100 && all.allocations == nil)
    }
}
