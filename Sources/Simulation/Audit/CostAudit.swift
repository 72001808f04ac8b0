import ProtocolKit
import Workload

/// Compares what single operations cost in a run without faults with what the paper says they cost.
///
/// One user does one operation at a time and rests until everything that the operation caused has come to rest. Every
/// message takes equally long and every sync a hundredth of that; each input is a turn of its own. What an operation
/// caused is followed through requests, messages and syncs; what a timer starts (heartbeats, resends) belongs to none.
public enum CostAudit {
    /// What an operation was seen to cost.
    public struct MeasuredCost: Sendable, Hashable {
        /// Message delays from the client's request to its reply, both counted; nil when a timer lay in between.
        public var messageDelays: Int?
        /// Messages between nodes that the operation caused, before its reply and after.
        public var messages: Int
        /// Syncs on the critical path, one after the other.
        public var syncDelays: Int
        /// Syncs that the operation caused, on all disks.
        public var syncs: Int
        /// From invocation to answer; the delays and syncs account for all of it.
        public var nanoseconds: UInt64

        /// Whether the time taken is that of the delays and syncs counted: the two are counted independently.
        public var accountsForTime: Bool {
            guard let messageDelays else { return false }
            let expected =
                UInt64(messageDelays) * CostMeter.delayNanoseconds + UInt64(syncDelays) * CostMeter.syncNanoseconds
            return expected == nanoseconds
        }
    }

    /// One kind of operation at one number of nodes.
    public struct Row: Sendable, Hashable {
        /// Number of nodes.
        public var nodes: Int
        /// What the paper says.
        public var expected: OperationCost
        /// What was seen most often; nil when the kind was never seen.
        public var measured: MeasuredCost?
        /// Operations seen.
        public var samples: Int
        /// Operations that cost just ``measured``.
        public var agreeing: Int
        /// Bytes between nodes for each operation, frames included, on average over those seen, whose keys and numbers
        /// differ in length; the same in every run. Nil when the kind was never seen.
        public var messageBytes: Double?
        /// Bytes to and from the client for each operation, likewise.
        public var clientBytes: Double?
        /// Bytes that the nodes' steps allocate for an operation, the median of those seen, so that a table which grows or
        /// a type that is met for the first time doesn't count. Nil when the kind was never seen, or nothing counts.
        public var allocatedBytes: Double?

        /// Whether every operation seen cost exactly what the paper says.
        public var isEqual: Bool {
            guard let measured, agreeing == samples else { return false }
            return measured.messageDelays == expected.messageDelays && measured.messages == expected.messages
                && measured.syncDelays == expected.syncDelays && measured.syncs == expected.syncs
                && measured.accountsForTime
        }
    }

    /// Operations before counting begins: connections are made and the leader is found.
    @usableFromInline static let warmUp = 16
    /// Operations counted in one run.
    @usableFromInline static let counted = 64

    /// Audits every kind of operation that the system states a cost for.
    ///
    /// - Parameters:
    ///   - variant: the system's options.
    ///   - nodes: numbers of nodes; those outside the system's range are passed over.
    ///   - allocatedBytes: reads how many bytes the allocator has given the calling thread so far.
    /// - Throws: ``OptionError`` naming the valid options where one is unknown or out of range.
    public static func run<System: ClusterSystem>(
        _ type: System.Type, variant: VariantOptions = VariantOptions(), nodes: [Int] = [3, 5, 7],
        allocatedBytes: (@Sendable () -> UInt64)? = nil
    ) throws(OptionError) -> [Row] {
        let system = try System(options: variant, mutation: nil)
        var rows: [Row] = []
        for count in nodes where System.descriptor.nodeRange.contains(count) {
            let mixed = costs(system, nodes: count, mix: nil, allocatedBytes)
            for expected in system.costs(nodes: count) {
                var seen = mixed.filter { $0.kind == expected.kind }
                if seen.isEmpty, let mix = try? OperationMix(parsing: expected.kind) {
                    seen = costs(system, nodes: count, mix: mix, allocatedBytes).filter { $0.kind == expected.kind }
                }
                rows.append(row(nodes: count, expected, seen, isAllocationCounted: allocatedBytes != nil))
            }
        }
        return rows
    }

    /// One operation as it was seen.
    private struct Sighting {
        var kind: String
        var cost: MeasuredCost
        var messageBytes: Int
        var clientBytes: Int
        var allocatedBytes: UInt64
    }

    private static func row(
        nodes: Int, _ expected: OperationCost, _ seen: [Sighting], isAllocationCounted: Bool
    ) -> Row {
        var most: (cost: MeasuredCost, count: Int)?
        for cost in seen.map(\.cost) {
            let count = seen.filter { $0.cost == cost }.count
            if count > most?.count ?? 0 { most = (cost, count) }
        }
        func mean(_ bytes: (Sighting) -> Int) -> Double? {
            seen.isEmpty ? nil : Double(seen.reduce(0) { $0 + bytes($1) }) / Double(seen.count)
        }
        let allocated = seen.map(\.allocatedBytes).sorted()
        return Row(
            nodes: nodes, expected: expected, measured: most?.cost, samples: seen.count, agreeing: most?.count ?? 0,
            messageBytes: mean(\.messageBytes), clientBytes: mean(\.clientBytes),
            allocatedBytes: isAllocationCounted && !allocated.isEmpty ? Double(allocated[allocated.count / 2]) : nil)
    }

    /// A run whose client sits where it is served best: at the leader, in the run itself.
    ///
    /// Which node is elected may depend on where the client sits, so seats are tried until it sits at the one elected;
    /// where nobody leads, or no seat is the leader's, the last run tried stands.
    private static func seated<System: ClusterSystem>(
        _ system: System, _ options: SimulationOptions, _ allocatedBytes: (@Sendable () -> UInt64)?
    ) -> Engine<System> {
        var options = options
        var untried = Array(0..<options.nodes)
        while true {
            let engine = Engine(system: system, options: options)
            engine.meter.allocatedBytes = allocatedBytes
            engine.run()
            let leader = (0..<options.nodes).first { engine.nodes.isUp($0) && engine.nodes[$0].status.isLeader }
            guard let leader, leader != options.preferredNode, !untried.isEmpty else { return engine }
            options.preferredNode = untried.remove(at: untried.firstIndex(of: leader) ?? 0)
        }
    }

    private static func costs<System: ClusterSystem>(
        _ system: System, nodes: Int, mix: OperationMix?, _ allocatedBytes: (@Sendable () -> UInt64)?
    ) -> [Sighting] {
        var options = SimulationOptions(for: System.self)
        options.nodes = nodes
        options.clients = 1
        options.usersPerClient = 1
        options.operations = warmUp + counted
        options.livenessOperations = 0
        options.workload.holdNanoseconds = 0
        options.countsCosts = true
        if let mix { options.workload.mix = mix }
        let engine = seated(system, options, allocatedBytes)
        // The prologue's operations come first and don't count either, nor does the epilogue's.
        return engine.meter.counts.filter(\.isInLoad).dropFirst(warmUp).compactMap { count in
            guard count.kind >= 0, count.isAnswered else { return nil }
            let cost = MeasuredCost(
                messageDelays: count.delays, messages: count.messages, syncDelays: count.syncDelays,
                syncs: count.syncs, nanoseconds: count.nanoseconds)
            return Sighting(
                kind: System.Offer.kinds[count.kind], cost: cost, messageBytes: count.messageBytes,
                clientBytes: count.clientBytes, allocatedBytes: count.allocatedBytes)
        }
    }
}
