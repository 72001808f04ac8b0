import Measurement
import ProtocolKit
import ThreadLocks
import Verification

extension SystemCatalogue {
    /// The locks among threads of one process.
    static let threadLocks = ThreadLockCatalogue.entries.map { entry in
        CatalogueEntry(
            descriptor: SystemDescriptor(
                name: entry.name, family: .locks, summary: entry.summary, source: entry.source,
                options: entry.options.map { option in
                    OptionSpecification(
                        option.name, .integer(Int(option.allowed.lowerBound)...Int(option.allowed.upperBound)),
                        default: "\(option.defaultValue)", help: option.meaning)
                },
                defaultNodes: 1, nodeRange: 1...1),
            service: .threadLock, subject: .threads, run: { try ThreadLockRun.run($0, in: $1) })
    }
}

/// Runs a planned trial of a lock among threads, and makes its record.
enum ThreadLockRun {
    /// Acquire latencies into a histogram.
    private struct HistogramSink: LatencySink {
        var histogram = LatencyHistogram()
        mutating func record(_ nanoseconds: UInt64) { histogram.record(nanoseconds) }
    }

    /// - Throws: `ThreadLockError` where the load isn't valid or the system refuses a thread.
    static func run(_ plan: PlannedTrial, in environment: TrialEnvironment) throws -> TrialRecord? {
        guard !environment.interruption.isRequested else { return nil }
        var record = environment.record(of: plan)
        let usage = ResourceUsage.ofThisProcess()
        let (result, sinks) = try ThreadLockTrial.run(lock: plan.variant, load: load(of: plan)) { _ in HistogramSink() }
        let latency = sinks.reduce(into: LatencyHistogram()) { $0.add($1.histogram) }
        record.windowNanoseconds = result.windowNanoseconds
        record.arrivals = ArrivalAccount(offered: result.acquisitions, completed: result.acquisitions)
        record.operations = [OperationRecord(kind: "acquire", completed: result.acquisitions, latency: latency)]
        record.setCompletedPerClient(result.threads.map(\.acquisitions))
        record.server = cost(of: result.threads, in: ResourceUsage.ofThisProcess().since(usage))
        record.setExtra("overtakes", plan.isJudged ? result.order.map { Double($0.overtakes) } : nil)
        record.setExtra("longest_wait_ns", Double(result.threads.map(\.longestWaitNanoseconds).max() ?? 0))
        record.setExtra("contended_acquisitions", Double(result.contendedAcquisitions))
        record.setExtra("lock_idle_ns", Double(result.idleNanoseconds))
        record.verdicts = plan.isJudged ? verdicts(on: result) : [JudgedProperty.switchedOff]
        TrialValidity.judge(&record)
        return record
    }

    private static func load(of plan: PlannedTrial) -> ThreadLockLoad {
        var think: UInt64 = 0
        if case .closed(let nanoseconds) = plan.arrival { think = nanoseconds }
        return ThreadLockLoad(
            threads: plan.clients, warmUp: .nanoseconds(plan.warmUpNanoseconds),
            window: plan.requests.map { .acquisitions(UInt64($0)) } ?? .nanoseconds(plan.windowNanoseconds),
            auditedAcquisitions: plan.isJudged ? 16_384 : 0,
            criticalSectionNanoseconds: plan.workload.holdNanoseconds, thinkNanoseconds: think, seed: plan.seed)
    }

    /// The processor time and switches of the competing threads in the window, as each thread read them.
    private static func cost(of threads: [ThreadLockThreadResult], in usage: ResourceUsage) -> ProcessCost {
        var cost = ProcessCost()
        let user = threads.reduce(0) { $0 + $1.userCPUNanoseconds }
        let system = threads.reduce(0) { $0 + $1.systemCPUNanoseconds }
        (cost.userNanoseconds, cost.systemNanoseconds, cost.processorNanoseconds) = (user, system, user + system)
        cost.voluntarySwitches = threads.reduce(0) { $0 + $1.voluntarySwitches }
        cost.involuntarySwitches = threads.reduce(0) { $0 + $1.involuntarySwitches }
        cost.peakResidentBytes = usage.peakResidentBytes
        return cost
    }

    /// What the evidence shows. A lock that nobody had to wait for proves nothing about exclusion or order.
    static func verdicts(on result: ThreadLockResult) -> [JudgedProperty] {
        let exclusion = result.exclusion
        let basis =
            "\(exclusion.acquisitions) critical sections, \(result.contendedAcquisitions) contended in the window"
        var exclusive = Verdict.correct
        if !exclusion.isUpheld {
            exclusive = .violated(
                Counterexample(
                    summary: "two threads inside at once: \(exclusion.acquisitions) critical sections left the counter "
                        + "at \(exclusion.sharedCounter), \(exclusion.tornInvariants) saw half of another's writes"))
        } else if result.contendedAcquisitions == 0 {
            exclusive = .unknown(reason: "no acquisition was contended: there was nothing to exclude")
        }
        var properties = [
            JudgedProperty(property: "mutual-exclusion", verdict: exclusive, basis: basis),
            JudgedProperty(
                property: "deadlock-freedom",
                verdict: result.isStalled
                    ? .violated(Counterexample(summary: "no thread acquired any more: the lock lost somebody"))
                    : .correct,
                basis: basis),
        ]
        if result.claimsFirstComeFirstServed { properties.append(order(result.order)) }
        return properties
    }

    private static func order(_ audit: OrderAudit?) -> JudgedProperty {
        let property = "first-come-first-served"
        guard let audit, audit.audited > 0 else {
            return JudgedProperty(
                property: property, verdict: .unknown(reason: "no acquisition was audited"), basis: "nothing")
        }
        let verdict: Verdict =
            if audit.overtakes > 0 {
                .violated(
                    Counterexample(
                        summary: "\(audit.overtakes) requests were served before earlier ones, one of which was "
                            + "overtaken \(audit.worstOvertaken) times"))
            } else if audit.waited == 0 {
                .unknown(reason: "nobody had to wait in the audit: no order was tested")
            } else {
                .correct
            }
        return JudgedProperty(
            property: property, verdict: verdict,
            basis: "\(audit.audited) audited acquisitions, of which \(audit.waited) waited")
    }
}

extension JudgedProperty {
    /// What stands in a record when judging was switched off: unknown, which is never a pass.
    static let switchedOff = JudgedProperty(
        property: "unjudged", verdict: .unknown(reason: "judging was switched off"), basis: "nothing")
}
