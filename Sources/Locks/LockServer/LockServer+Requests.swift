import ProtocolKit

extension LockServer {
    mutating func handle(
        _ request: LockRequest, _ token: RequestToken, _ now: UInt64, _ effects: inout Effects<LockServer>
    ) {
        switch request {
        case .acquire(let name, let owner, let lease):
            acquire(name, owner, UInt64(lease) * 1_000_000, token, now, &effects)
        case .release(let name, let owner, let grant):
            let released = release(name, owner, grant, now, &effects)
            effects.reply(.number(released ? 1 : 0), to: token)
        case .cancel(let name, let owner):
            let cancelled = cancel(name, owner, token.connection, now, &effects)
            effects.reply(.number(cancelled ? 1 : 0), to: token)
        case .fencedWrite(let name, let grant): fencedWrite(name, grant, token, &effects)
        }
    }

    private mutating func acquire(
        _ name: ShortName, _ owner: ShortName, _ lease: UInt64, _ token: RequestToken, _ now: UInt64,
        _ effects: inout Effects<LockServer>
    ) {
        guard table.claimCount < Self.tableLimit, table.lockCount < Self.tableLimit else {
            return refuse(token, &effects)
        }
        let lock = table.number(making: name)
        let place = table.locks[Int(lock)]
        guard Int(place.waiting) < settings.queueLimit else { return refuse(token, &effects) }
        arrivals += 1
        var claim = Claim(owner: owner, request: token, leaseNanoseconds: lease, arrival: arrivals, arrivedAt: now)
        claim.lock = lock
        let index = table.add(claim)
        if graceEnd == nil, place.head < 0, place.holder < 0 || forgetsHolder(lock) {
            grant(index, now, &effects)
        } else {
            table.enqueue(index)
        }
    }

    private func forgetsHolder(_ lock: Int32) -> Bool {
        settings.mutation == .grantTwice && expiredOnce.contains(lock)
    }

    private func refuse(_ token: RequestToken, _ effects: inout Effects<LockServer>) {
        effects.count(.refused)
        effects.reply(.refused(.overloaded), to: token)
    }

    /// Gives a lock to a claim that doesn't wait.
    private mutating func grant(_ index: Int32, _ now: UInt64, _ effects: inout Effects<LockServer>) {
        let claim = table.claims[Int(index)]
        assert(graceEnd == nil, "nothing is granted while former leases may run")
        let former = table.locks[Int(claim.lock)].holder
        if former >= 0 {
            assert(settings.mutation == .grantTwice, "a held lock is granted to nobody")
            drop(former)
        }
        let (token, ticket) = tokens.take(lease: claim.leaseNanoseconds, &effects)
        table.hold(index, token: token)
        leases.insert(index, end: now + claim.leaseNanoseconds)
        armLeaseTimer(&effects)
        effects.count(.lockGranted)
        let waited = (now - claim.arrivedAt) / 1_000
        effects.reply(
            .granted(LockGrant(token: token, arrival: claim.arrival, waitedMicroseconds: waited)), to: claim.request,
            after: ticket)
    }

    /// Gives a free lock to the first of its queue, or forgets it when there is none.
    mutating func grantNext(_ lock: Int32, _ now: UInt64, _ effects: inout Effects<LockServer>) {
        let place = table.locks[Int(lock)]
        guard graceEnd == nil, place.holder < 0 else { return }
        let next = settings.mutation == .lifo ? place.tail : place.head
        guard next >= 0 else {
            if settings.mutation != .grantTwice { table.forgetIfIdle(lock) }
            return
        }
        table.dequeue(next)
        grant(next, now, &effects)
    }

    /// Takes a lock from its holder, leaving it free.
    private mutating func drop(_ holder: Int32) {
        leases.remove(holder)
        table.unhold(holder)
        table.remove(holder)
    }

