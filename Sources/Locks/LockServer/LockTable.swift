import ProtocolKit

/// One request for a lock from its arrival until it is released, expired or cancelled.
struct Claim: Sendable {
    /// Where it stands.
    enum State: Sendable { case free, waiting, holding }

    var state = State.free
    var lock: Int32 = -1
    var owner: ShortName
    var request: RequestToken
    var leaseNanoseconds: UInt64
    var arrival: UInt64
    var arrivedAt: UInt64
    var token: UInt64 = 0
    /// Neighbours in the lock's queue; `nextInQueue` also chains the free claims.
    var previousInQueue: Int32 = -1
    var nextInQueue: Int32 = -1
    /// Neighbours among the claims of the connection.
    var previousOfConnection: Int32 = -1
    var nextOfConnection: Int32 = -1
    /// Whether the connection's end gives the claim up.
    var isTied = false
}

/// A lock's holder, queue and fence.
struct Lock: Sendable {
    var name: ShortName
    var holder: Int32 = -1
    var head: Int32 = -1
    var tail: Int32 = -1
    var waiting: Int32 = 0
    /// The largest token that the guarded resource has accepted; 0 for none.
    var fence: UInt64 = 0
    /// False for a place that waits to be used again.
    var isKnown = true
    /// Chains the free places.
    var nextFree: Int32 = -1

    init(name: ShortName) { self.name = name }
}

/// The locks and claims of a server: arrays of reused places with intrusive lists, so that a request allocates nothing.
struct LockTable: Sendable {
    private var numbers: [ShortName: Int32] = [:]
    private var connections: [UInt64: Int32] = [:]
    private(set) var locks: [Lock] = []
    private(set) var claims: [Claim] = []
    private var freeLock: Int32 = -1
    private var freeClaim: Int32 = -1
    private(set) var lockCount = 0
    private(set) var claimCount = 0

    /// The number of a lock that is known.
    func number(of name: ShortName) -> Int32? { numbers[name] }

    /// The number of a lock, made known if it isn't.
    mutating func number(making name: ShortName) -> Int32 {
        if let number = numbers[name] { return number }
        let number: Int32
        if freeLock >= 0 {
            number = freeLock
            freeLock = locks[Int(number)].nextFree
            locks[Int(number)] = Lock(name: name)
        } else {
            number = Int32(locks.count)
            locks.append(Lock(name: name))
        }
        numbers[name] = number
        lockCount += 1
        return number
    }

    /// Forgets a lock that nobody holds, awaits or has written behind.
    mutating func forgetIfIdle(_ lock: Int32) {
        let place = locks[Int(lock)]
        guard place.isKnown, place.holder < 0, place.head < 0, place.fence == 0 else { return }
        numbers[place.name] = nil
        locks[Int(lock)].isKnown = false
        locks[Int(lock)].nextFree = freeLock
        freeLock = lock
        lockCount -= 1
    }

    /// Adds a claim, tied to its connection, neither waiting nor holding.
    mutating func add(_ claim: Claim) -> Int32 {
        let index: Int32
        if freeClaim >= 0 {
            index = freeClaim
            freeClaim = claims[Int(index)].nextInQueue
            claims[Int(index)] = claim
        } else {
            index = Int32(claims.count)
            claims.append(claim)
        }
        claimCount += 1
        let connection = claim.request.connection.rawValue
        let first = connections[connection] ?? -1
        claims[Int(index)].nextOfConnection = first
        claims[Int(index)].isTied = true
        if first >= 0 { claims[Int(first)].previousOfConnection = index }
        connections[connection] = index
        return index
    }

    /// Removes a claim that is neither waiting nor holding.
    mutating func remove(_ index: Int32) {
        untie(index)
        claims[Int(index)].state = .free
        claims[Int(index)].nextInQueue = freeClaim
        freeClaim = index
        claimCount -= 1
    }

    /// Takes a claim out of its connection's list.
    mutating func untie(_ index: Int32) {
        let claim = claims[Int(index)]
        guard claim.isTied else { return }
        if claim.nextOfConnection >= 0 {
            claims[Int(claim.nextOfConnection)].previousOfConnection = claim.previousOfConnection
        }
        if claim.previousOfConnection >= 0 {
            claims[Int(claim.previousOfConnection)].nextOfConnection = claim.nextOfConnection
        } else {
            connections[claim.request.connection.rawValue] =
                claim.nextOfConnection >= 0 ? claim.nextOfConnection : nil
        }
        claims[Int(index)].isTied = false
        claims[Int(index)].previousOfConnection = -1
        claims[Int(index)].nextOfConnection = -1
    }

    /// Puts a claim at the end of its lock's queue.
    mutating func enqueue(_ index: Int32) {
        let lock = Int(claims[Int(index)].lock)
        claims[Int(index)].state = .waiting
        claims[Int(index)].previousInQueue = locks[lock].tail
        claims[Int(index)].nextInQueue = -1
        if locks[lock].tail >= 0 {
            claims[Int(locks[lock].tail)].nextInQueue = index
        } else {
            locks[lock].head = index
        }
        locks[lock].tail = index
        locks[lock].waiting += 1
    }

    /// Takes a waiting claim out of its lock's queue.
    mutating func dequeue(_ index: Int32) {
        let claim = claims[Int(index)]
        let lock = Int(claim.lock)
        assert(claim.state == .waiting, "only a waiting claim stands in a queue")
        if claim.previousInQueue >= 0 {
            claims[Int(claim.previousInQueue)].nextInQueue = claim.nextInQueue
        } else {
            locks[lock].head = claim.nextInQueue
        }
        if claim.nextInQueue >= 0 {
            claims[Int(claim.nextInQueue)].previousInQueue = claim.previousInQueue
        } else {
            locks[lock].tail = claim.previousInQueue
        }
        locks[lock].waiting -= 1
    }

    /// Makes a claim that doesn't wait its lock's holder.
    mutating func hold(_ index: Int32, token: UInt64) {
        claims[Int(index)].state = .holding
        claims[Int(index)].token = token
        locks[Int(claims[Int(index)].lock)].holder = index
    }

    /// Takes the lock away from its holder.
    mutating func unhold(_ index: Int32) {
        let lock = Int(claims[Int(index)].lock)
        assert(locks[lock].holder == index, "only the holder holds")
        locks[lock].holder = -1
    }

    /// Raises a lock's fence.
    mutating func raiseFence(_ lock: Int32, to token: UInt64) {
        locks[Int(lock)].fence = token
    }

    /// The claims of a connection, latest first.
    func claims(of connection: ConnectionID) -> [Int32] {
        var found: [Int32] = []
        var index = connections[connection.rawValue] ?? -1
        while index >= 0 {
            found.append(index)
            index = claims[Int(index)].nextOfConnection
        }
        return found
    }
}
