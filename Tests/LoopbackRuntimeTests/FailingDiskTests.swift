import ByteCoding
import Consensus
import ProtocolKit
import RESP
import Synchronization
import Testing

@testable import LoopbackRuntime

/// What a node does when its disk does no more, once that is sure: no retry can bring back what a failed sync has lost
/// (Rebello and others, "Can Applications Recover from fsync Failures?", ATC 2020).
@Suite("A disk that fails", .timeLimit(.minutes(2)))
struct FailingDiskTests {
    /// A number of several sectors' length.
    private func text(_ number: Int64) -> String {
        let digits = "\(number)"
        return String(repeating: "0", count: 3000 - digits.count) + digits
    }

    /// Counts up until the node is gone, then starts it on a sound disk.
    private func countedUp(
        _ faults: LogFaults, _ durability: Durability
    ) async throws -> (acknowledged: Int64, found: RESPValue, reason: String) {
        let folder = TemporaryFolder()
        let path = folder.path
        let result = try await onThread {
            let system = try UnreplicatedSystem(options: VariantOptions())
            func host(_ faults: LogFaults) throws -> NodeHost<UnreplicatedSystem.Node> {
                var configuration = NodeConfiguration(
                    id: NodeID(0), members: [NodeID(0)], cluster: 1, durability: durability, logFaults: faults)
                configuration.segmentBytes = 64 << 10
                return try NodeHost.make(system, 0, nil, configuration, path)
            }
            let reason = Mutex("")
            let failing = try host(faults)
            failing.onHalt = { text in reason.withLock { $0 = text } }
            failing.start(addresses: [failing.memberAddress])
            var acknowledged: Int64 = 0
            do {
                let connection = try ControlConnection(to: failing.memberAddress.client)
                while acknowledged < 1_000_000, try connection.ask(["SET", "n", text(acknowledged + 1)]) == .ok {
                    acknowledged += 1
                }
            } catch is RuntimeError {
                // It ended the connection, as it should.
            }
            let isHalted = try becomesTrue { reason.withLock { !$0.isEmpty } }
            #expect(isHalted)
            failing.stop()
            let sound = try host(LogFaults())
            sound.start(addresses: [sound.memberAddress])
            defer { sound.stop() }
            let found = try ControlConnection(to: sound.memberAddress.client).ask(["GET", "n"])
            return (acknowledged, found, reason.withLock { $0 })
        }
        withExtendedLifetime(folder) {}
        return result
    }

    @Test(
        "halts its node, which acknowledges nothing that isn't there afterwards",
        arguments: [
            (LogFaults(writesUntilFull: 20), Durability.synced, "No space"),
            (LogFaults(writesUntilFull: 20), .buffered, "No space"),
            (LogFaults(syncsUntilFailure: 20), .synced, "sync failed"),
        ])
    func halts(faults: LogFaults, durability: Durability, message: String) async throws {
        let (acknowledged, found, reason) = try await countedUp(faults, durability)
        #expect(reason.contains(message) && reason.contains("wal-"), "\(reason)")
        #expect(acknowledged > 0 && acknowledged < 1_000_000)
        // The last one was under way: it may have been written, but nobody was told.
        #expect(
            [acknowledged, acknowledged + 1].contains { found == .bulk(Bytes(text($0))) },
            "\(acknowledged) were acknowledged, \(found) is there")
    }
}
