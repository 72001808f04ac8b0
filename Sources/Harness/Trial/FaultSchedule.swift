import LoopbackRuntime
import Measurement
import ProtocolKit

/// Strikes a running cluster with a trial's faults, each at its time.
struct FaultSchedule {
    let faults: [TimedFault]
    let cluster: any RunningCluster
    let leader: NodeID

    /// Waits for each fault's time and strikes, until the window ends; then mends what is cut or paused, so that what
    /// the judge reads at the end can be read.
    ///
    /// - Parameters:
    ///   - start: the window's start.
    ///   - isOver: waits until a time at most, and says whether the window has ended.
    ///   - strike: does the clients' part of a fault.
    func run(
        start: UInt64, isOver: (_ until: UInt64) -> Bool, strike: (Fault) -> Void
    ) -> [FaultRecord] {
        var records: [FaultRecord] = []
        var paused: [NodeID] = []
        for timed in faults {
            guard !isOver(start + timed.afterNanoseconds), let fault = try? timed.fault(leader: leader) else { break }
            var record = FaultRecord(fault: "\(fault)", afterNanoseconds: MonotonicClock.now() &- start)
            do {
                try cluster.apply(fault)
                strike(fault)
                if case .pause(let node) = fault { paused.append(node) }
            } catch {
                record.failure = "\(error)"
            }
            records.append(record)
        }
        while !isOver(.max) {}
        try? cluster.apply(.heal)
        for node in paused { try? cluster.apply(.resume(node)) }
        return records
    }
}
