import Testing

@testable import ThreadLocks

@Suite("Counting overtakes")
struct OrderAuditTests {
    private func audit(_ doorways: [(UInt64, UInt64)]) -> OrderAudit {
        OrderAudit(doorways.map { SharedRegion.AuditEntry(entered: $0.0, left: $0.1, waited: true) })
    }

    @Test("service in the order of the doorways has none")
    func inOrder() {
        #expect(audit([(0, 1), (2, 3), (4, 5)]).overtakes == 0)
    }

    @Test("overlapping doorways may be served either way")
    func overlapping() {
        #expect(audit([(1, 3), (0, 2)]).overtakes == 0)
        #expect(audit([(0, 2), (1, 3)]).overtakes == 0)
    }

    @Test("each later request that was served first counts once")
    func overtaken() {
        let result = audit([(4, 5), (2, 3), (6, 7), (0, 1)])
        #expect(result.overtakes == 4)
        #expect(result.worstOvertaken == 3)
        #expect(result.audited == 4)
    }

    @Test("agrees with counting every pair")
    func againstPairs() {
        var generator = SplitMix64(seed: 5)
        for _ in 0..<50 {
            let doorways: [(UInt64, UInt64)] = (0..<60).map { _ in
                let entered = UInt64(generator.below(100))
                return (entered * 200, entered * 200 + UInt64(generator.below(1_000)) + 1)
            }
            var pairs: UInt64 = 0
            for late in doorways.indices {
                for early in doorways[..<late] where early.0 >= doorways[late].1 { pairs += 1 }
            }
            #expect(audit(doorways).overtakes == pairs)
        }
    }
}
