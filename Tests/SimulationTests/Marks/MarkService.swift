import ByteCoding
import ProtocolKit
import RESP
import Verification
import Workload

/// A growing set: `add` makes a mark, `read` says how many there are.
enum MarkService: Service {
    typealias Operation = TallyService.Operation
    typealias Result = UInt64
    typealias Source = TallySource
    typealias Judge = MarkJudge

    static let name = "marks"
    static let kinds = TallyService.kinds
    static let defaultMix = "add=70,read=30"
    static func kind(of operation: Operation) -> Int { TallyService.kind(of: operation) }
}

/// A read shows at least every mark whose making was answered before it was sent, and no more than were asked for.
struct MarkJudge: HistoryJudge {
    typealias Operation = TallyService.Operation
    typealias Result = UInt64

    var adds: [(answered: UInt64?, Void)] = []
    var reads: [(sent: UInt64, count: UInt64)] = []
    var count: Int { adds.count + reads.count }

    init(options: WorkloadOptions, promise: ConsistencyModel) {}

    mutating func record(
        client: Int, user: Int, note operation: Operation, completion: Completion<UInt64>, sent: UInt64,
        received: UInt64
    ) {
        switch (operation, completion) {
        case (.add, .answered): adds.append((received, ()))
        case (.add, .indeterminate): adds.append((nil, ()))
        case (.read, .answered(let count)): reads.append((sent, count))
        default: break
        }
    }

    mutating func merge(_ other: MarkJudge) {
        adds += other.adds
        reads += other.reads
    }

    func verdicts(budgetNanoseconds: UInt64) -> [JudgedProperty] {
        [JudgedProperty(property: "marks", verdict: verdict, basis: "\(count) operations")]
    }

    private var verdict: Verdict {
        for read in reads {
            let made = adds.count { $0.answered.map { $0 < read.sent } ?? false }
            if read.count < made || read.count > adds.count {
                let summary = "\(read.count) read, \(made) made before of \(adds.count) asked for"
                return .violated(Counterexample(summary: summary))
            }
        }
        return reads.isEmpty ? .unknown(reason: "nothing was read") : .correct
    }
}

/// `MARK` or `MARKS`.
struct MarkRequest: ClientRequest {
    let isAdd: Bool

    init(_ isAdd: Bool) { self.isAdd = isAdd }

    init(_ command: RESPCommand) throws(CommandError) {
        guard command.matches("MARK") || command.matches("MARKS") else { throw .unknownCommand(command.text(0)) }
        isAdd = command.matches("MARK")
    }

    func encode(into writer: inout ByteWriter) {
        writer.writeArrayHeader(1)
        writer.writeBulk(isAdd ? "MARK" : "MARKS")
    }
}

typealias MarkResponse = TallyResponse

/// Asks its server, and another once that one can't be reached or doesn't answer.
struct MarkClient: ProtocolClient, Sendable {
    typealias Node = MarkNode
    typealias Operation = TallyService.Operation
    typealias Result = UInt64

    let members: [NodeID]
    var server: NodeID
    let timeout: UInt64
    var pending: [(request: RequestID, operation: OperationID, server: NodeID)] = []
    var next = UInt64(0)

    init(members: [NodeID], server: NodeID, timeout: UInt64) {
        self.members = members
        self.server = server
        self.timeout = timeout
    }

    mutating func step(_ input: ClientInput<MarkClient>, at now: Now, effects: inout ClientEffects<MarkClient>) {
        switch input {
        case .start, .connected: break
        case .invoke(let operation, let kind):
            next += 1
            pending.append((RequestID(next), operation, server))
            effects.request(MarkRequest(kind == .add), id: RequestID(next), to: server)
            effects.setTimer(TimerID(UInt32(next)), at: now.monotonic + timeout)
        case .response(.count(let count), let id, _): end(.answered(count), &effects) { $0.request == id }
        case .response(.refused, let id, _): end(.failed(.rejected), &effects) { $0.request == id }
        case .unreachable(let lost):
            leave(lost)
            end(.failed(.unreachable), &effects) { $0.server == lost }
        case .disconnected(let lost):
            leave(lost)
            end(.indeterminate(.disconnected), &effects) { $0.server == lost }
        case .timer(let timer):
            if let late = pending.first(where: { $0.request.rawValue == UInt64(timer.rawValue) }) { leave(late.server) }
            end(.indeterminate(.timedOut), &effects) { $0.request.rawValue == UInt64(timer.rawValue) }
        }
    }

    private mutating func leave(_ lost: NodeID) {
        guard server == lost else { return }
        server = members[(Int(lost.rawValue) + 1) % members.count]
    }

    private mutating func end(
        _ completion: Completion<UInt64>, _ effects: inout ClientEffects<MarkClient>,
        _ isMeant: ((request: RequestID, operation: OperationID, server: NodeID)) -> Bool
    ) {
        for place in pending.indices.reversed() where isMeant(pending[place]) {
            let item = pending.remove(at: place)
            effects.cancelTimer(TimerID(UInt32(item.request.rawValue)))
            effects.complete(item.operation, completion)
        }
    }
}
