import ArgumentParser
import Harness
import ProtocolKit

/// `coordbench list`
struct ListCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "list",
        abstract: "Shows what can be measured.",
        discussion: """
            Without a name, a table of all systems. With one, everything about it: its source, its options with their \
            values, what one operation must cost by the paper, and the planted faults that show that its checkers work.

              coordbench list
              coordbench list raft
              coordbench list --family locks --format json
            """)

    @Argument(help: "A system to tell everything about.")
    var system: String?

    @Option(help: "Only one family: consensus, locks, placement or commit.")
    var family: SystemDescriptor.Family?

    @Option(help: "How to print it: text or json.")
    var format = ListFormat.text

    func run() throws {
        var listing = CatalogueListing(.all, family: family)
        if let system {
            _ = try SystemCatalogue.all.entry(named: system)
            listing = listing.only(system)
        }
        switch format {
        case .json: try Terminal.write(JSONText.of(listing))
        case .text: try Terminal.write(system == nil ? listing.text : listing.details)
        }
    }
}

/// Text for people or JSON for programs.
enum ListFormat: String, ExpressibleByArgument, CaseIterable {
    case text, json
}

extension SystemDescriptor.Family: ExpressibleByArgument {}
