import ProtocolKit
import Simulation
import Synchronization
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

    @Test("what steps allocate is counted for the operation that caused them, and nothing without an allocator")
    func allocations() throws {
        final class Allocator: Sendable {
            let given = Atomic<UInt64>(0)
        }
        let allocator = Allocator()
        // A step lies between two readings, so that each seems to take eight bytes.
        let rows = try CostAudit.run(TallySystem.self, nodes: [1, 2]) {
            allocator.given.wrappingAdd(8, ordering: .relaxed).newValue
        }
        for row in rows {
            let bytes = try #require(row.allocatedBytes)
            #expect(bytes >= 8 && bytes.truncatingRemainder(dividingBy: 8) == 0, "\(row)")
        }
        for kind in Set(rows.map(\.expected.kind)) {
            let byNodes = rows.filter { $0.expected.kind == kind }.compactMap(\.allocatedBytes)
            #expect(byNodes.count == 2 && byNodes[1] > byNodes[0], "two nodes take more steps than one")
        }
        #expect(try CostAudit.run(TallySystem.self, nodes: [1]).allSatisfy { $0.allocatedBytes == nil })
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
