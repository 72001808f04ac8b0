import ProtocolKit
import Simulation

/// What a campaign went through, as a table: a campaign that never crashed a node has shown little.
struct SimulateCoverage {
    /// Names and counts, those that are not zero.
    let counts: [(name: String, count: UInt64)]

    init(_ summary: SimulationCampaign.Summary) {
        let coverage = summary.coverage
        let own: [(String, UInt64)] = [
            ("messages sent", coverage.messagesSent), ("messages dropped", coverage.messagesDropped),
            ("messages duplicated", coverage.messagesDuplicated), ("messages reordered", coverage.messagesReordered),
            ("messages stalled", coverage.messagesStalled), ("links clogged", coverage.clogs),
            ("queues overflowed", coverage.queuesOverflowed), ("partitions", coverage.partitions),
            ("links broken", coverage.linksBroken), ("clients disconnected", coverage.clientsDisconnected),
            ("nodes paused", coverage.pauses), ("nodes crashed", coverage.crashes),
            ("nodes restarted", coverage.restarts), ("unsynced bytes lost", coverage.unsyncedBytesLost),
            ("writes torn", coverage.writesTorn), ("stops for a failed disk", coverage.stopsForDisk),
            ("disks damaged", coverage.disksDamaged), ("damage detected", coverage.corruptionsDetected),
            ("nodes replaced", coverage.replacements), ("syncs", coverage.syncs),
            ("batched turns", coverage.batchedTurns), ("runs with a quorum healed", coverage.quorumsHealed),
            ("runs with replicas agreed", coverage.convergences),
        ]
        let events = ProtocolEvent.allCases.map { (Self.words("\($0)"), coverage[$0]) }
        counts = (events + own).filter { $0.1 > 0 }
    }

    /// `electionStarted` as `election started`.
    private static func words(_ name: String) -> String {
        name.reduce(into: "") { text, letter in
            if letter.isUppercase { text += " " }
            text += letter.lowercased()
        }
    }

    /// Two columns.
    var text: String {
        guard !counts.isEmpty else { return "nothing was covered" }
        let cells = counts.map { name, count in
            let number = "\(count)"
            return name + String(repeating: " ", count: max(2, 40 - name.count - number.count)) + number
        }
        let half = (cells.count + 1) / 2
        return (0..<half).map { row in
            row + half < cells.count ? "  \(cells[row])    \(cells[row + half])" : "  \(cells[row])"
        }.joined(separator: "\n")
    }
}
