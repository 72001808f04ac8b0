import ByteCoding
import ProtocolKit

/// A client's operation at its coordinator, or at the node that forwarded it.
struct DynamoOperation: Sendable {
    enum Kind: Sendable {
        case free, read, write, forward
    }

    /// Who is answered.
    enum Origin: Sendable {
        /// A client of this node.
        case client(RequestToken)
        /// The node at a position, for the operation that it has forwarded under a name.
        case peer(Int, DynamoPart.OperationName)
    }

    var kind = Kind.free
    var generation: UInt32 = 0
    var origin: Origin
    var request: DynamoRequest
    var hash: UInt64
    /// How many answers it waits for.
    var quorum: Int
    /// Of a read what has been gathered so far, of a write what is written.
    var cell: Cell?
    /// Of a read the digest of what the coordinator itself held, 0 for nothing.
    var ownDigest: UInt64 = 0
    /// Of a write the coded form.
    var record: VersionedRecord?
    /// Of a write what is answered in the end.
    var response = DynamoResponse.done
    /// Nodes that were asked, by position; of a forward the one that coordinates.
    var asked: UInt64 = 0
    /// Nodes that have answered.
    var answered: UInt64 = 0
    /// Of a read, those whose answer lacked something.
    var stale: UInt64 = 0
    /// Whether the client is answered; what remains is to learn who has missed it.
    var isAnswered = false
    /// When silent replicas are looked after, on the monotonic clock.
    var silentAt: UInt64
    /// When it is given up.
    var deadline: UInt64

    init(
        _ kind: Kind, _ origin: Origin, _ request: DynamoRequest, hash: UInt64, quorum: Int, silentAt: UInt64,
        deadline: UInt64
    ) {
        self.kind = kind
        self.origin = origin
        self.request = request
        self.hash = hash
        self.quorum = quorum
        self.silentAt = silentAt
        self.deadline = deadline
    }

    /// Whether enough nodes have answered.
    var hasQuorum: Bool { answered.nonzeroBitCount >= quorum }
}

/// The operations under way: slots that are used again under another generation, so that an answer that comes late, or
/// to another incarnation, finds nothing.
struct OperationTable: Sendable {
    private(set) var slots: ContiguousArray<DynamoOperation> = []
    private var free: ContiguousArray<Int32> = []

    var count: Int { slots.count - free.count }

    /// Adds an operation and returns its slot.
    mutating func insert(_ operation: DynamoOperation) -> Int {
        guard let slot = free.popLast() else {
            slots.append(operation)
            return slots.count - 1
        }
        let generation = slots[Int(slot)].generation
        slots[Int(slot)] = operation
        slots[Int(slot)].generation = generation
        return Int(slot)
    }

    /// Ends an operation and lets go of what it holds.
    mutating func remove(_ slot: Int) {
        slots[slot].kind = .free
        slots[slot].generation = (slots[slot].generation + 1) & 0xFF_FFFF
        slots[slot].cell = nil
        slots[slot].record = nil
        slots[slot].request = DynamoRequest(.get, key: Bytes())
        slots[slot].response = .done
        free.append(Int32(slot))
    }

    subscript(slot: Int) -> DynamoOperation {
        _read { yield slots[slot] }
        _modify { yield &slots[slot] }
    }

    /// A slot's name among all operations of all incarnations: 24 bits of incarnation, 24 of generation, 16 of slot.
    func name(_ slot: Int, incarnation: UInt64) -> DynamoPart.OperationName {
        incarnation << 40 | UInt64(slots[slot].generation) << 16 | UInt64(slot)
    }

    /// The slot of a name, nil when the operation has ended or is another kind's.
    func slot(of name: DynamoPart.OperationName, incarnation: UInt64, _ kind: DynamoOperation.Kind) -> Int? {
        let slot = Int(name & 0xFFFF)
        guard name >> 40 == incarnation & 0xFF_FFFF, slot < slots.count, slots[slot].kind == kind,
            UInt64(slots[slot].generation) == name >> 16 & 0xFF_FFFF
        else { return nil }
        return slot
    }
}
