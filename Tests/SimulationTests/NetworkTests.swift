import ProtocolKit
import Testing
import Workload

@testable import Simulation

@Suite("The simulated network")
struct NetworkTests {
    @Test(
        "draws delays of the distribution asked for",
        arguments: [
            ("constant 300us", 300_000.0, 300_000...300_000), ("uniform 100us 500us", 300_000, 100_000...500_000),
            ("exponential 50us 300us 10ms", 300_000, 50_000...10_000_000),
            ("log-normal 300us 0.5 10ms", 339_945, 1...10_000_000),
        ] as [(String, Double, ClosedRange<UInt64>)])
    func distributions(text: String, mean: Double, range: ClosedRange<UInt64>) throws {
        let distribution = try #require(DelayDistribution(parsing: text))
        #expect(distribution.description == text)
        var random = SeededGenerator(seed: 1)
        let draws = (0..<20_000).map { _ in distribution.draw(&random) }
        #expect(draws.allSatisfy(range.contains))
        let measured = draws.reduce(0.0) { $0 + Double($1) } / Double(draws.count)
        #expect(abs(measured - mean) < 0.03 * mean, "\(measured)")
    }

    @Test(
        "refuses what is no distribution",
        arguments: ["", "constant", "constant 5", "uniform 5ms 1ms", "exponential 1ms 2ms", "log-normal 1ms -1 2ms"])
    func noDistribution(text: String) {
        #expect(DelayDistribution(parsing: text) == nil)
    }

    @Test("knows matrices by name, each with its source, the same there and back", arguments: RegionMatrix.named)
    func namedMatrices(matrix: RegionMatrix) {
        #expect(RegionMatrix.named(matrix.name) == matrix)
        #expect(!matrix.source.isEmpty)
        for a in matrix.regions.indices {
            #expect(matrix.roundTrips[a][a] == 0)
            for b in matrix.regions.indices { #expect(matrix.roundTrips[a][b] == matrix.roundTrips[b][a]) }
        }
    }

    @Test("reads a matrix that a user gives, in any order, with comments")
    func matrixText() throws {
        let text = """
            # round trips
            paris tokyo: 225ms
            "lyon" paris:  6.5ms   # near
            lyon lyon: 1ms

            tokyo lyon: 230ms
            """
        let matrix = try RegionMatrix(parsing: text, name: "mine")
        #expect(matrix.regions == ["paris", "tokyo", "lyon"])
        #expect(matrix.delay(from: 0, to: 1) == 112_500_000)
        #expect(matrix.delay(from: 5, to: 3) == 3_250_000)
        #expect(matrix.delay(from: 2, to: 5) == 500_000)
        #expect(matrix.longestRoundTrip == 230_000_000)
    }

    @Test(
        "says what is wrong with a matrix, and in which line",
        arguments: [
            ("", "at least two regions"), ("a b: 1ms\na c: 2ms", "'b c' is missing"),
            ("a b: 1ms\nb a: 2ms", "line 2: 'b a' is given twice"), ("a b 1ms", "line 1: write two regions"),
            ("a b: 1", "line 1: '1' isn't a round trip"), ("a b: 2h", "line 1: '2h' isn't"),
            ("a b: 100s", "line 1: '100s' isn't"),
        ])
    func wrongMatrix(text: String, message: String) {
        let error = #expect(throws: RegionMatrixError.self) { try RegionMatrix(parsing: text, name: "x") }
        #expect(error?.description.contains(message) == true, "\(error?.description ?? "")")
    }

    @Test("lets messages between regions take half a round trip, and a little more")
    func distance() throws {
        var options = SimulationOptions(for: TallySystem.self)
        options.spread(over: .threeRegions)
        options.network.delay = .constant(1_000)
        options.clients = 1
        options.usersPerClient = 1
        options.operations = 50
        options.thinkNanoseconds = 1
        let result = try Simulation(TallySystem.self, options: options).run()
        #expect(result.outcome == .passed)
        // The client stands beside the front, and the store is 69 ms there and back.
        let each = Double(result.virtualNanoseconds) / Double(result.answered) / 1e6
        #expect(each > 69 && each < 69 * 1.1, "\(each) ms")
    }

    @Test("carries no more than a path's capacity, and ends a connection whose queue is full")
    func capacity() throws {
        var options = SimulationOptions(for: TallySystem.self)
        options.variant = VariantOptions([("streams", "on")])
        // Three beats of 17 bytes every half millisecond alone are 102 kB/s.
        options.network.capacityBytesPerSecond = 150_000
        options.network.queueBytes = 2_000
        let wide = try Simulation(TallySystem.self, options: options).run()
        #expect(wide.outcome == .passed)
        options.network.capacityBytesPerSecond = 60_000
        let narrow = try Simulation(TallySystem.self, options: options).run()
        #expect(narrow.coverage.queuesOverflowed > 10)
        #expect(narrow.outcome == .passed, "the path is wide enough once it is healed: \(narrow.outcome)")
    }

    @Test("queues what a path can't carry at once")
    func queueing() throws {
        var network = NetworkOptions()
        network.capacityBytesPerSecond = 1_000_000
        network.queueBytes = 5_000
        var links = LinkTable(count: 2, regions: .lan, random: SeededGenerator(seed: 1))
        func admit(_ bytes: Int, _ direction: Int, at time: UInt64) -> UInt64? {
            links.admit(bytes, on: direction, at: time, network)
        }
        #expect(admit(2_000, 1, at: 0) == 2_000_000)
        #expect(admit(2_000, 1, at: 1_000_000) == 3_000_000)
        #expect(admit(2_100, 1, at: 1_000_000) == nil)
        #expect(admit(2_000, 2, at: 1_000_000) == 2_000_000)
        // One message that is longer than the queue passes an empty path.
        #expect(admit(9_000, 1, at: 4_000_000) == 9_000_000)
    }

    @Test("a clogged link loses nothing, overtakes nothing and delivers when it is over")
    func clog() throws {
        var options = SimulationOptions(for: TallySystem.self)
        options.variant = VariantOptions([("streams", "on")])
        options.faults = .script(
            [20, 100, 101].map {
                .init(at: .milliseconds($0), .clog(from: NodeID(0), to: NodeID(1), nanoseconds: .milliseconds(60)))
            })
        let result = try Simulation(TallySystem.self, options: options).run()
        #expect(result.outcome == .passed)
        #expect(result.coverage.clogs == 3)
        #expect(result.coverage.messagesStalled > 100)
        #expect(result.coverage.messagesDropped == 0)
    }
}
