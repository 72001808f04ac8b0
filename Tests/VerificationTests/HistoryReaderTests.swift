import Testing
import Verification

/// What is read from the forms in which histories are kept.
@Suite("Reading histories")
struct HistoryReaderTests {
    static func read(
        _ text: String, _ model: HistoryModel = .casRegister, pieces: Int = 7,
        failedCas: HistoryReader.FailedCompareAndSet = .nothing, limit: Int = 1000, ignoresTimes: Bool = false
    ) throws -> ReadHistory {
        var rest = Array(text.utf8)[...]
        return try HistoryReader(
            model: model, failedCompareAndSet: failedCas, limit: limit, ignoresTimes: ignoresTimes
        ).read {
            () throws(HistoryError) -> [UInt8] in
            defer { rest = rest.dropFirst(pieces) }
            return Array(rest.prefix(pieces))
        }
    }

    /// The labels of a history's operations, in order of their beginning.
    static func labels(_ history: ReadHistory) -> [String] {
        history.operations.sorted { $0.invokedNanoseconds < $1.invokedNanoseconds }.map(history.names.label)
    }

    static let edn = """
        ; a register, and the nemesis
        [{:process 0, :type :invoke, :f :write, :value 3}
         {:process :nemesis, :type :info, :f :start, :value "cut [0 1]"}
         {:process 1, :type :invoke, :f :read, :value nil}
         {:process 0, :type :ok, :f :write, :value 3}
         {:type :ok :f :read :process 1 :value 3 :error nil}
         {:process 1, :type :invoke, :f :cas, :value [3 0]}
         #_{:process 9 :type :ok}
         {:process 1, :type :fail, :f :cas, :value [3 0]}
         {:process 0, :type :invoke, :f :cas, :value [3 4]}
         {:process 0, :type :info, :f :cas, :value :timed-out}
         {:process 2, :type :invoke, :f :read, :value nil}
         {:process 2, :type :info, :f :read, :value nil, :error [:x "y"]}
         {:process 3, :type :invoke, :f :write, :value 1}]
        """

