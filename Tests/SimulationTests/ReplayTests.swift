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

    /// What a run under every fault, of a system that bears them, comes to.
    static func digest() throws -> String {
        var options = SimulationOptions.chaos(for: MarkSystem.self)
        options.operations = 100
        return try (1...10 as ClosedRange<UInt64>).map { seed in
            options.seed = seed
            let result = try Simulation(MarkSystem.self, options: options).run()
            return "\(result.fingerprint) \(result.outcome) \(FaultScript.write(result.faults))"
        }.joined(separator: "\n")
    }

    @Test("a seed's run is the same in every process, whatever faults strike")
    func fingerprints() async throws {
        let result = await #expect(processExitsWith: .success, observing: [\.standardOutputContent]) {
            print(try ReplayTests.digest())
        }
        #expect(try #require(result).standardOutputContent == Array((try Self.digest() + "\n").utf8))
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
