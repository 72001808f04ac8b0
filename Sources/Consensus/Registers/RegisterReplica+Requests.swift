import ByteCoding
import ProtocolKit

extension RegisterReplica {
    /// Whether writes' first phase has a quorum of its own.
    private var separatesWrites: Bool {
        assignment.read != assignment.write || options.mutation == .ownVersion
    }

    /// A client's request: it waits for the end of the turn.
    mutating func accept(_ request: Request, _ token: RequestToken, effects: inout Effects<Self>) {
        guard let access = request.registerAccess else {
            return effects.reply(.refusal(.rejected("registers serve GET and SET, without sessions")), to: token)
        }
        guard operationCount < options.maximumOperations, operationBytes < options.maximumBytes else {
            effects.count(.refused)
            return effects.reply(.refusal(.overloaded), to: token)
        }
        operationCount &+= 1
        operationBytes &+= request.payload.count
        let queue = !access.isRead && separatesWrites ? 1 : 0
        gathered[queue].append(RegisterOperation(token: token, request: request.payload, access: access))
        observed.begunIn = queue
    }

    /// Answers a client.
    mutating func finish(
        _ operation: RegisterOperation, _ response: KeyValueResponse, effects: inout Effects<Self>
    ) {
        effects.reply(response, to: operation.token)
        operationCount &-= 1
        operationBytes &-= operation.request.count
        observed.ended.append(operation)
    }

    /// Takes as many operations off a list's front as a message may carry.
    func batch(
        from list: inout ContiguousArray<RegisterOperation>, size: (RegisterOperation) -> Int
    ) -> (operations: ContiguousArray<RegisterOperation>, bytes: Int) {
        var count = 0
        var bytes = 0
        while count < list.count, count < options.batchOperations {
            let next = size(list[count])
            if count > 0, bytes + next > options.batchBytes { break }
            bytes += next
            count += 1
        }
        var operations: ContiguousArray<RegisterOperation> = []
        if count == list.count {
            swap(&operations, &list)
        } else {
            operations = ContiguousArray(list[..<count])
            list.removeFirst(count)
        }
        return (operations, bytes)
    }

    /// A round's number as peers know it.
    func roundID(_ number: UInt64) -> UInt64 {
        options.mutation == .staleAnswers ? number : incarnation << RegisterLimits.roundBits | number
    }

    /// The number of a round of this incarnation, nil for one of another.
    func roundNumber(_ id: UInt64) -> UInt64? {
        if options.mutation == .staleAnswers { return id }
        return id >> RegisterLimits.roundBits == incarnation ? id & (1 << RegisterLimits.roundBits - 1) : nil
    }

    /// Begins a round of which the own replica's part is done, or will be once it is durable, and sends it to the others.
    ///
    /// - Returns: the round's number.
    mutating func begin(
        _ phase: RegisterRound.Phase, _ operations: ContiguousArray<RegisterOperation>, quorum: Int, body: Bytes,
        at now: Now, effects: inout Effects<Self>
    ) -> UInt64 {
        let number = rounds.nextNumber
        rounds.begin(
            RegisterRound(
                phase: phase, quorum: quorum, operations: operations, body: body,
                resendAt: now.monotonic + options.resendInterval, resendInterval: options.resendInterval))
        if number >> RegisterLimits.roundBits != 0 {
            halt("the round numbers of an incarnation are used up; restart the node", effects: &effects)
        }
        for other in others { send(number, to: other, effects: &effects) }
        return number
    }

    /// Sends a round's message to a replica.
    private func send(_ number: UInt64, to other: Int, effects: inout Effects<Self>) {
        let round = rounds[number]
        let count = round.operations.count
        let message: RegisterMessage
        switch round.phase {
        case .query: message = .query(RegisterQuery(round: roundID(number), count: count, body: round.body))
        case .store: message = .store(RegisterStoreRequest(round: roundID(number), count: count, body: round.body))
        case .done: return
        }
        effects.send(message, to: members[other])
    }

    /// Sends again what wasn't answered for too long.
    mutating func resendDue(at now: Now, effects: inout Effects<Self>) {
        isResendSet = false
        var next = UInt64.max
        for number in rounds.numbers where rounds.phase(of: number) != .done {
            if rounds[number].resendAt <= now.monotonic {
                rounds[number].resendInterval = min(2 * rounds[number].resendInterval, .seconds(2))
                rounds[number].resendAt = now.monotonic + rounds[number].resendInterval
                resend(number, toAll: ~0, effects: &effects)
            }
            next = min(next, rounds[number].resendAt)
        }
        guard next < .max else { return }
        isResendSet = true
        effects.setTimer(RegisterTimer.resend, at: next)
    }

    /// Sends a round again to those of a set of places who haven't answered.
    func resend(_ number: UInt64, toAll places: UInt64, effects: inout Effects<Self>) {
        for other in others where places & ~rounds[number].answered & 1 << UInt64(other) != 0 {
            send(number, to: other, effects: &effects)
        }
    }

    /// A peer can be reached again: what it missed is sent at once.
    mutating func linkUp(_ peer: NodeID, effects: inout Effects<Self>) {
        guard let place = place(of: peer) else { return }
        linked |= 1 << UInt64(place)
        for number in rounds.numbers where rounds.phase(of: number) != .done {
            resend(number, toAll: 1 << UInt64(place), effects: &effects)
        }
        if recovery != nil { askForTransfer(place, effects: &effects) }
    }
}
