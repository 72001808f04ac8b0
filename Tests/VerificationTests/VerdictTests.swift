import Foundation
import Testing
import Verification

@Suite("Verdicts")
struct VerdictTests {
    private static let violated = Verdict.violated(
        Counterexample(
            summary: "stale read of k1",
            events: [
                .init(actor: "client 2", label: "get k1 → absent", startNanoseconds: 30, endNanoseconds: 40),
                .init(actor: "client 1", label: "put k1 #1", startNanoseconds: 10, endNanoseconds: 20),
                .init(actor: "client 3", label: "put k1 #2 indeterminate", startNanoseconds: 15, endNanoseconds: nil),
            ]))
    private static let all = [Verdict.correct, .unknown(reason: "no reads"), violated]

    @Test("violated outranks unknown, which outranks correct", arguments: 0..<3, 0..<3)
    func combination(first: Int, second: Int) {
        #expect(Self.all[first].combined(with: Self.all[second]) == Self.all[max(first, second)])
    }

    @Test("nothing checked is unknown")
    func emptyCombination() {
        #expect(Verdict.combined([]).isUnknown)
        #expect(Verdict.combined([.correct, .correct]) == .correct)
    }

    @Test("a verdict survives JSON, and its word is stable", arguments: zip(all, ["correct", "unknown", "violated"]))
    func coding(verdict: Verdict, word: String) throws {
        let data = try JSONEncoder().encode(verdict)
        #expect(try JSONDecoder().decode(Verdict.self, from: data) == verdict)
        #expect(verdict.word == word)
        #expect(String(decoding: data, as: UTF8.self).contains("\"verdict\":\"\(word)\""))
    }

    @Test("an unknown word is refused")
    func unknownWord() {
        #expect(throws: DecodingError.self) {
            try JSONDecoder().decode(Verdict.self, from: Data(#"{"verdict":"fine"}"#.utf8))
        }
    }

    @Test("a counter-example reads as a table in order of time")
    func table() {
        #expect(
            Self.violated.counterexample?.text == """
                stale read of k1
                  actor    operation               from +ns to +ns order
                  client 1 put k1 #1                      0     10 [---]
                  client 3 put k1 #2 indeterminate        5  never   [------->
                  client 2 get k1 → absent               20     30       [-]
                """)
    }
}
