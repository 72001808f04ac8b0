import ArgumentParser
import Harness
import Measurement

/// `coordbench floor`
struct FloorCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "floor",
        abstract: "Measures what this machine takes at the least for the steps that all algorithms are made of.",
        discussion: """
            A message to a neighbour and back, a sync of the disk alone and among three, a look at the clock, a timer, \
            a hand-over between threads. An algorithm's own floor is its message delays times half a round trip plus \
            its sync delays times a sync; reports give latencies as multiples of it.

              coordbench floor
              coordbench floor --folder /mnt/disk --format json
            """)

    @Option(help: "A folder on the disk to measure.", completion: .directory)
    var folder = "."

    @Option(help: "How to print it: text or json.")
    var format = ListFormat.text

    func run() throws {
        let host = try HostFacts.current(folder: folder)
        let floor = try MachineFloor.measure(folder: folder)
        switch format {
        case .json: try Terminal.write(JSONText.of(FloorListing(host: host, floor: floor)))
        case .text: try Terminal.write(FloorListing(host: host, floor: floor).text)
        }
    }
}

/// The machine and its floor, for people and programs.
struct FloorListing: Codable {
    let host: HostFacts
    let floor: MachineFloor

    var text: String {
        let costs: [(String, MachineFloor.Cost)] = [
            ("loopback round trip", floor.loopbackRoundTrip), ("sync", floor.sync),
            ("sync among three", floor.syncAmongThree), ("clock reading", floor.clockRead),
            ("timer lateness", floor.timerLateness), ("thread hand-over", floor.threadHandOver),
        ]
        let rows = costs.map { name, cost in
            [name, Self.time(cost.medianNanoseconds), Self.time(cost.p99Nanoseconds), "\(cost.samples)"]
        }
        return """
            \(host.processorModel), \(host.processorCount) processors, \(host.operatingSystem), kernel \(host.kernel), \
            \(host.fileSystem)

            \(TextTable(header: ["step", "median", "p99", "samples"], rows: rows).text)
            """
    }

    private static func time(_ nanoseconds: Double) -> String {
        Quantity.describe(nanoseconds: UInt64(max(0, nanoseconds).rounded()))
    }
}
