import ProtocolKit
import Simulation
import Testing

@Suite("Replay")
struct ReplayTests {
    static func trace() throws -> String {
        var options = SimulationOptions.chaos(for: TallySystem.self, seed: 42)
        options.operations = 100
        options.traceLimit = 1 << 24
        return try Simulation(TallySystem.self, options: options).run().trace
    }

    /// What a process of its own prints, whose hash seeds are others than this one's.
    static func traceOfAnotherProcess() async throws -> [UInt8] {
        let result = await #expect(processExitsWith: .success, observing: [\.standardOutputContent]) {
            print(try ReplayTests.trace())
        }
        return try #require(result).standardOutputContent
    }

    @Test("two other processes and this one write the same trace, byte for byte")
    func processes() async throws {
        let own = Array((try Self.trace() + "\n").utf8)
        let first = try await Self.traceOfAnotherProcess()
        let second = try await Self.traceOfAnotherProcess()
        #expect(own.count > 20_000)
        #expect(first == own)
        #expect(second == own)
    }
}
