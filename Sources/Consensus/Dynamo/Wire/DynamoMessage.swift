import ByteCoding
import ProtocolKit

/// What a Dynamo node sends another at the end of a turn: everything that the turn has gathered for it.
public struct DynamoMessage: Hashable, Sendable {
    /// The parts, in order.
    var parts: ContiguousArray<DynamoPart>

    init(_ parts: ContiguousArray<DynamoPart>) {
        self.parts = parts
    }
}

/// One thing that a node tells another.
enum DynamoPart: Hashable, Sendable {
    /// The name of an operation at its coordinator: unique over its incarnations.
    typealias OperationName = UInt64

    /// Store this and say so. A hint names the replica, as a position among the members, for which it is to be kept.
    case write(OperationName, hintFor: UInt8?, VersionedRecord)
    /// It is stored durably.
    case written(OperationName)
    /// Tell what is known of a key, unless its digest is this; 0 for nothing.
    case read(OperationName, key: Bytes, digest: UInt64)
    /// What is known has the digest that was asked with.
    case readSame(OperationName)
    /// What is known, nil for nothing.
    case readAnswer(OperationName, Cell?)

    /// Coordinate a client's request. The number counts what the sender's incarnation has forwarded to the receiver.
    case forward(OperationName, incarnation: UInt64, number: UInt64, DynamoRequest)
    /// The answer to the client.
    case forwardAnswer(OperationName, DynamoResponse)

    /// Take this over: a replica that was found stale is brought up to date. Needs no answer.
    case repair(VersionedRecord)
    /// Take this over: it was kept for the receiver. The number names the state of the hint.
    case handoff(VersionedRecord, revision: UInt64)
    /// What was kept is stored durably.
    case handedOff(key: Bytes, revision: UInt64)

    /// Digests of some ranges as the sender has them.
    case ranges([RangeDigest])
    /// All the keys of a range as the sender has them.
    case keys(HashRange, [KeyDigest])
    /// Send what is known of the keys with these hashes.
    case want([UInt64])
}

/// The keys whose hash begins with some bits: a node of the Merkle tree.
struct HashRange: Hashable, Sendable, BitwiseCopyable {
    /// The number of bits, a multiple of 4, at most 60.
    let depth: UInt8
    /// The bits, highest first; all others are 0.
    let prefix: UInt64

    /// The root.
    static let all = HashRange(depth: 0, prefix: 0)

    func contains(_ hash: UInt64) -> Bool { depth == 0 || (hash ^ prefix) >> (64 - UInt64(depth)) == 0 }

    /// The sixteen ranges below.
    var children: [HashRange] {
        (0..<16).map { HashRange(depth: depth + 4, prefix: prefix | UInt64($0) << (60 - UInt64(depth))) }
    }
}

/// A range with what its sender holds of it.
struct RangeDigest: Hashable, Sendable, BitwiseCopyable {
    let range: HashRange
    /// The sum of the keys' digests.
    let digest: UInt64
    /// Number of keys.
    let count: UInt32
}

/// A key, by its hash, with the digest of what its sender knows of it.
struct KeyDigest: Hashable, Sendable, BitwiseCopyable {
    let hash: UInt64
    let digest: UInt64
}
