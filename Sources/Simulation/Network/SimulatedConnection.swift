import ProtocolKit

/// A client's connection to a node: requests arrive in order and are answered in order, as RESP has it.
@usableFromInline
final class SimulatedConnection<Node: ProtocolNode> {
    @usableFromInline let client: Int
    @usableFromInline let node: Int
    /// Whether the client thinks of it as being made or made.
    @exclusivity(unchecked) @usableFromInline var isConnecting = true
    @exclusivity(unchecked) @usableFromInline var isOpenAtClient = false
    @exclusivity(unchecked) @usableFromInline var isOpenAtNode = false
    /// Cut: nothing in flight arrives.
    @exclusivity(unchecked) @usableFromInline var isCut = false
    /// Requests that wait for the connection.
    @exclusivity(unchecked) @usableFromInline var waiting: [(request: Node.Request, id: RequestID, cause: Cause)] = []
    @exclusivity(unchecked) @usableFromInline var lastArrivalAtNode = UInt64(0)
    @exclusivity(unchecked) @usableFromInline var lastArrivalAtClient = UInt64(0)
    /// The requests that the node has and that aren't answered, from the sequence number `firstUnanswered`.
    @exclusivity(unchecked) @usableFromInline var unanswered:
        [(id: RequestID, response: Node.Response?, cause: Cause)] = []
    @exclusivity(unchecked) @usableFromInline var head = 0
    @exclusivity(unchecked) @usableFromInline var firstUnanswered = UInt64(0)

    @inlinable
    init(client: Int, node: Int) {
        self.client = client
        self.node = node
    }

    /// Takes an arrived request in; its sequence number.
    @inlinable
    func admit(_ id: RequestID) -> UInt64 {
        unanswered.append((id, nil, Cause()))
        return firstUnanswered + UInt64(unanswered.count - head - 1)
    }

    /// Puts an answer in its place; false when there is no such request or it has its answer.
    @inlinable
    func settle(_ sequence: UInt64, _ response: Node.Response, cause: Cause) -> Bool {
        guard sequence >= firstUnanswered else { return false }
        let place = head + Int(sequence - firstUnanswered)
        guard place < unanswered.count, unanswered[place].response == nil else { return false }
        unanswered[place].response = response
        unanswered[place].cause = cause
        return true
    }

    /// The next answer in order, if it is there.
    @inlinable
    func nextAnswer() -> (id: RequestID, response: Node.Response, cause: Cause)? {
        guard head < unanswered.count, let response = unanswered[head].response else { return nil }
        let (id, _, cause) = unanswered[head]
        unanswered[head].response = nil
        head += 1
        firstUnanswered += 1
        if head == unanswered.count {
            unanswered.removeAll(keepingCapacity: true)
            head = 0
        } else if head > 64 {
            unanswered.removeFirst(head)
            head = 0
        }
        return (id, response, cause)
    }
}
