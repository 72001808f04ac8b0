import Measurement
import ProtocolKit

/// Takes a trial's figures down while it runs: nothing here allocates once it is warm, but the judge's history.
struct LoadRecorder<Offer: Service> {
    struct Kind {
        var completed: UInt64 = 0
        var completedInWindow: UInt64 = 0
        var errors = ContiguousArray<UInt64>(repeating: 0, count: OperationError.allCases.count)
        var latency = LatencyHistogram()
        var service = LatencyHistogram()
        var timeline = Timeline()
    }

    var kinds = ContiguousArray<Kind>(repeating: Kind(), count: Offer.kinds.count)
    var account = ArrivalAccount()
    var completedPerClient: [UInt64]
    var wakeLateness = LatencyHistogram()
    var backPressureWait = LatencyHistogram()
    var judge: Offer.Judge?
    /// Who got what between faults; nil in a trial without.
    var availability: AvailabilityLedger?
    var windowStart = UInt64.max
    var windowEnd = UInt64.max
    /// Whether what ends now belongs to the turn under way: nothing does once what was left over has been counted as such.
    private var isOpen = true
    /// The windows of the turns before, together, in nanoseconds.
    private var nanosecondsBefore: UInt64 = 0

    /// The windows of all turns together, in nanoseconds.
    var windowNanoseconds: UInt64 { nanosecondsBefore &+ (windowEnd &- windowStart) }

    /// A turn's window is at this time.
    mutating func beginWindow(at start: UInt64, nanoseconds: UInt64) {
        nanosecondsBefore = windowNanoseconds
        availability?.begin(at: start)
        windowStart = start
        windowEnd = start + nanoseconds
        isOpen = true
    }

    /// All operations of the turn are accounted for; one that ends later is taken down for the judge only.
    mutating func closeAccounts() { isOpen = false }

    init(clients: Int, judge: Offer.Judge?) {
        completedPerClient = Array(repeating: 0, count: clients)
        self.judge = judge
    }

    /// The time in the window at a moment within it, without what lies between turns.
    private func sinceStart(_ time: UInt64) -> UInt64 { nanosecondsBefore &+ (time &- windowStart) }

    /// Whether an intended start lies in the window.
    func isCounted(_ intended: UInt64) -> Bool {
        isOpen && intended >= windowStart && intended < windowEnd
    }

    /// Takes down one ended operation.
    mutating func ended(
        kind: Int, client: Int, user: Int, note: Offer.Note, completion: Completion<Offer.Result>,
        intended: UInt64, sent: UInt64, received: UInt64
    ) {
        judge?.record(
            client: client, user: user, note: note, completion: completion, sent: sent, received: received)
        availability?.ended(kind: kind, client: client, completion: completion, sent: sent, received: received)
        let isInWindow = received >= windowStart && received < windowEnd
        let isCounted = isCounted(intended)
        switch completion {
        case .answered:
            if isInWindow {
                kinds[kind].completedInWindow &+= 1
                completedPerClient[client] &+= 1
                kinds[kind].timeline.recordCompletion(
                    atNanoseconds: sinceStart(received), latencyNanoseconds: received &- intended)
            }
            guard isCounted else { return }
            kinds[kind].completed &+= 1
            account.completed &+= 1
            kinds[kind].latency.record(received &- intended)
            kinds[kind].service.record(received &- sent)
        case .failed(let error), .indeterminate(let error):
            if isInWindow { kinds[kind].timeline.recordError(atNanoseconds: sinceStart(received)) }
            guard isCounted else { return }
            kinds[kind].errors[Int(error.rawValue)] &+= 1
            if error == .timedOut { account.timedOut &+= 1 } else { account.failed &+= 1 }
        }
    }

    /// The figures by kind; kinds that never came are left out.
    func operationRecords() -> [OperationRecord] {
        zip(Offer.kinds, kinds).compactMap { name, kind in
            let errors = OperationError.allCases.compactMap { error -> NamedCount? in
                let count = kind.errors[Int(error.rawValue)]
                return count > 0 ? NamedCount(name: error.name, count: count) : nil
            }
            guard kind.completed > 0 || kind.completedInWindow > 0 || !errors.isEmpty else { return nil }
            return OperationRecord(
                kind: name, completed: kind.completed, completedInWindow: kind.completedInWindow, errors: errors,
                latency: kind.latency, service: kind.service,
                effectiveSamples: EffectiveSample.sizes(of: kind.timeline))
        }
    }

    /// All kinds over time.
    func timeline() -> Timeline {
        var sum = Timeline()
        for kind in kinds { sum.add(kind.timeline) }
        return sum
    }
}
