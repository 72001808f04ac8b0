import ProtocolKit
import Simulation
import Testing

@testable import Consensus

@Suite("What Dynamo costs")
struct DynamoCostTests {
    @Test(
        "every operation costs exactly what the paper says",
        arguments: [
            "dynamo", "dynamo[n=7]", "dynamo[conflicts=version-vectors]", "dynamo[r=1,w=1]", "dynamo[r=1,w=3]",
            "dynamo[hints=off,read-repair=off,anti-entropy-ms=0]", "dynamo[n=1]",
        ])
    func costs(variant: String) throws {
        let rows = try CostAudit.run(
            DynamoSystem.self, variant: Variant(parsing: variant).options, nodes: [1, 3, 5, 7])
        #expect(rows.count == 4 * DynamoSystem.operationKinds.count)
        for row in rows { #expect(row.isEqual, "\(row)") }
    }

    @Test("with as many replicas as nodes a write and a read cost 2(N−1) messages")
    func messages() throws {
        let system = try DynamoSystem(options: VariantOptions([("n", "7")]))
        for nodes in [3, 5, 7] {
            #expect(system.costs(nodes: nodes).map(\.messages) == Array(repeating: 2 * (nodes - 1), count: 3))
        }
    }

    @Test("a request that is forwarded costs 6 delays and 2N messages, and as many syncs")
    func forwarded() throws {
        let rows = try CostAudit.run(
            DynamoSystem.self, variant: Variant(parsing: "dynamo[n=2,routing=server]").options, nodes: [9])
        for row in rows {
            // Of nine nodes the asked one is a replica of few keys: what was seen most often was forwarded.
            #expect(row.measured?.messageDelays == 6, "\(row)")
            #expect(row.measured?.messages == 4)
            #expect(row.measured?.syncDelays == row.expected.syncDelays)
        }
    }
}
