import ByteCoding
import ProtocolKit
import Simulation
import Testing

@testable import Consensus

@Suite("Unreplicated")
struct UnreplicatedTests {
    @Test("a write is applied and answered once it is durable, so that no read shows what a crash could take back")
    func durableFirst() {
        var server = Unreplicated<KeyValueStore>(id: NodeID(0))
        var effects = Effects<Unreplicated<KeyValueStore>>()
        let now = Now(monotonic: 1, wall: 1)
        let token = RequestToken(connection: ConnectionID(1), sequence: 0)
        func replies() -> [KeyValueResponse] {
            defer { effects.removeAll() }
            return effects.list.compactMap { if case .reply(let response, _, _) = $0 { response } else { nil } }
        }
        server.step(.start(Recovery(incarnation: 1, seed: 1)), at: now, effects: &effects)
        server.step(.request(KeyValueRequest(.put(key: "k", value: "v")), token), at: now, effects: &effects)
        server.step(.turnEnded, at: now, effects: &effects)
        #expect(replies().isEmpty)
        server.step(.request(KeyValueRequest(.get(key: "k")), token), at: now, effects: &effects)
        #expect(replies() == [.absent])
        server.step(.persisted(through: effects.lastTicket), at: now, effects: &effects)
        #expect(replies() == [.done])
        server.step(.request(KeyValueRequest(.get(key: "k")), token), at: now, effects: &effects)
        #expect(replies() == [.value("v")])
    }

    @Test("it is linearizable under crashes, with and without snapshots", arguments: ["4096", "16777216"])
    func survives(snapshotBytes: String) throws {
        var options = SimulationOptions.chaos(for: UnreplicatedSystem.self)
        options.variant = VariantOptions([("snapshot-bytes", snapshotBytes)])
        let summary = try SimulationCampaign.run(UnreplicatedSystem.self, seeds: 1...10, options: options)
        #expect(summary.passed == 10, "\((summary.failures + summary.unknown).map { "\($0.seed) \($0.outcome)" })")
        #expect(summary.coverage.crashes > 0)
        #expect((summary.coverage[.snapshotTaken] > 0) == (snapshotBytes == "4096"))
    }
}
