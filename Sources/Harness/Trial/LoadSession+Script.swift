import Measurement
import ProtocolKit

/// Operations that are done once, before or after the load.
struct OperationScript<Offer: Service> {
    /// Most operations of a script under way at once; a short script is done strictly in order.
    static var depth: Int { 32 }
    private static var tries: Int { 50 }

    let operations: [Offer.Operation]
    let mustSucceed: Bool
    /// Whether it removes what nobody knows of, so that it is no part of the history and the prologue follows.
    var isCleanup = false
    var next = 0
    var underWay: [Int: (place: Int, sent: UInt64)] = [:]
    var retries: [Int] = []
    var triesLeft = OperationScript.tries
    var nextID: UInt64 = 1 << 40

    init(_ operations: [Offer.Operation], mustSucceed: Bool) {
        self.operations = operations
        self.mustSucceed = mustSucceed
    }

    var depth: Int { operations.count <= 2 * Self.depth ? 1 : Self.depth }
    var isDone: Bool { next == operations.count && underWay.isEmpty && retries.isEmpty }
}

extension LoadSession {
    private var scriptUser: Int { users.count }

    /// Starts what there is room for; when all is done, the next phase.
    func advanceScript() {
        let now = MonotonicClock.now()
        if phase == .epilogue { deadline = now + plan.timeoutNanoseconds * 2 + .seconds(1) }
        while let current = script, current.underWay.count < current.depth,
            !current.retries.isEmpty || current.next < current.operations.count
        {
            let place: Int
            if let retry = script?.retries.popLast() {
                place = retry
            } else {
                place = current.next
                script?.next += 1
            }
            let id = current.nextID
            script?.nextID += 1
            script?.underWay[Int(id)] = (place, now)
            clients.invoke(place % plan.clients, OperationID(id), current.operations[place], at: now)
        }
        guard script?.isDone == true else { return }
        if script?.isCleanup == true {
            script = prologue
            return advanceScript()
        }
        script = nil
        if phase == .prologue { beginRest() } else if phase == .epilogue { end(now) }
    }

    func scriptEnded(_ id: OperationID, _ completion: Completion<Offer.Result>, at received: UInt64) {
        guard let (place, sent) = script?.underWay.removeValue(forKey: Int(id.rawValue)),
            let operation = script?.operations[place]
        else { return }
        if script?.isCleanup == false {
            recorder.judge?.record(
                client: place % plan.clients, user: scriptUser, note: Offer.note(of: operation),
                completion: completion, sent: sent, received: received)
        }
        switch completion {
        case .answered: break
        case .failed(let error), .indeterminate(let error):
            guard script?.mustSucceed == true else { break }
            if script?.triesLeft == 0 {
                failure = .preparationFailed(
                    operation: place + 1, of: script?.operations.count ?? 0, error: error.name)
                return end(received)
            }
            script?.triesLeft -= 1
            script?.retries.append(place)
        }
        advanceScript()
    }
}
