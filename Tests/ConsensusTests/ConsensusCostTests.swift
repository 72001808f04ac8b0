import ProtocolKit
import Simulation
import Testing

@testable import Consensus

@Suite("What consensus costs")
struct ConsensusCostTests {
    @Test(
        "every operation costs exactly what the papers say",
        arguments: ["raft", "raft[reads=log]", "raft[reads=lease]", "raft[parallel=off]", "raft[batch=1]"])
    func raft(variant: String) throws {
        let rows = try CostAudit.run(
            RaftSystem.self, variant: Variant(parsing: variant).options, nodes: [1, 3, 5, 7])
        #expect(rows.count == 4 * KeyValueService.kinds.count)
        for row in rows { #expect(row.isEqual, "\(row)") }
    }

    @Test("without copies a write costs the client's two delays and a sync, a read the two delays")
    func unreplicated() throws {
        let rows = try CostAudit.run(UnreplicatedSystem.self, nodes: [1])
        #expect(rows.count == KeyValueService.kinds.count)
        for row in rows { #expect(row.isEqual, "\(row)") }
    }
}
