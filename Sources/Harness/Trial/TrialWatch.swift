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
    /// When a turn began, before its end is read.
    private var begun: Reading?
    /// The turns' readings.
    private var turns: [(first: Reading, last: Reading)] = []

    init(addresses: [SocketAddress], isShared: Bool) {
        self.addresses = addresses
        self.isShared = isShared
        connections = addresses.map { try? ControlConnection(to: $0) }
    }

    func begin(_ loop: EventLoop) { begun = read(loop) }

    func end(_ loop: EventLoop) {
        if let first = begun.take() { turns.append((first, read(loop))) }
    }

    private func read(_ loop: EventLoop) -> Reading {
        Reading(
            time: MonotonicClock.now(), nodes: connections.map { try? $0?.info() },
            own: ResourceUsage.ofThisProcess(), loop: loop.ask { loop.usage }, host: try? HostActivity.now())
    }

    /// Puts the differences into the record, scaled to nothing: they are over the times between the readings.
    func fill(_ record: inout TrialRecord) {
        guard let last = turns.last?.last else { return }
        let elapsed = turns.reduce(0) { $0 + Double($1.last.time &- $1.first.time) }
        let loopNanoseconds = turns.reduce(0) {
            $0 &+ ($1.last.loop.processorNanoseconds &- $1.first.loop.processorNanoseconds)
        }
        let own = turns.map { ProcessCost($0.last.own.since($0.first.own)) }.joined { $0.add($1) }
        record.generator.busiestLoopShare = elapsed > 0 ? Double(loopNanoseconds) / elapsed : nil
        if isShared {
            record.generatorCost.processorNanoseconds = loopNanoseconds
        } else if let own {
            record.generatorCost = own
        }
        let activity = turns.compactMap { turn in
            turn.first.host.flatMap { before in turn.last.host.map { $0.since(before) } }
        }
        record.hostActivity = activity.count == turns.count ? activity.joined { $0.add($1) } : nil
        record.counters = counters()
        record.server = isShared ? sharedServer(own, loopNanoseconds) : servers(last)
        record.events = events()
        record.subjectVersion = last.nodes.compactMap { $0?["redis_version"] }.first.map { "redis \($0)" }
    }

    private func difference(_ name: String) -> UInt64? {
        var sum: UInt64 = 0
        for turn in turns {
            for (before, after) in zip(turn.first.nodes, turn.last.nodes) {
                guard let start = before?[name].flatMap({ UInt64($0) }), let end = after?[name].flatMap({ UInt64($0) })
                else { return nil }
                sum &+= end &- start
            }
        }
        return sum
    }

    private func counters() -> TrafficCounters {
        TrafficCounters(
            messages: difference("messages_sent"),
            messageBytes: difference("peer_bytes_sent"),
            clientBytes: difference("client_bytes"), logWrites: difference("log_writes"),
            logBytes: difference("log_bytes"), syncs: difference("log_syncs"))
    }

    private func servers(_ last: Reading) -> ProcessCost {
        var cost = ProcessCost()
        cost.processorNanoseconds = difference("process_processor_ns")
        cost.userNanoseconds = difference("process_user_ns")
        cost.systemNanoseconds = difference("process_system_ns")
        cost.voluntarySwitches = difference("process_voluntary_switches")
        cost.involuntarySwitches = difference("process_involuntary_switches")
        cost.allocations = difference("process_allocations")
        cost.allocatedBytes = difference("process_allocated_bytes")
        cost.peakResidentBytes = last.nodes.compactMap { $0?["process_peak_bytes"].flatMap { UInt64($0) } }.max()
        return cost
    }

    /// Of nodes in this process only what their loops used is known apart; the logs' threads are left out.
    private func sharedServer(_ own: ProcessCost?, _ generator: UInt64) -> ProcessCost {
        var cost = ProcessCost()
        cost.processorNanoseconds = own?.processorNanoseconds.map { $0 &- min(generator, $0) }
        return cost
    }

    private func events() -> [NamedCount] {
        ProtocolEvent.allCases.compactMap { event in
            guard let count = difference("event_\(event)"), count > 0 else { return nil }
            return NamedCount(name: "\(event)", count: count)
        }.sorted { $0.name < $1.name }
    }
}

extension Array {
    /// All elements put together, the first being added to; nil where there is none.
    fileprivate func joined(_ add: (inout Element, Element) -> Void) -> Element? {
        guard let first else { return nil }
        return dropFirst().reduce(into: first, add)
    }
}