    @Test("EDN events become operations, whatever pieces they come in", arguments: [1, 7, 4096])
    func edn(pieces: Int) throws {
        let history = try Self.read(Self.edn, pieces: pieces)
        #expect(history.format == .edn)
        #expect(
            Self.labels(history) == [
                "write 3", "read → 3", "cas 3→0 failed", "cas 3→4 indeterminate", "write 1 indeterminate",
            ])
        #expect(history.names.actors.sorted() == ["process 0", "process 1", "process 3"])
        #expect(history.names.unit == "events")
        let first = try #require(history.operations.first)
        #expect(first.invokedNanoseconds < first.returnedNanoseconds)
        #expect(history.operations.filter { !$0.hasReturned }.count == 2)
    }

    @Test("a list, lines and tagged records of the same events are the same history")
    func enclosures() throws {
        let events = #"{:process 0 :type :invoke :f :write :value 1} {:process 0 :type :ok :f :write :value 1}"#
        let expected = try Self.read(events).operations
        #expect(expected.count == 1)
        for text in [
            "[\(events)]", "(\(events))", "\u{feff}\(events)\n",
            events.replacing("{:process", with: "#jepsen.history.Op{:index nil, :process"),
        ] {
            #expect(try Self.read(text).operations == expected, "\(text)")
        }
    }

    @Test("JSON events and JSON operations")
    func json() throws {
        let events = """
            {"process": 0, "type": "invoke", "f": "write", "value": 1, "time": 10}
            {"process":1,"type":"invoke","f":"read","value":null,"time":12}
            {"process":0,"type":"ok","f":"write","value":1,"time":20}
            {"process":1,"type":"ok","f":"read","value":1,"time":20}
            """
        let operations = """
            {"client":0,"op":"write","value":1,"outcome":"ok","invoked":10,"returned":20}
            {"client":"1","op":"read","value":1,"invoked":12,"returned":21}
            """
        let read = try Self.read(events)
        #expect(read.format == .json)
        #expect(read.operations == (try Self.read(operations).operations))
        #expect(read.names.unit == nil)
        #expect(try Self.read("[\(events.replacing("\n", with: ",\n"))]").operations == read.operations)
    }

    @Test("times that contradict the order of the file are ignored on request")
    func ignoredTimes() throws {
        let events = """
            {:process 0, :type :invoke, :f :write, :value 1, :time 9, :index 5}
            {:process 0, :type :ok, :f :write, :value 1, :time 8, :index 4}
            """
        #expect(throws: HistoryError.self) { try Self.read(events) }
        #expect(Self.labels(try Self.read(events, ignoresTimes: true)) == ["write 1"])
    }

    @Test("lines of a log, among others")
    func log() throws {
        let history = try Self.read(
            """
            INFO  jepsen.core - Worker 0 starting
            INFO  jepsen.util - 0\t:invoke\t:write\t3
            2024-05-01 10:00:00,123{GMT}\tINFO\t[worker] jepsen.util: :nemesis\t:info\t:start\tnil
            INFO  jepsen.util - 1 :invoke :read nil
            INFO  jepsen.util - 0\t:ok\t:write\t3
            INFO  jepsen.util - 1\t:ok\t:read\t3\r
            INFO  jepsen.util - 1\t:invoke\t:cas\t[3 4]
            INFO  jepsen.util - 1\t:fail\t:cas\t[3 4]
            """, failedCas: .mismatch)
        #expect(history.format == .log)
        #expect(Self.labels(history) == ["write 3", "read → 3", "cas 3→4 mismatch"])
    }

    @Test("keys come by name or before the value")
    func keys() throws {
        let named = try Self.read(
            """
            {:process 0, :type :invoke, :f :append, :key "0", :value "x 0 0 y"}
            {:process 0, :type :ok, :f :append, :key "0", :value "x 0 0 y"}
            {:process 0, :type :invoke, :f :get, :key "1", :value nil}
            {:process 0, :type :ok, :f :get, :key "1", :value ""}
            """, .kv)
        #expect(Self.labels(named) == [#"append 0 "x 0 0 y""#, "get 1 → absent"])
        let tuples = try Self.read(
            """
            {:process 0, :type :invoke, :f :write, :value [5 1]}
            {:process 0, :type :ok, :f :write, :value [5 1]}
            {:process 0, :type :invoke, :f :read, :value [5 nil]}
            {:process 0, :type :ok, :f :read, :value [5 1]}
            {:process 0, :type :invoke, :f :cas, :value [6 [1 2]]}
            {:process 0, :type :ok, :f :cas, :value [6 [1 2]]}
            """)
        #expect(Self.labels(tuples) == ["put 5 1", "get 5 → 1", "cas 6 1→2"])
    }

    @Test("lists and locks")
    func others() throws {
        let lists = try Self.read(
            """
            {:process 0, :type :invoke, :f :append, :value 1}{:process 0, :type :ok, :f :append, :value 1}
            {:process 0, :type :invoke, :f :append, :value 2}{:process 0, :type :ok, :f :append, :value 2}
            {:process 0, :type :invoke, :f :read, :value nil}{:process 0, :type :ok, :f :read, :value [1 2]}
            """, .append)
        #expect(Self.labels(lists).last == "read → [1 2]")
        #expect(ConsistencyChecker.check(history: lists.operations, model: .linearizable) == .correct)
        let lock = try Self.read(
            """
            {:process 0, :type :invoke, :f :acquire}{:process 0, :type :ok, :f :acquire}
            {:process 1, :type :invoke, :f :acquire}{:process 1, :type :ok, :f :acquire}
            {:process 0, :type :invoke, :f :release}{:process 0, :type :ok, :f :release}
            """, .mutex)
        #expect(Self.labels(lock) == ["acquire", "acquire", "release"])
        #expect(ConsistencyChecker.check(history: lock.operations, model: .linearizable).isViolated)
    }

    @Test("values that are written differently are different, and equal ones equal")
    func values() throws {
        let texts = [
            "nil", "0", "5", "-5", "\"5\"", "\"-5\"", "true", "5.5", ":five", "1152921504606846976", "[1]", "{:a 1}",
        ]
        var identities: [UInt64] = []
        for text in texts {
            let history = try Self.read(
                "{:process 0 :type :invoke :f :write :value \(text)}{:process 0 :type :ok :f :write :value \(text)}")
            identities.append(try #require(history.operations.first).argument)
        }
        #expect(Set(identities).count == texts.count, "\(identities)")
        #expect(identities[0] == ValueIdentity.absent)
        let escaped = try Self.read(
            #"{"process":0,"type":"invoke","f":"write","value":"a\u00e9\n\ud83d\ude00"}"#)
        #expect(Self.labels(escaped) == ["write \"aé\n😀\" indeterminate"])
    }

    @Test("what is written out is read again")
    func roundTrip() throws {
        let operations: [KeyValueOperation] = [
            .put(0, 12, by: 0, (0, 10)), .get(0, returning: 12, by: 1, (5, 20)), .get(0, returning: 0, by: 1, (1, 3)),
            .put(1, 13, .indeterminate, by: 2, (5, 0)), .delete(0, removed: true, by: 1, (25, 30)),
            .delete(0, removed: nil, .failed, by: 1, (25, 30)),
            .compareAndSet(1, from: 12, to: 1 << 60, .mismatch, by: 1, (35, 40)),
            .increment(2, adding: -3, returning: -3, by: 1, (45, 50)),
            .get(2, returning: ValueIdentity.integer(-3), by: 1, (55, 60)),
            .append(3, 7, count: 1, by: 1, (65, 70)), .append(3, 8, count: nil, by: 1, (71, 72)),
            .get(3, returning: ValueIdentity.list([7, 8]), by: 1, (75, 80)),
            .get(3, returning: ValueIdentity.foreign(digest: 99), by: 0, (81, 82)),
        ]
        let text = operations.map(\.jsonLine).joined(separator: "\n")
        let history = try Self.read(text, .kv)
        #expect(history.operations.map(\.description) == operations.map(\.description))
        #expect(history.operations == operations, "\(text)")
    }

    @Test("a history longer than the limit is an obstacle, not an endless read")
    func limit() throws {
        let line = "{:process 0 :type :invoke :f :write :value 1}{:process 0 :type :ok :f :write :value 1}\n"
        var lines = 0
        let history = try HistoryReader(model: .register, limit: 100).read { () throws(HistoryError) -> [UInt8] in
            lines += 1
            return Array(line.utf8)
        }
        #expect(history.obstacle?.contains("more than 100 operations") == true)
        #expect(lines < 110)
    }
}

/// Files that are no histories: an error that names the line and says what to do.
@Suite("Reading bad histories")
struct BadHistoryTests {
    static let invoke = "{:process 0, :type :invoke, :f :read, :value nil}\n"

    @Test(
        "are refused with the line",
        arguments: [
            ("", 0, "empty"),
            ("INFO nothing to see\nnor here\n", 0, "no event"),
            ("[]", 0, "no event"),
            ("\u{0}\u{1}\u{2}", 0, "no event"),
            (invoke + "{:process 0, :type :ok, :f :re", 2, "cut off"),
            ("[" + invoke, 2, "cut off"),
            (invoke + "{:process 0, :type :ok, :f :read, :value \"ab", 2, "cut off"),
            (invoke + invoke, 2, "while the one of line 1 is under way"),
            ("{:process 0, :type :ok, :f :read, :value 1}", 1, "which has nothing under way"),
            (invoke + "{:process 1, :type :ok, :f :read, :value 1}", 2, "process 1, which has nothing"),
            (invoke + "{:process 0, :type :ok, :f :write, :value 1}", 2, "ends 'write' but began 'read'"),
            ("\n\n{:process 0, :type :invoke, :f :reed, :value nil}", 3, "no operation 'reed'"),
            ("{:process 0, :type :invoke, :f :acquire}", 1, "--model mutex knows 'acquire'"),
            ("{:process 0, :type :invoke, :f :txn, :value [[:r 1 nil]]}", 1, "transactions"),
            ("{:process 0, :type :began, :f :read}", 1, "no type of event 'began'"),
            ("{:process 0, :type :invoke, :value 1}", 1, "without 'f'"),
            ("{:type :invoke, :f :read}", 1, "without 'process'"),
            ("{:process 0, :f :read}", 1, "without 'type'"),
            ("{:process 0, :type :invoke, :f :cas, :value 3}", 1, "[old new]"),
            ("{:process 0, :type :invoke, :f :read, :time 9}\n{:process 0, :type :ok, :f :read, :time 5}", 2, "time 5"),
            (
                "{:process 0, :type :invoke, :f :read, :index 9}{:process 0, :type :ok, :f :read, :index 9}", 1,
                "index 9"
            ),
            (#"{"process" 0}"#, 1, "no colon"),
            (invoke + "}", 2, "nothing opened"),
            (invoke + "3", 2, "where an event"),
            (
                "INFO  jepsen.util - 0 :invoke :read nil\nINFO  jepsen.util - 0 :okay :read 1", 2,
                "no type of event 'okay'"
            ),
            (#"{"client":0,"op":"read","invoked":9,"returned":8}"#, 1, "returned before"),
            (#"{"client":0,"op":"read"}"#, 1, "without 'invoked'"),
            (#"{"op":"read","invoked":9}"#, 1, "without 'client'"),
            (#"{"client":0,"op":"read","invoked":1,"returned":2,"outcome":"fine"}"#, 1, "no outcome"),
            (#"{"client":0,"op":"fetch","invoked":1}"#, 1, "no operation 'fetch'"),
            (String(repeating: "[", count: 100_000), 1, "nested"),
        ])
    func refused(text: String, line: Int, message: String) throws {
        let error = #expect(throws: HistoryError.self) { try HistoryReaderTests.read(text, .casRegister) }
        #expect(error?.line == line, "\(error?.description ?? "")")
        #expect(error?.description.contains(message) == true, "\(error?.description ?? "")")
    }

    @Test("random damage is an error or another history, never a trap")
    func damage() throws {
        var seed: UInt64 = 1
        for _ in 0..<3000 {
            var bytes = Array(HistoryReaderTests.edn.utf8)
            for _ in 0..<3 {
                seed = seed &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
                let place = Int(seed >> 33) % bytes.count
                switch seed >> 20 % 3 {
                case 0: bytes[place] = UInt8(truncatingIfNeeded: seed >> 24)
                case 1: bytes.remove(at: place)
                default: bytes.insert(contentsOf: "{[\"".utf8, at: place)
                }
            }
            do {
                let history = try HistoryReaderTests.read(String(decoding: bytes, as: UTF8.self))
                _ = ConsistencyChecker.check(history: history.operations, model: .linearizable)
            } catch let error as HistoryError {
                #expect(!error.remedy.isEmpty)
            }
        }
    }
}
