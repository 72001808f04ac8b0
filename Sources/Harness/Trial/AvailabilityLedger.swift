import ProtocolKit

/// Counts what clients on either side of a partition get, between one fault and the next.
struct AvailabilityLedger {
    private struct Cell {
        var kinds: [KindAvailability]
        var lastAnswer: UInt64
        var longestSilence: UInt64 = 0
        /// Slots with an answer, and the newest of them.
        var servedSlots: UInt64 = 0
        var lastSlot = UInt64.max
    }

    /// The grain of ``AvailabilityRecord/servedShare``.
    static let slotNanoseconds: UInt64 = 20_000_000

    private struct Period {
        var fault: String
        var from: UInt64
        var cells: [Cell]
    }

    private let kinds: [String]
    /// The side of each client: 0 for those that a partition names, 1 for the rest.
    private let sideOfClient: [Int]
    private let nodes: Int
    /// Nodes on the named side; nil before a partition has said so.
    private var nodesOnNamedSide: Int?
    private var windowStart: UInt64 = 0
    private var periods: [Period] = []

    /// A ledger of a trial with faults.
    init(_ plan: PlannedTrial, kinds: [String]) {
        self.kinds = kinds
        nodes = plan.nodes
        let named = plan.faults.lazy.compactMap(\.separatedClients).first
        sideOfClient = (0..<plan.clients).map { client in named.map { $0.contains(client) ? 0 : 1 } ?? 0 }
    }

    private var sideCount: Int { (sideOfClient.max() ?? 0) + 1 }

    /// The window begins.
    mutating func begin(at time: UInt64) {
        windowStart = time
        open("", at: time)
    }

    /// A fault has struck.
    mutating func strike(_ fault: Fault, at time: UInt64) {
        if case .partition(let named, _) = fault, nodesOnNamedSide == nil { nodesOnNamedSide = named.count }
        close(at: time)
        open("\(fault)", at: time)
    }

    private mutating func open(_ fault: String, at time: UInt64) {
        let empty = Cell(kinds: kinds.map { KindAvailability(kind: $0) }, lastAnswer: time)
        periods.append(Period(fault: fault, from: time, cells: Array(repeating: empty, count: sideCount)))
    }

    private mutating func close(at time: UInt64) {
        guard let last = periods.indices.last else { return }
        for side in periods[last].cells.indices {
            let silence = time &- min(time, periods[last].cells[side].lastAnswer)
            periods[last].cells[side].longestSilence = max(periods[last].cells[side].longestSilence, silence)
        }
    }

    /// Takes down one ended operation of the load.
    mutating func ended<Result>(
        kind: Int, client: Int, completion: Completion<Result>, sent: UInt64, received: UInt64
    ) {
        guard sent >= windowStart, let begun = periods.lastIndex(where: { $0.from <= sent }) else { return }
        let side = sideOfClient[client]
        periods[begun].cells[side].kinds[kind].attempted &+= 1
        switch completion {
        case .answered:
            periods[begun].cells[side].kinds[kind].answered &+= 1
            guard let now = periods.indices.last, received >= periods[now].from else { return }
            let silence = received &- min(received, periods[now].cells[side].lastAnswer)
            periods[now].cells[side].longestSilence = max(periods[now].cells[side].longestSilence, silence)
            periods[now].cells[side].lastAnswer = max(periods[now].cells[side].lastAnswer, received)
            let slot = (received &- periods[now].from) / Self.slotNanoseconds
            guard slot != periods[now].cells[side].lastSlot else { return }
            periods[now].cells[side].lastSlot = slot
            periods[now].cells[side].servedSlots &+= 1
        case .failed: periods[begun].cells[side].kinds[kind].refused &+= 1
        case .indeterminate: periods[begun].cells[side].kinds[kind].indeterminate &+= 1
        }
    }

    /// The records, by period and side.
    mutating func records(windowEnd: UInt64) -> [AvailabilityRecord] {
        close(at: windowEnd)
        var records: [AvailabilityRecord] = []
        for (place, period) in periods.enumerated() {
            let end = place + 1 < periods.count ? periods[place + 1].from : windowEnd
            for (side, cell) in period.cells.enumerated() {
                records.append(
                    AvailabilityRecord(
                        side: name(ofSide: side), since: period.fault, fromNanoseconds: period.from &- windowStart,
                        toNanoseconds: end &- windowStart, clients: sideOfClient.count { $0 == side },
                        kinds: cell.kinds.filter { $0.attempted > 0 },
                        longestSilenceNanoseconds: min(cell.longestSilence, end &- period.from),
                        servedShare: Self.share(cell.servedSlots, of: end &- min(end, period.from))))
            }
        }
        return records
    }

    private static func share(_ slots: UInt64, of length: UInt64) -> Double? {
        let all = length / slotNanoseconds
        return all == 0 ? nil : min(1, Double(slots) / Double(all))
    }

    private func name(ofSide side: Int) -> String {
        guard sideCount == 2, let named = nodesOnNamedSide else { return "all" }
        return (side == 0) == (named * 2 > nodes) ? "majority" : "minority"
    }
}
