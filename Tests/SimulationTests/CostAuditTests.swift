import ProtocolKit
import Simulation
import Testing

@Suite("Cost audit")
struct CostAuditTests {
    @Test("operations cost what is stated, and the time they take is that of the delays and syncs counted")
    func equal() throws {
        let rows = try CostAudit.run(TallySystem.self, nodes: [1, 2, 3])
        #expect(rows.map(\.nodes) == [1, 1, 2, 2])
        for row in rows {
            #expect(row.isEqual, "\(row)")
            #expect(row.samples > 5)
        }
    }

    @Test("a wrong statement is told from a right one")
    func unequal() throws {
        let row = try #require(try CostAudit.run(TallySystem.self, nodes: [2]).first)
        var wrong = row
        wrong.expected.messageDelays += 1
        #expect(!wrong.isEqual)
        wrong = row
        wrong.expected.messages -= 1
        #expect(!wrong.isEqual)
        wrong = row
        wrong.expected.syncDelays = 0
        #expect(!wrong.isEqual)
        wrong = row
        wrong.agreeing -= 1
        #expect(!wrong.isEqual)
        wrong = row
        wrong.measured?.nanoseconds += 1
        #expect(!wrong.isEqual)
    }
}
