/// What an event in the queue is; `target` and `payload` mean what each case says.
@usableFromInline
enum EventKind: UInt8 {
    /// Node `target` starts.
    case start
    /// A message in slot `payload` arrives at node `target`.
    case message
    /// Timer `payload` of node `target`.
    case nodeTimer
    /// Node `target` handles its inbox.
    case turn
    /// The sync of node `target` is done; `payload` is the incarnation's low bits.
    case synced
    /// Node `target` is told that everything up to its last ticket is synced, which is a lie.
    case lie
    /// A snapshot read in slot `payload` of node `target` is done.
    case snapshotRead
    /// Nodes `target` and `payload` try to connect.
    case connect
    /// Node `target` notices that the link to node `payload` is down.
    case linkDown
    /// What stood still in the direction `payload` arrives.
    case unstall
    /// A request in slot `payload` arrives.
    case request
    /// A response in slot `payload` arrives.
    case response
    /// Client connection `payload` is being made.
    case clientConnect
    /// The client of connection `payload` notices its end.
    case clientDown
    /// The node of connection `payload` notices its end.
    case clientGone
    /// Timer `payload` of client `target`.
    case clientTimer
    /// User `payload` goes on.
    case user
    /// The fault kind `payload` strikes.
    case strike
    /// The scheduled fault `payload` happens.
    case fault
    /// Node `target`, still in the incarnation with the low bits `payload`, crashes in its sync.
    case crash
    /// The replicas are compared.
    case settle
    /// The time for phase `payload` is up.
    case phaseEnd
}

/// One event: 24 bytes, ordered by time and then by the order of scheduling.
@usableFromInline
struct Event {
    @usableFromInline var time: UInt64
    @usableFromInline var sequence: UInt64
    @usableFromInline var payload: UInt32
    @usableFromInline var target: UInt16
    @usableFromInline var kind: EventKind

    @inlinable
    init(time: UInt64, sequence: UInt64, payload: UInt32, target: UInt16, kind: EventKind) {
        self.time = time
        self.sequence = sequence
        self.payload = payload
        self.target = target
        self.kind = kind
    }

    @inlinable
    @inline(__always)
    static func precedes(_ left: Event, _ right: Event) -> Bool {
        left.time < right.time || (left.time == right.time && left.sequence < right.sequence)
    }
}

/// A binary heap of events.
@usableFromInline
struct EventQueue {
    @usableFromInline var heap: [Event] = []
    @usableFromInline var nextSequence = UInt64(0)

    @inlinable
    init() {
        heap.reserveCapacity(1024)
    }

    /// Schedules an event.
    @inlinable
    mutating func push(_ kind: EventKind, at time: UInt64, target: Int, payload: UInt32) {
        let event = Event(
            time: time, sequence: nextSequence, payload: payload, target: UInt16(truncatingIfNeeded: target),
            kind: kind)
        nextSequence &+= 1
        heap.append(event)
        var hole = heap.count - 1
        heap.withUnsafeMutableBufferPointer { heap in
            while hole > 0 {
                let parent = (hole - 1) >> 1
                guard Event.precedes(event, heap[parent]) else { break }
                heap[hole] = heap[parent]
                hole = parent
            }
            heap[hole] = event
        }
    }

    /// Takes the next event out, or nil when there is none.
    @inlinable
    mutating func pop() -> Event? {
        guard let last = heap.popLast() else { return nil }
        guard !heap.isEmpty else { return last }
        return heap.withUnsafeMutableBufferPointer { heap in
            let first = heap[0]
            let count = heap.count
            var hole = 0
            while true {
                var child = 2 * hole + 1
                guard child < count else { break }
                if child + 1 < count, Event.precedes(heap[child + 1], heap[child]) { child += 1 }
                guard Event.precedes(heap[child], last) else { break }
                heap[hole] = heap[child]
                hole = child
            }
            heap[hole] = last
            return first
        }
    }
}

/// Values kept under small numbers that are used again.
@usableFromInline
struct Slab<Element> {
    @usableFromInline var elements: [Element?] = []
    @usableFromInline var free: [UInt32] = []

    @inlinable
    init() {}

    @inlinable
    mutating func insert(_ element: consuming Element) -> UInt32 {
        if let slot = free.popLast() {
            elements[Int(slot)] = element
            return slot
        }
        elements.append(element)
        return UInt32(elements.count - 1)
    }

    /// Takes out what was inserted; each slot can be taken once.
    @inlinable
    mutating func take(_ slot: UInt32) -> Element {
        guard let element = elements[Int(slot)].take() else { preconditionFailure("slot \(slot) is empty") }
        free.append(slot)
        return element
    }
}
