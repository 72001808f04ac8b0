import ProtocolKit

extension Work {
    /// Whether it locks the whole shard: readers share it with each other, an opening with nobody.
    var isShardWide: Bool {
        switch self {
        case .post: false
        case .read, .open: true
        }
    }

    /// Whether two shard-wide works may hold the shard at once.
    func shares(with other: Work) -> Bool {
        if case .read = self, case .read = other { true } else { false }
    }
}

extension Participant {
    /// What the locks say to a branch.
    enum Conflict {
        /// Take them.
        case none
        /// All in the way are younger.
        case wait
        /// Somebody in the way is as old or older, or nobody waits here.
        case die
    }

    /// What stands between a branch and its locks.
    func conflict(of index: Int32) -> Conflict {
        let branch = branches[Int(index)]
        var found = Conflict.none
        func meet(_ other: Branch) -> Bool {
            found = settings.waits && branch.age < other.age && found != .die ? .wait : .die
            return found == .die
        }
        if case .post(let first, let second) = branch.work {
            if let holder = holder(first.account), meet(branches[Int(holder)]) { return .die }
            if let second, let holder = holder(second.account), meet(branches[Int(holder)]) { return .die }
            // Whoever waits for the shard is in the way too, or a steady stream of transfers would starve it.
            guard shardWide > 0 else { return found }
            for other in branches where other.work.isShardWide && (other.holdsLocks || other.state == .waiting) {
                if meet(other) { return .die }
            }
            return found
        }
        guard shardWide > 0 || accountHolders > 0 else { return found }
        for other in branches where other.holdsLocks {
            if other.id != branch.id, !branch.work.shares(with: other.work), meet(other) { return .die }
        }
        return found
    }

    private func holder(_ account: UInt32) -> Int32? {
        let place = sharding.place(of: account)
        guard place < holders.count, holders[place] >= 0 else { return nil }
        return holders[place]
    }

    mutating func takeLocks(_ index: Int32) {
        branches[Int(index)].holdsLocks = true
        switch branches[Int(index)].work {
        case .read, .open: shardWide += 1
        case .post(let first, let second):
            accountHolders += 1
            take(first.account, index)
            if let second { take(second.account, index) }
        }
    }

    private mutating func take(_ account: UInt32, _ index: Int32) {
        let place = sharding.place(of: account)
        if place < holders.count { holders[place] = index }
    }

    /// Lets the branch's locks go, if it holds them.
    mutating func releaseLocks(_ index: Int32) {
        guard branches[Int(index)].holdsLocks else { return }
        branches[Int(index)].holdsLocks = false
        switch branches[Int(index)].work {
        case .read, .open: shardWide -= 1
        case .post(let first, let second):
            accountHolders -= 1
            letGo(first.account, index)
            if let second { letGo(second.account, index) }
        }
    }

    private mutating func letGo(_ account: UInt32, _ index: Int32) {
        let place = sharding.place(of: account)
        if place < holders.count, holders[place] == index { holders[place] = -1 }
    }

    /// Lets those go on whose locks are free now, in their order; those that are no longer older than everyone in their
    /// way die. Goes round again after each pass that gave a lock away.
    mutating func wake(_ now: UInt64, _ effects: inout Effects<TwoPhaseCommit>) {
        var isSettled = waiting.isEmpty
        while !isSettled {
            isSettled = true
            var round: [Int32] = []
            swap(&round, &waiting)
            for index in round where branches[Int(index)].state == .waiting {
                // It stands in nobody's way while it is looked at.
                if branches[Int(index)].work.isShardWide { shardWide -= 1 }
                branches[Int(index)].state = .starting
                switch conflict(of: index) {
                case .none:
                    takeLocks(index)
                    execute(index, now, &effects)
                    isSettled = false
                case .wait:
                    branches[Int(index)].state = .waiting
                    if branches[Int(index)].work.isShardWide { shardWide += 1 }
                    waiting.append(index)
                case .die: refuse(index, .lockConflict, &effects)
                }
            }
            if waiting.isEmpty { isSettled = true }
        }
    }

    // MARK: - Branches

    mutating func add(_ branch: Branch) -> Int32 {
        let index: Int32
        if freeBranch >= 0 {
            index = freeBranch
            freeBranch = branches[Int(index)].nextFree
            branches[Int(index)] = branch
        } else {
            index = Int32(branches.count)
            branches.append(branch)
        }
        numbers[branch.id.rawValue] = index
        return index
    }

    /// Forgets a branch, letting its locks go and leaving the queue.
    mutating func remove(_ index: Int32) {
        releaseLocks(index)
        if branches[Int(index)].state == .waiting {
            waiting.removeAll { $0 == index }
            if branches[Int(index)].work.isShardWide { shardWide -= 1 }
        }
        numbers[branches[Int(index)].id.rawValue] = nil
        branches[Int(index)].state = .free
        branches[Int(index)].image = nil
        branches[Int(index)].nextFree = freeBranch
        freeBranch = index
    }
}
