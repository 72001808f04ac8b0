import ByteCoding
import ProtocolKit

/// A change to one account: what is added to its balance.
struct Posting: Hashable, Sendable {
    var account: UInt32
    var delta: Int64
}

/// A participant's part of a transaction.
enum Work: Hashable, Sendable {
    /// One posting, or both where both accounts are kept here.
    case post(Posting, Posting?)
    /// Open those of a range that aren't open.
    case open(first: UInt32, count: UInt32, balance: Int64)
    /// Read a range; an empty one means: the sum of all.
    case read(first: UInt32, count: UInt32)
}

/// What a participant answers to PREPARE.
enum Vote: Hashable, Sendable {
    case yes
    case readOnly
    case no(AbortReason)
}

/// What the coordinator and the participants send each other.
public enum TwoPhaseMessage: Hashable, Sendable {
    /// PREPARE with the work to be done. `age` orders transactions for wait-die and stays through retries; `oldest` is
    /// the smallest number that the coordinator still has under way: participants forget decisions below it and take no
    /// PREPARE below it.
    case prepare(Begin)
    /// READ: the execution phase of a reading transaction.
    case read(Begin)
    /// PREPARE of a reading transaction; the stamp is that of the values.
    case prepareRead(id: UInt64, stamp: UInt64)
    /// COMMIT.
    case commit(id: UInt64)
    /// ABORT.
    case abort(id: UInt64)
    /// A vote, and the acknowledgements of earlier commits that it carries along.
    case vote(Ballot)
    /// What was read, under locks that the stamp names.
    case values(id: UInt64, stamp: UInt64, values: [Int64])
    /// Acknowledgements of commits whose records are durable.
    case acknowledge([UInt64])
    /// What has become of a transaction in doubt?
    case inquire(id: UInt64)

    /// The contents of PREPARE and READ.
    public struct Begin: Hashable, Sendable {
        var id: TransactionID
        var age: TransactionID
        var oldest: TransactionID
        var work: Work
    }

    /// The contents of a vote.
    public struct Ballot: Hashable, Sendable {
        var id: TransactionID
        var vote: Vote
        var acknowledged: [UInt64]
    }
}

extension TwoPhaseMessage: WireCodable {
    static let valuesLimit = 1 << 16
    static let acknowledgementLimit = 1 << 16

    /// Appends the binary form.
    public func encode(into writer: inout ByteWriter) {
        switch self {
        case .prepare(let begin):
            writer.write(UInt8(1))
            begin.encode(into: &writer)
        case .read(let begin):
            writer.write(UInt8(2))
            begin.encode(into: &writer)
        case .prepareRead(let id, let stamp):
            writer.write(UInt8(3))
            writer.write(id)
            writer.write(stamp)
        case .commit(let id):
            writer.write(UInt8(4))
            writer.write(id)
        case .abort(let id):
            writer.write(UInt8(5))
            writer.write(id)
        case .vote(let ballot):
            writer.write(UInt8(6))
            ballot.encode(into: &writer)
        case .values(let id, let stamp, let values):
            writer.write(UInt8(7))
            writer.write(id)
            writer.write(stamp)
            writer.write(UInt32(values.count))
            for value in values { writer.write(value) }
        case .acknowledge(let ids):
            writer.write(UInt8(8))
            writer.write(identifiers: ids)
        case .inquire(let id):
            writer.write(UInt8(9))
            writer.write(id)
        }
    }

    /// Reads the binary form.
    public init(from reader: inout ByteReader) throws(WireError) {
        switch try reader.read(UInt8.self) {
        case 1: self = .prepare(try Begin(from: &reader))
        case 2: self = .read(try Begin(from: &reader))
        case 3: self = .prepareRead(id: try reader.read(), stamp: try reader.read())
        case 4: self = .commit(id: try reader.read())
        case 5: self = .abort(id: try reader.read())
        case 6: self = .vote(try Ballot(from: &reader))
        case 7:
            let id = try reader.read(UInt64.self)
            let stamp = try reader.read(UInt64.self)
            let count = try reader.readCount(limit: Self.valuesLimit, of: "number of values")
            guard reader.remaining >= 8 * count else { throw .truncated }
            var values: [Int64] = []
            values.reserveCapacity(count)
            for _ in 0..<count { values.append(try reader.read()) }
            self = .values(id: id, stamp: stamp, values: values)
        case 8: self = .acknowledge(try reader.readIdentifiers(limit: Self.acknowledgementLimit))
        case 9: self = .inquire(id: try reader.read())
        case let tag: throw .unknownTag(what: "two-phase message", value: UInt64(tag))
        }
    }
}

