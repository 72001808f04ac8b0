import ByteCoding
import ProtocolKit

// Membership change by joint consensus (section 6): the log's configurations and the leader's way from one to the next.
extension Raft {
    /// A configuration has come into the log: it is in force from now on, committed or not.
    @usableFromInline
    mutating func adopt(_ record: LogRecord) {
        guard let configuration = try? RaftConfiguration(decoding: record.payload) else {
            // The wire and the disk let only readable ones through.
            return assertionFailure("entry \(record.index) is no configuration")
        }
        configurations.append(configuration, at: record.index)
        configurationChanged()
    }

    private mutating func append(_ configuration: RaftConfiguration, effects: inout Effects<Self>) {
        appendEntry(.configuration, configuration.encoded(), effects: &effects)
        adopt(log[log.lastIndex])
    }

    /// The leader has committed something in its term: the overlap ends once it is committed, and with C_new committed
    /// the change is done.
    @usableFromInline
    mutating func settleMembership(effects: inout Effects<Self>) {
        guard commitIndex >= configurations.latestIndex else { return }
        guard !configurations.latest.isJoint else {
            return append(configurations.latest.settled, effects: &effects)
        }
        isSettled = true
        if log.term(at: configurations.latestIndex) == currentTerm { effects.count(.membershipChanged) }
        if let token = changeToken {
            changeToken = nil
            effects.reply(Self.done, to: token)
        }
        mustLeave = ownVoice.isEmpty
    }

    /// A leader that is not in C_new has led until C_new was committed, and then steps down (section 6). Whoever has
    /// most of the log takes over at once instead of waiting for an election timeout.
    @usableFromInline
    mutating func leave(at now: Now, effects: inout Effects<Self>) {
        mustLeave = false
        let heirs = peers.indices.filter { peers[$0].voice.contains(.incoming) }
        if let heir = heirs.max(by: { peers[$0].match < peers[$1].match }) {
            effects.send(.timeoutNow(TimeoutNow(term: currentTerm)), to: peers[heir].id, after: hardStateTicket)
        }
        stepDown(at: now, effects: &effects)
        // It isn't sent the log any more and won't learn what becomes of the entries after C_new.
        for connection in pending.removeAll() { effects.disconnect(connection) }
    }

    /// Looks after those who have no vote, with every heartbeat: how far they have caught up, and whether one that has
    /// lost its disk can have its vote again.
    mutating func tendMembership(at now: Now, effects: inout Effects<Self>) {
        for position in peers.indices where peers[position].isMember && peers[position].voice.isEmpty {
            peers[position].catchUp.note(
                peers[position].match, last: log.lastIndex, at: now.monotonic, within: options.electionTimeout)
        }
        guard isSettled, handover == nil, hasCommittedInTerm else { return }
        let configuration = configurations.latest
        let returned = peers.indices.first { position in
            configuration.voter(peers[position].id).map { $0.birth < peers[position].birth } ?? false
                && hasCaughtUp(position, at: now)
        }
        guard let returned else { return }
        var target = configuration
        target.voters = configuration.voters.map {
            $0.node == peers[returned].id ? Voter($0.node, peers[returned].birth) : $0
        }
        append(configuration.leading(to: target), effects: &effects)
    }

    /// Whether a server without a vote has kept up lately.
    func hasCaughtUp(_ position: Int, at now: Now) -> Bool {
        peers[position].catchUp.isDone && peers[position].contact + options.electionTimeout > now.monotonic
    }

    /// Whoever waits for a change of a leader that was deposed isn't told: a successor may carry it through.
    mutating func abandonChange(effects: inout Effects<Self>) {
        guard let token = changeToken else { return }
        changeToken = nil
        effects.disconnect(token.connection)
    }

    /// The answer to an administrative request that was carried out.
    static var done: Response { Response(.ok) ?? .refusal(.rejected("done")) }
}

/// Why an administrative request isn't carried out.
struct AdministrationError: Error {
    let reason: String
}

// What operators ask for.
extension Raft {
    /// An administrative request.
    @usableFromInline
    mutating func administer(
        _ request: RaftAdministration, _ token: RequestToken, at now: Now, effects: inout Effects<Self>
    ) {
        guard role == .leader else { return redirect(token, effects: &effects) }
        do {
            if case .transfer(let node) = request {
                try handOver(to: node, token, at: now, effects: &effects)
            } else {
                try change(request, at: now, effects: &effects)
                changeToken = token
            }
        } catch {
            effects.reply(.refusal(.rejected(error.reason)), to: token)
        }
    }

    /// Begins a change of the membership.
    mutating func change(
        _ request: RaftAdministration, at now: Now, effects: inout Effects<Self>
    ) throws(AdministrationError) {
        let target = try self.target(of: request, at: now)
        guard handover == nil else { throw AdministrationError(reason: "the leadership is being handed over") }
        if options.mutation != .changeBeforeCommit {
            // A leader doesn't know whether what it found in its log is committed until an entry of its own term is.
            guard hasCommittedInTerm, isSettled else {
                throw AdministrationError(reason: "another change of the membership is under way, try again")
            }
        }
        append(configurations.latest.leading(to: target), effects: &effects)
    }

    /// The configuration that a request leads to.
    private func target(of request: RaftAdministration, at now: Now) throws(AdministrationError) -> RaftConfiguration {
        var target = configurations.latest.settled
        switch request {
        case .addLearner(let node):
            guard node == id || position(of: node) != nil else {
                throw AdministrationError(reason: "there is no node \(node)")
            }
            guard !target.contains(node) else {
                throw AdministrationError(reason: "node \(node) is in the cluster already")
            }
            target.learners = (target.learners + [node]).sorted()
        case .promote(let node):
            guard target.learners.contains(node) else {
                throw AdministrationError(reason: "node \(node) is not a learner")
            }
            try setVoters(target.voters.map(\.node) + [node], in: &target, at: now)
        case .remove(let node):
            guard target.contains(node) else {
                throw AdministrationError(reason: "node \(node) is not in the cluster")
            }
            target.learners.removeAll { $0 == node }
            target.voters.removeAll { $0.node == node }
        case .setVoters(let nodes): try setVoters(nodes, in: &target, at: now)
        case .transfer: break
        }
        guard !target.voters.isEmpty else { throw AdministrationError(reason: "the last voter can't leave") }
        return target
    }

    private func setVoters(
        _ nodes: [NodeID], in target: inout RaftConfiguration, at now: Now
    ) throws(AdministrationError) {
        var voters: [Voter] = []
        for node in Set(nodes).sorted() {
            if let voter = target.voter(node) {
                voters.append(voter)
                continue
            }
            guard target.learners.contains(node) else {
                throw AdministrationError(reason: "node \(node) is neither a voter nor a learner")
            }
            guard let position = position(of: node), hasCaughtUp(position, at: now) else {
                throw AdministrationError(reason: "node \(node) has not caught up, try again")
            }
            voters.append(Voter(node, peers[position].birth))
        }
        target.voters = voters
        target.learners.removeAll { learner in voters.contains { $0.node == learner } }
    }
}
