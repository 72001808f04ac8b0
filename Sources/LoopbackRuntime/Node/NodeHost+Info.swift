import Measurement
import ProtocolKit

extension NodeHost {
    /// The answer to `INFO`: sections of `name:value` lines, as Redis has it. Times are in nanoseconds.
    func info() -> String {
        let status = node.status
        let log = logCounters
        var clientBytes = counters.clientBytes
        for case let client? in clients { clientBytes &+= client.channel.bytesRead &+ client.channel.bytesWritten }
        var lines = [
            "# Node", "coordbench_wire_version:\(PeerHello.version)", "node:\(configuration.id)",
            "cluster:\(configuration.cluster)", "durability:\(configuration.durability.rawValue)",
            "role:\(status.role)", "is_leader:\(status.isLeader ? 1 : 0)",
            "leader:\(status.leader.map { "\($0)" } ?? "")", "connected_clients:\(clientCount)",
            "peers_up:\(peers.count { $0.isUp })",
        ]
        lines += status.facts.map { "\($0.name):\($0.value)" }
        lines += [
            "", "# Counters", "messages_sent:\(counters.messagesSent)", "peer_bytes_sent:\(counters.peerBytesSent)",
            "requests:\(counters.requests)", "client_bytes:\(clientBytes)", "log_writes:\(log.writes)",
            "log_syncs:\(log.syncs)", "log_bytes:\(log.bytes)",
            "loop_processor_ns:\(loop.usage.processorNanoseconds)",
            "loop_wakes:\(loop.usage.wakes)",
        ]
        lines += ["", "# Process"] + processLines()
        lines += ["", "# Events"]
        lines += ProtocolEvent.allCases.map { "event_\($0):\(counters.events[Int($0.rawValue)])" }
        return lines.joined(separator: "\r\n") + "\r\n"
    }

    private func processLines() -> [String] {
        let usage = ResourceUsage.ofThisProcess()
        var lines = [
            "process_processor_ns:\(usage.processorNanoseconds)", "process_user_ns:\(usage.userNanoseconds)",
            "process_system_ns:\(usage.systemNanoseconds)",
            "process_voluntary_switches:\(usage.voluntarySwitches)",
            "process_involuntary_switches:\(usage.involuntarySwitches)",
            "process_peak_bytes:\(usage.peakResidentBytes)",
        ]
        if let counts = configuration.allocations.read() {
            lines += ["process_allocations:\(counts.allocations)", "process_allocated_bytes:\(counts.bytes)"]
        }
        return lines
    }
}
