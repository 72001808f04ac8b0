import ByteCoding
import ProtocolKit

/// Bounds of one client's connection.
enum ClientBounds {
    /// Most requests that may wait for their answers before the connection isn't read any further.
    static let inFlight = 16_384
    /// Most answer bytes that may wait for the client to read them before the connection isn't read any further.
    static let outputBytes = 4 << 20
}

/// One client's connection to a node: answers leave in the order of the requests, whatever the order they come in.
final class ClientConnection<Response: ClientResponse>: @unchecked Sendable {  // confined to its node's loop
    enum Answer {
        case none
        case response(Response)
        case raw(Bytes)
    }

    let id: ConnectionID
    let channel: Channel
    var isDirty = false
    var isPaused = false
    var isClosing = false
    /// Whether it ends without waiting for answers that are due.
    var isDropped = false
    private(set) var nextRequest: UInt64 = 0
    private var nextAnswer: UInt64 = 0
    /// Answers that came before their turn, by sequence number modulo the count.
    private var early: ContiguousArray<Answer> = []
    private var earlyCount = 0

    init(id: ConnectionID, channel: Channel) {
        self.id = id
        self.channel = channel
    }

    /// Requests without an answer.
    var inFlight: Int { Int(nextRequest - nextAnswer) }

    /// The place of the next request.
    func beginRequest() -> UInt64 {
        defer { nextRequest &+= 1 }
        return nextRequest
    }

    /// Takes an answer and writes all that are due.
    func answer(_ sequence: UInt64, _ answer: Answer, write: (Answer, inout ByteWriter) -> Void) {
        guard sequence >= nextAnswer, sequence < nextRequest else { return }
        if sequence == nextAnswer {
            write(answer, &channel.outbound)
            nextAnswer &+= 1
            if earlyCount > 0 { writeDue(write) }
        } else {
            keep(sequence, answer)
        }
    }

    private func keep(_ sequence: UInt64, _ answer: Answer) {
        let needed = Int(sequence - nextAnswer) + 1
        if needed > early.count { grow(needed) }
        let place = Int(truncatingIfNeeded: sequence) & (early.count - 1)
        if case .none = early[place] { earlyCount += 1 }
        early[place] = answer
    }

    private func grow(_ needed: Int) {
        var size = max(64, early.count)
        while size < needed { size *= 2 }
        var larger = ContiguousArray<Answer>(repeating: .none, count: size)
        for offset in 0..<UInt64(early.count) {
            let sequence = nextAnswer + offset
            larger[Int(truncatingIfNeeded: sequence) & (size - 1)] =
                early[Int(truncatingIfNeeded: sequence) & (early.count - 1)]
        }
        early = larger
    }

    private func writeDue(_ write: (Answer, inout ByteWriter) -> Void) {
        while earlyCount > 0 {
            let place = Int(truncatingIfNeeded: nextAnswer) & (early.count - 1)
            if case .none = early[place] { return }
            write(early[place], &channel.outbound)
            early[place] = .none
            earlyCount -= 1
            nextAnswer &+= 1
        }
    }
}