    /// Takes the lock away from an owner that holds it under this token.
    private mutating func release(
        _ name: ShortName, _ owner: ShortName, _ token: UInt64, _ now: UInt64, _ effects: inout Effects<LockServer>
    ) -> Bool {
        guard let lock = table.number(of: name) else { return false }
        let holder = table.locks[Int(lock)].holder
        guard holder >= 0 else { return false }
        let claim = table.claims[Int(holder)]
        guard claim.owner == owner && claim.token == token || settings.mutation == .ignoreOwner else { return false }
        drop(holder)
        grantNext(lock, now, &effects)
        return true
    }

    /// Gives up the waits and grants of an owner on a connection; a cancelled wait is answered so that the answers
    /// behind it on the connection aren't held up.
    private mutating func cancel(
        _ name: ShortName, _ owner: ShortName, _ connection: ConnectionID, _ now: UInt64,
        _ effects: inout Effects<LockServer>
    ) -> Bool {
        guard let lock = table.number(of: name) else { return false }
        let own = table.claims(of: connection).filter {
            table.claims[Int($0)].lock == lock && table.claims[Int($0)].owner == owner
        }
        for index in own where table.claims[Int(index)].state == .waiting {
            effects.reply(.withdrawn, to: table.claims[Int(index)].request)
            table.dequeue(index)
            table.remove(index)
        }
        for index in own where table.claims[Int(index)].state == .holding { drop(index) }
        if !own.isEmpty { grantNext(lock, now, &effects) }
        return !own.isEmpty
    }

    /// The resource behind the fence: refuses a token below the largest it has accepted.
    private mutating func fencedWrite(
        _ name: ShortName, _ grant: UInt64, _ token: RequestToken, _ effects: inout Effects<LockServer>
    ) {
        writesTried += 1
        let isKnown = table.number(of: name) != nil
        guard isKnown || table.lockCount < Self.tableLimit else { return refuse(token, &effects) }
        let fence = table.number(of: name).map { table.locks[Int($0)].fence } ?? 0
        let isStale = grant <= formerTokens || grant < fence || grant >= tokens.next
        decisions += 1
        guard !isStale || settings.mutation == .noFence else {
            staleWritesRefused += 1
            return effects.reply(.number(-Int64(decisions)), to: token)
        }
        if isStale { staleWritesAccepted += 1 }
        table.raiseFence(table.number(making: name), to: max(fence, grant))
        effects.reply(.number(Int64(decisions)), to: token)
    }

    /// A connection is gone: its waits end and, where the system says so, its locks are free.
    mutating func giveUp(_ connection: ConnectionID, _ now: UInt64, _ effects: inout Effects<LockServer>) {
        let own = table.claims(of: connection)
        // All waits first, or a lock just freed would go to another claim of the connection that is gone.
        for index in own where table.claims[Int(index)].state == .waiting {
            let lock = table.claims[Int(index)].lock
            table.dequeue(index)
            table.remove(index)
            if table.locks[Int(lock)].holder < 0 { grantNext(lock, now, &effects) }
        }
        for index in own where table.claims[Int(index)].state == .holding {
            if settings.releasesOnDisconnect {
                let lock = table.claims[Int(index)].lock
                drop(index)
                grantNext(lock, now, &effects)
            } else {
                table.untie(index)
            }
        }
    }

    /// Frees the locks whose leases are over.
    mutating func expireLeases(_ now: UInt64, _ effects: inout Effects<LockServer>) {
        armedLeaseEnd = nil
        while let end = leases.earliestEnd, let claim = leases.earliestClaim, end <= now {
            let lock = table.claims[Int(claim)].lock
            effects.count(.leaseExpired)
            if settings.mutation == .grantTwice { expiredOnce.insert(lock) }
            drop(claim)
            grantNext(lock, now, &effects)
        }
        armLeaseTimer(&effects)
    }

    /// Sets the timer to the first lease's end, unless it is set earlier: a release in time then costs no timer at all.
    private mutating func armLeaseTimer(_ effects: inout Effects<LockServer>) {
        guard let end = leases.earliestEnd, armedLeaseEnd.map({ end < $0 }) ?? true else { return }
        armedLeaseEnd = end
        effects.setTimer(Self.leaseTimer, at: end)
    }
}
