import Testing
import Verification
import Workload

/// What a person sees of a violation: few operations, as text and as a drawing.
@Suite("Counter-examples")
struct CounterexampleTests {
    private static let example = Counterexample(
        summary: "stale <read> & \"more\"",
        events: [
            .init(actor: "client 1", label: "put k1 #1", startNanoseconds: 10, endNanoseconds: 20),
            .init(
                actor: "client 2", label: "get k1 → absent", startNanoseconds: 30, endNanoseconds: 40, isOffender: true),
            .init(actor: "client 1", label: "put k1 #2 indeterminate", startNanoseconds: 25, endNanoseconds: nil),
        ], notes: ["  a note"])

    @Test("text marks what can't be explained")
    func text() {
        #expect(
            Self.example.text == """
                stale <read> & "more"
                  actor    operation               from +ns to +ns order
                  client 1 put k1 #1                      0     10 [-]
                  client 1 put k1 #2 indeterminate       15  never     [----->
                ! client 2 get k1 → absent               20     30       [-]
                  a note
                """)
    }

    @Test("a drawing has a lane for each actor, a bar for each event, and escapes what is not XML")
    func drawing() {
        let svg = Self.example.svg
        #expect(svg.hasPrefix("<svg xmlns=\"http://www.w3.org/2000/svg\""))
        #expect(svg.components(separatedBy: "class=\"actor\"") == 2)
        #expect(svg.components(separatedBy: "class=\"bar") == 3)
        #expect(svg.components(separatedBy: "class=\"bar offender\"") == 1)
        #expect(svg.components(separatedBy: "class=\"bar open\"") == 1)
        #expect(svg.contains("stale &lt;read&gt; &amp; &quot;more&quot;"))
        #expect(svg.contains("prefers-color-scheme: dark"))
        #expect(Counterexample(summary: "nothing to draw").svg.contains("nothing to draw"))
    }

    /// A correct history of compare-and-sets with few values, spoilt in the middle.
    @Test("of thousands of operations a handful is shown, which are wrong by themselves", arguments: [1, 2, 3, 4, 5])
    func window(seed: UInt64) throws {
        var random = RandomHistory(seed: seed, kinds: [.get, .put, .compareAndSet], hasDistinctValues: false)
        random.indeterminateShare = 0
        var history = random.correct(count: 2000, overlap: 2).sorted { $0.invokedNanoseconds < $1.invokedNanoseconds }
        let middle = try #require(history.indices.dropFirst(1000).first { history[$0].kind == .get })
        history[middle].result = 4
        history.append(.put(0, 4, by: 9, (UInt64(1 << 40), UInt64(1 << 40) + 1)))
        guard case .violated(let violation) = ConsistencyChecker.judge(history: history, model: .linearizable) else {
            Issue.record("seed \(seed)")
            return
        }
        #expect(violation.operations.count <= 12, "\(violation.counterexample().text)")
        #expect(violation.operations.contains(history[middle]))
        #expect(violation.offender == history[middle], "\(violation.counterexample().text)")
    }

    @Test("the part that is shown is wrong whatever the key held before")
    func whatever() throws {
        var random = RandomHistory(seed: 9, kinds: [.get, .put, .compareAndSet], hasDistinctValues: false)
        random.indeterminateShare = 0
        let before = random.correct(count: 500)
        let end = before.map(\.returnedNanoseconds).max() ?? 0
        let history =
            before + [
                .put(0, 1, by: 0, (end + 10, end + 20)),
                .compareAndSet(0, from: 2, to: 3, .ok, by: 1, (end + 30, end + 40)),
            ]
        guard case .violated(let violation) = ConsistencyChecker.judge(history: history, model: .linearizable) else {
            Issue.record("not found")
            return
        }
        #expect(violation.isWhateverCameBefore)
        #expect(violation.operations == Array(history.suffix(2)), "\(violation.counterexample().text)")
        for value in [0, 1, 2, 3, 99] as [UInt64] {
            let part = [.put(0, value, by: 7, (0, 1))] + violation.operations
            #expect(ConsistencyChecker.check(history: part, model: .linearizable).isViolated)
        }
    }
}

extension String {
    /// How often `part` stands in the text.
    fileprivate func components(separatedBy part: String) -> Int {
        var count = 0
        var rest = self[...]
        while let range = rest.firstRange(of: part) {
            count += 1
            rest = rest[range.upperBound...]
        }
        return count
    }
}
