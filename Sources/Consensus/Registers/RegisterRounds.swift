import ByteCoding
import ProtocolKit

/// A client's operation on its way through the two phases.
struct RegisterOperation: Sendable {
    let token: RequestToken
    /// The request as it came: key and value lie in it.
    let request: Bytes
    let isRead: Bool
    private let keyEnd: UInt32
    /// In the first phase the highest tag found so far; in the second the tag that is stored.
    var tag = RegisterTag.zero
    /// The value found with ``tag``.
    var value = Bytes()
    /// Whether ``value`` is that of ``tag``: an answer may have had no room for it.
    var hasValue = true
    /// Votes of those that hold ``tag`` durably.
    var agreeingVotes = 0

    init(token: RequestToken, request: Bytes, access: RegisterAccess) {
        self.token = token
        self.request = request
        isRead = access.isRead
        keyEnd = UInt32(truncatingIfNeeded: access.key.upperBound)
    }

    private static let keyStart = 5

    /// The key, sharing the request's storage.
    var key: Bytes { request[Self.keyStart..<Int(keyEnd)] }
    var keyCount: Int { Int(keyEnd) &- Self.keyStart }
    /// Bytes of the value that is to be stored.
    var storedCount: Int { isRead ? value.count : request.count &- Int(keyEnd) }

    /// Gives access to the key in place.
    func withKey<Result>(_ body: (UnsafeRawBufferPointer) -> Result) -> Result {
        request.withUnsafeBytes { body(UnsafeRawBufferPointer(rebasing: $0[Self.keyStart..<Int(keyEnd)])) }
    }

    /// Gives access to the value that is to be stored.
    func withStored<Result>(_ body: (UnsafeRawBufferPointer) -> Result) -> Result {
        guard !isRead else { return value.withUnsafeBytes(body) }
        return request.withUnsafeBytes { body(UnsafeRawBufferPointer(rebasing: $0[Int(keyEnd)...])) }
    }

    /// Forgets what the first phase has found.
    mutating func restart() {
        tag = .zero
        value = Bytes()
        hasValue = true
        agreeingVotes = 0
    }
}

/// One phase of some operations: sent, and waiting for a quorum.
struct RegisterRound: Sendable {
    enum Phase: Sendable {
        case query, store, done
    }

    var phase: Phase
    /// Votes that it waits for.
    let quorum: Int
    /// Votes of those who have answered.
    var votes = 0
    /// Who has answered, a bit for each place.
    var answered: UInt64 = 0
    var operations: ContiguousArray<RegisterOperation>
    /// What was sent, to be sent again.
    var body: Bytes
    var resendAt: UInt64
    var resendInterval: UInt64
}

/// The rounds under way, by number. They end in any order; the room of those that have ended is given back from the front.
struct RegisterRounds: Sendable {
    private var list = Fifo<RegisterRound>()
    /// The number of the first in the list.
    private var firstNumber = UInt64(1)
    /// Rounds under way in either phase.
    private(set) var queries = 0
    private(set) var stores = 0

    /// The number of the next round.
    var nextNumber: UInt64 { firstNumber &+ UInt64(list.count) }
    /// The numbers of the rounds that may be under way.
    var numbers: Range<UInt64> { firstNumber..<nextNumber }
    var isEmpty: Bool { queries == 0 && stores == 0 }

    /// Adds a round under ``nextNumber``.
    mutating func begin(_ round: RegisterRound) {
        if round.phase == .query { queries += 1 } else { stores += 1 }
        list.append(round)
    }

    /// The round of a number, which must be in ``numbers``.
    subscript(number: UInt64) -> RegisterRound {
        get { list[Int(number &- firstNumber)] }
        _modify { yield &list[Int(number &- firstNumber)] }
    }

    /// The phase of a round; done for one that isn't known.
    func phase(of number: UInt64) -> RegisterRound.Phase {
        numbers.contains(number) ? list[Int(number &- firstNumber)].phase : .done
    }

    /// Ends a round and gives out its operations.
    mutating func end(_ number: UInt64) -> ContiguousArray<RegisterOperation> {
        var operations: ContiguousArray<RegisterOperation> = []
        swap(&operations, &self[number].operations)
        if self[number].phase == .query { queries -= 1 } else { stores -= 1 }
        self[number].phase = .done
        self[number].body = Bytes()
        while let first = list.first, first.phase == .done {
            list.removeFirst()
            firstNumber &+= 1
        }
        return operations
    }
}
