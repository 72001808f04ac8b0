import ByteCoding
import ProtocolKit
import RESP
import Verification
import Workload

/// One counter: `add` answers the new count, `read` the count.
enum TallyService: Service {
    enum Operation: Sendable, Hashable { case add, read }
    typealias Result = UInt64
    typealias Source = TallySource
    typealias Judge = TallyJudge

    static let name = "tally"
    static let kinds = ["add", "read"]
    static let defaultMix = "add=80,read=20"
    static func kind(of operation: Operation) -> Int { operation == .add ? 0 : 1 }
}

struct TallySource: OperationSource {
    let mix: OperationMix
    var random: SeededGenerator

    init(user: Int, users: Int, options: WorkloadOptions) {
        mix = options.mix
        random = SeededGenerator(seed: options.seed).split(UInt64(user))
    }

    mutating func next() -> TallyService.Operation {
        mix.shares[mix.next(&random)].kind == "add" ? .add : .read
    }

    mutating func followUp(
        _ operation: TallyService.Operation, _ completion: Completion<UInt64>
    ) -> (operation: TallyService.Operation, delayNanoseconds: UInt64)? { nil }

    static func prologue(options: WorkloadOptions) -> [TallyService.Operation] { [.add] }
    static func epilogue(options: WorkloadOptions) -> [TallyService.Operation] { [.read] }
}

/// Judges a counter completely but for reads between: answers of `add` are distinct and in real-time order, a read
/// is at least what was answered before it, and the last read counts every answered `add` and no more than were asked.
struct TallyJudge: HistoryJudge {
    struct Entry { let isAdd: Bool, answer: UInt64?, mayHaveHappened: Bool, sent: UInt64, received: UInt64 }
    var entries: [Entry] = []
    var count: Int { entries.count }

    init(options: WorkloadOptions, promise: ConsistencyModel) {}

    mutating func record(
        client: Int, user: Int, note operation: TallyService.Operation, completion: Completion<UInt64>, sent: UInt64,
        received: UInt64
    ) {
        var answer: UInt64?
        var mayHaveHappened = true
        switch completion {
        case .answered(let value): answer = value
        case .failed: mayHaveHappened = false
        case .indeterminate: break
        }
        entries.append(
            Entry(
                isAdd: operation == .add, answer: answer, mayHaveHappened: mayHaveHappened, sent: sent,
                received: received))
    }

    mutating func merge(_ other: TallyJudge) { entries += other.entries }

    func verdicts(budgetNanoseconds: UInt64) -> [JudgedProperty] {
        [JudgedProperty(property: "counts", verdict: verdict, basis: "\(count) operations")]
    }

    private var verdict: Verdict {
        func violated(_ summary: String) -> Verdict { .violated(Counterexample(summary: summary)) }
        let asked = entries.filter { $0.isAdd && $0.mayHaveHappened }.count
        var highest = UInt64(0)
        var seen: [UInt64] = []
        // Entries are taken down in the order in which they ended.
        for entry in entries {
            guard let answer = entry.answer else { continue }
            if answer > asked { return violated("\(answer) counted of \(asked) asked for") }
            let before = entries.prefix { $0.received < entry.sent }.compactMap(\.answer).max() ?? 0
            if answer < before + (entry.isAdd ? 1 : 0) { return violated("\(answer) after \(before) was answered") }
            highest = max(highest, answer)
            if entry.isAdd { seen.append(answer) }
        }
        seen.sort()
        for (left, right) in zip(seen, seen.dropFirst()) where left == right {
            return violated("\(left) was answered twice")
        }
        guard let last = entries.last, !last.isAdd, let final = last.answer else {
            return .unknown(reason: "there is no last read")
        }
        return final < highest ? violated("\(final) at the end, \(highest) before") : .correct
    }
}

/// `TALLY ADD` or `TALLY READ`.
struct TallyRequest: ClientRequest {
    let operation: TallyService.Operation

    init(_ operation: TallyService.Operation) { self.operation = operation }

    init(_ command: RESPCommand) throws(CommandError) {
        guard command.matches("TALLY") else { throw .unknownCommand(command.text(0)) }
        guard command.count == 2 else { throw .wrongArguments(usage: "TALLY ADD|READ") }
        operation = command.matches("ADD", at: 1) ? .add : .read
    }

    func encode(into writer: inout ByteWriter) {
        writer.writeArrayHeader(2)
        writer.writeBulk("TALLY")
        writer.writeBulk(operation == .add ? "ADD" : "READ")
    }
}

enum TallyResponse: ClientResponse, Equatable {
    case count(UInt64)
    case refused(Refusal)

    static func refusal(_ refusal: Refusal) -> TallyResponse { .refused(refusal) }
    var refusal: Refusal? { if case .refused(let refusal) = self { refusal } else { nil } }

    init?(_ value: RESPValue) {
        guard case .integer(let number) = value, number >= 0 else { return nil }
        self = .count(UInt64(number))
    }

    func encode(into writer: inout ByteWriter) {
        if case .count(let number) = self { writer.writeInteger(Int64(number)) }
    }
}

/// Sends each operation once to node 0 and gives up after a time.
struct TallyClient: ProtocolClient, Sendable {
    typealias Node = TallyNode
    typealias Operation = TallyService.Operation
    typealias Result = UInt64

    let timeout: UInt64
    var pending: [(request: RequestID, operation: OperationID)] = []
    var next = UInt64(0)

    mutating func step(_ input: ClientInput<TallyClient>, at now: Now, effects: inout ClientEffects<TallyClient>) {
        switch input {
        case .start, .connected: break
        case .invoke(let operation, let kind):
            next += 1
            pending.append((RequestID(next), operation))
            effects.request(TallyRequest(kind), id: RequestID(next), to: NodeID(0))
            effects.setTimer(TimerID(UInt32(next)), at: now.monotonic + timeout)
        case .response(let response, let id, _):
            guard let place = pending.firstIndex(where: { $0.request == id }) else { return }
            let operation = pending.remove(at: place).operation
            effects.cancelTimer(TimerID(UInt32(id.rawValue)))
            switch response {
            case .count(let count): effects.complete(operation, .answered(count))
            case .refused: effects.complete(operation, .failed(.rejected))
            }
        case .unreachable:
            for item in pending {
                effects.cancelTimer(TimerID(UInt32(item.request.rawValue)))
                effects.complete(item.operation, .failed(.unreachable))
            }
            pending = []
        case .disconnected:
            for item in pending {
                effects.cancelTimer(TimerID(UInt32(item.request.rawValue)))
                effects.complete(item.operation, .indeterminate(.disconnected))
            }
            pending = []
        case .timer(let timer):
            guard let place = pending.firstIndex(where: { $0.request.rawValue == UInt64(timer.rawValue) }) else {
                return
            }
            effects.complete(pending.remove(at: place).operation, .indeterminate(.timedOut))
        }
    }
}