extension TwoPhaseMessage.Begin {
    func encode(into writer: inout ByteWriter) {
        writer.write(id.rawValue)
        writer.write(age.rawValue)
        writer.write(oldest.rawValue)
        work.encode(into: &writer)
    }

    init(from reader: inout ByteReader) throws(WireError) {
        id = TransactionID(try reader.read())
        age = TransactionID(try reader.read())
        oldest = TransactionID(try reader.read())
        work = try Work(from: &reader)
    }
}

extension TwoPhaseMessage.Ballot {
    func encode(into writer: inout ByteWriter) {
        writer.write(id.rawValue)
        switch vote {
        case .yes: writer.write(UInt8(0))
        case .readOnly: writer.write(UInt8(255))
        case .no(let reason): writer.write(reason.rawValue)
        }
        writer.write(identifiers: acknowledged)
    }

    init(from reader: inout ByteReader) throws(WireError) {
        id = TransactionID(try reader.read())
        switch try reader.read(UInt8.self) {
        case 0: vote = .yes
        case 255: vote = .readOnly
        case let code:
            guard let reason = AbortReason(rawValue: code) else {
                throw .unknownTag(what: "vote", value: UInt64(code))
            }
            vote = .no(reason)
        }
        acknowledged = try reader.readIdentifiers(limit: TwoPhaseMessage.acknowledgementLimit)
    }
}

extension Work: WireCodable {
    func encode(into writer: inout ByteWriter) {
        switch self {
        case .post(let first, let second):
            writer.write(UInt8(second == nil ? 1 : 2))
            first.encode(into: &writer)
            second?.encode(into: &writer)
        case .open(let first, let count, let balance):
            writer.write(UInt8(3))
            writer.write(first)
            writer.write(count)
            writer.write(balance)
        case .read(let first, let count):
            writer.write(UInt8(4))
            writer.write(first)
            writer.write(count)
        }
    }

    init(from reader: inout ByteReader) throws(WireError) {
        switch try reader.read(UInt8.self) {
        case 1: self = .post(try Posting(from: &reader), nil)
        case 2: self = .post(try Posting(from: &reader), try Posting(from: &reader))
        case 3:
            let (first, count) = try reader.readAccountRange()
            let balance = try reader.read(Int64.self)
            guard (0...BankRequest.amountLimit).contains(balance) else { throw .invalid(what: "opening balance") }
            self = .open(first: first, count: count, balance: balance)
        case 4:
            let (first, count) = try reader.readAccountRange()
            guard count <= BankRequest.rangeLimit else { throw .invalid(what: "range of accounts") }
            self = .read(first: first, count: count)
        case let tag: throw .unknownTag(what: "work", value: UInt64(tag))
        }
    }
}

extension Posting: WireCodable {
    func encode(into writer: inout ByteWriter) {
        writer.write(account)
        writer.write(delta)
    }

    init(from reader: inout ByteReader) throws(WireError) {
        account = try reader.read()
        delta = try reader.read()
        guard account < BankRequest.accountLimit else { throw .invalid(what: "account number") }
        guard delta.magnitude <= BankRequest.amountLimit.magnitude else { throw .invalid(what: "amount") }
    }
}

extension ByteWriter {
    /// Appends transaction numbers after their count.
    mutating func write(identifiers: [UInt64]) {
        write(UInt32(identifiers.count))
        for id in identifiers { write(id) }
    }
}

extension ByteReader {
    /// Reads transaction numbers after their count.
    mutating func readIdentifiers(limit: Int) throws(WireError) -> [UInt64] {
        let count = try readCount(limit: limit, of: "number of transactions")
        guard count > 0 else { return [] }
        guard remaining >= 8 * count else { throw .truncated }
        var ids: [UInt64] = []
        ids.reserveCapacity(count)
        for _ in 0..<count { ids.append(try read()) }
        return ids
    }

    /// Reads a range of account numbers.
    mutating func readAccountRange() throws(WireError) -> (first: UInt32, count: UInt32) {
        let first = try read(UInt32.self)
        let count = try read(UInt32.self)
        guard UInt64(first) + UInt64(count) <= UInt64(BankRequest.accountLimit) else {
            throw .invalid(what: "range of accounts")
        }
        return (first, count)
    }
}
