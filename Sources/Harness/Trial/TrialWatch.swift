import Glibc
import LoopbackRuntime
import Measurement
import ProtocolKit

/// Reads what servers, generator and machine have used, where the window begins and where it ends.
final class TrialWatch {
    private struct Reading {
        var time: UInt64
        var nodes: [[String: String]?]
        var own: ResourceUsage
        var loop: LoopUsage
        var host: HostActivity?
    }

    private let addresses: [SocketAddress]
    private let isShared: Bool
    private var connections: [ControlConnection?]
    private var first: Reading?
    private var last: Reading?

    init(addresses: [SocketAddress], isShared: Bool) {
        self.addresses = addresses
        self.isShared = isShared
        connections = addresses.map { try? ControlConnection(to: $0) }
    }

    func begin(_ loop: EventLoop) { first = read(loop) }
    func end(_ loop: EventLoop) { last = read(loop) }

    private func read(_ loop: EventLoop) -> Reading {
        Reading(
            time: MonotonicClock.now(), nodes: connections.map { try? $0?.info() },
            own: ResourceUsage.ofThisProcess(), loop: loop.queue.sync { loop.usage }, host: try? HostActivity.now())
    }

    /// Puts the differences into the record, scaled to nothing: they are over the time between the readings.
    func fill(_ record: inout TrialRecord) {
        guard let first, let last else { return }
        let elapsed = Double(last.time &- first.time)
        let own = last.own.since(first.own)
        let loopNanoseconds = last.loop.processorNanoseconds &- first.loop.processorNanoseconds
        record.generator.busiestLoopShare = elapsed > 0 ? Double(loopNanoseconds) / elapsed : nil
        if isShared {
            record.generatorCost.processorNanoseconds = loopNanoseconds
        } else {
            record.generatorCost = ProcessCost(own)
        }
        if let before = first.host, let after = last.host { record.hostActivity = after.since(before) }
        record.counters = counters(first, last)
        record.server = isShared ? sharedServer(own, loopNanoseconds) : servers(first, last)
        record.events = events(first, last)
        record.subjectVersion = last.nodes.compactMap { $0?["redis_version"] }.first.map { "redis \($0)" }
    }

    private func difference(_ name: String, _ first: Reading, _ last: Reading) -> UInt64? {
        var sum: UInt64 = 0
        for (before, after) in zip(first.nodes, last.nodes) {
            guard let start = before?[name].flatMap({ UInt64($0) }), let end = after?[name].flatMap({ UInt64($0) })
            else { return nil }
            sum &+= end &- start
        }
        return sum
    }

    private func counters(_ first: Reading, _ last: Reading) -> TrafficCounters {
        TrafficCounters(
            messages: difference("messages_sent", first, last),
            messageBytes: difference("peer_bytes_sent", first, last),
            clientBytes: difference("client_bytes", first, last), logWrites: difference("log_writes", first, last),
            logBytes: difference("log_bytes", first, last), syncs: difference("log_syncs", first, last))
    }

    private func servers(_ first: Reading, _ last: Reading) -> ProcessCost {
        var cost = ProcessCost()
        cost.processorNanoseconds = difference("process_processor_ns", first, last)
        cost.userNanoseconds = difference("process_user_ns", first, last)
        cost.systemNanoseconds = difference("process_system_ns", first, last)
        cost.voluntarySwitches = difference("process_voluntary_switches", first, last)
        cost.involuntarySwitches = difference("process_involuntary_switches", first, last)
        cost.allocations = difference("process_allocations", first, last)
        cost.allocatedBytes = difference("process_allocated_bytes", first, last)
        cost.peakResidentBytes = last.nodes.compactMap { $0?["process_peak_bytes"].flatMap { UInt64($0) } }.max()
        return cost
    }

    /// Of nodes in this process only what their loops used is known apart; the logs' threads are left out.
    private func sharedServer(_ own: ResourceUsage, _ generator: UInt64) -> ProcessCost {
        var cost = ProcessCost()
        cost.processorNanoseconds = own.processorNanoseconds &- min(generator, own.processorNanoseconds)
        return cost
    }

    private func events(_ first: Reading, _ last: Reading) -> [NamedCount] {
        ProtocolEvent.allCases.compactMap { event in
            guard let count = difference("event_\(event)", first, last), count > 0 else { return nil }
            return NamedCount(name: "\(event)", count: count)
        }.sorted { $0.name < $1.name }
    }
}
