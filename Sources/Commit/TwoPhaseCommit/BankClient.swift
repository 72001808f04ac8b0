import ProtocolKit

/// The client of a coordinator: one request for each operation and a time allowed for each. Nothing is sent twice: a
/// transfer whose outcome isn't known may have happened.
public struct BankClient: ProtocolClient, Sendable {
    /// The nodes it talks to.
    public typealias Node = TwoPhaseCommit
    /// What users ask of it.
    public typealias Operation = BankOperation
    /// What users get.
    public typealias Result = BankResult

    static let timeoutTimer = TimerID(1)
    static let pauseTimer = TimerID(2)
    static let pauseNanoseconds: UInt64 = .milliseconds(10)

    private struct Pending: Sendable {
        var id: OperationID
        /// Kept while it waits for a pause to end; nil once sent.
        var unsent: BankOperation?
    }

    private let coordinator: NodeID
    private let timeoutNanoseconds: UInt64
    private var nextRequest = UInt64(0)
    private var pending: [UInt64: Pending] = [:]
    /// Requests by the end of their time, which is the order of their numbers.
    private var deadlines: [(number: UInt64, deadline: UInt64)] = []
    private var head = 0
    private var isPaused = false
    private var isTimerSet = false

    init(coordinator: NodeID, timeoutNanoseconds: UInt64) {
        self.coordinator = coordinator
        self.timeoutNanoseconds = timeoutNanoseconds
    }

    /// Handles one input.
    public mutating func step(
        _ input: ClientInput<BankClient>, at now: Now, effects: inout ClientEffects<BankClient>
    ) {
        switch input {
        case .invoke(let id, let operation): invoke(id, operation, now.monotonic, &effects)
        case .response(let response, let request, _): answer(response, request.rawValue, &effects)
        case .disconnected: endRequests(.indeterminate(.disconnected), now.monotonic, &effects)
        case .unreachable: endRequests(.failed(.unreachable), now.monotonic, &effects)
        case .timer(Self.timeoutTimer): timeOut(now.monotonic, &effects)
        case .timer(Self.pauseTimer): resume(&effects)
        case .start, .connected, .timer: break
        }
    }

    private mutating func invoke(
        _ id: OperationID, _ operation: BankOperation, _ now: UInt64, _ effects: inout ClientEffects<BankClient>
    ) {
        nextRequest += 1
        pending[nextRequest] = Pending(id: id, unsent: isPaused ? operation : nil)
        deadlines.append((nextRequest, now + timeoutNanoseconds))
        if !isPaused { effects.request(BankRequest(operation), id: RequestID(nextRequest), to: coordinator) }
        if !isTimerSet { armTimer(&effects) }
    }

    private mutating func answer(
        _ response: BankResponse, _ number: UInt64, _ effects: inout ClientEffects<BankClient>
    ) {
        guard let request = pending.removeValue(forKey: number) else { return }
        effects.complete(request.id, Self.completion(of: response))
        dropEnded()
    }

    private static func completion(of response: BankResponse) -> Completion<BankResult> {
        switch response {
        case .result(let result): .answered(result)
        case .refused(.overloaded): .failed(.overloaded)
        case .refused(.redirect), .refused(.noLeader): .failed(.noLeader)
        case .refused(.sessionExpired): .failed(.sessionExpired)
        case .refused(.rejected): .failed(.rejected)
        }
    }

    private mutating func timeOut(_ now: UInt64, _ effects: inout ClientEffects<BankClient>) {
        isTimerSet = false
        while head < deadlines.count {
            let (number, deadline) = deadlines[head]
            if let request = pending[number] {
                guard deadline <= now else { break }
                pending[number] = nil
                let wasSent = request.unsent == nil
                effects.complete(request.id, wasSent ? .indeterminate(.timedOut) : .failed(.timedOut))
            }
            head += 1
        }
        dropEnded()
        armTimer(&effects)
    }

    private mutating func armTimer(_ effects: inout ClientEffects<BankClient>) {
        guard head < deadlines.count else { return }
        isTimerSet = true
        effects.setTimer(Self.timeoutTimer, at: deadlines[head].deadline)
    }

    /// Forgets the times of requests that have ended, without moving the rest each time.
    private mutating func dropEnded() {
        while head < deadlines.count, pending[deadlines[head].number] == nil { head += 1 }
        if head == deadlines.count {
            deadlines.removeAll(keepingCapacity: true)
            head = 0
        } else if head >= 1_024, head * 2 >= deadlines.count {
            deadlines.removeSubrange(0..<head)
            head = 0
        }
    }

    /// Ends what was sent on a connection that is gone, or never was, and waits a little before the next attempt.
    private mutating func endRequests(
        _ completion: Completion<BankResult>, _ now: UInt64, _ effects: inout ClientEffects<BankClient>
    ) {
        for (number, _) in deadlines[head...] {
            guard let request = pending[number], request.unsent == nil else { continue }
            pending[number] = nil
            effects.complete(request.id, completion)
        }
        isPaused = true
        effects.setTimer(Self.pauseTimer, at: now + Self.pauseNanoseconds)
    }

    private mutating func resume(_ effects: inout ClientEffects<BankClient>) {
        isPaused = false
        for (number, _) in deadlines[head...] {
            guard let operation = pending[number]?.unsent else { continue }
            pending[number]?.unsent = nil
            effects.request(BankRequest(operation), id: RequestID(number), to: coordinator)
        }
    }
}
