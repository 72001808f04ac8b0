import ByteCoding

/// The sessions of a replicated state machine: for each a window of answers, so that a command that is sent again is
/// answered again and not applied again, with many commands in flight (Ongaro's thesis, section 6.3).
struct SessionTable: Sendable {
    struct Session: Sendable {
        var id: SessionID
        /// Answers to commands below this number have been dropped.
        var acknowledgedBelow: UInt64
        /// Replicated time of the last command.
        var lastActiveMilliseconds: UInt64
        /// Kept answers in order of their sequence numbers.
        var answers: [(sequence: UInt64, response: KeyValueResponse)]
    }

    /// Most sessions at once.
    static let maximumSessions = 65_536
    /// Most kept answers of a session: the most commands it may have in flight.
    static let maximumWindow: UInt64 = 4_096
    /// Replicated time without a command after which a session expires.
    static let expiryMilliseconds: UInt64 = 60_000

    /// In order of their identifiers, which only grow.
    private(set) var sessions: [Session] = []

    enum Admission {
        case apply
        case answer(KeyValueResponse)
    }

    /// Opens a session named after the log position of its registration.
    mutating func open(at index: LogIndex, now: UInt64) -> KeyValueResponse {
        guard sessions.count < Self.maximumSessions else { return .refused(.overloaded) }
        sessions.append(
            Session(id: SessionID(index.rawValue), acknowledgedBelow: 1, lastActiveMilliseconds: now, answers: []))
        return .integer(Int64(index.rawValue))
    }

    /// Whether a stamped command is to be applied, or what it was answered before.
    mutating func admit(_ stamp: SessionStamp, now: UInt64) -> Admission {
        guard let position = position(of: stamp.session) else { return .answer(.refused(.sessionExpired)) }
        sessions[position].lastActiveMilliseconds = now
        if stamp.acknowledgedBelow > sessions[position].acknowledgedBelow {
            let below = min(stamp.acknowledgedBelow, stamp.sequence)
            sessions[position].acknowledgedBelow = max(sessions[position].acknowledgedBelow, below)
            let kept =
                sessions[position].answers.firstIndex { $0.sequence >= below } ?? sessions[position].answers.count
            sessions[position].answers.removeFirst(kept)
        }
        guard stamp.sequence >= sessions[position].acknowledgedBelow else {
            return .answer(.refused(.rejected("the session's command \(stamp.sequence) was acknowledged before")))
        }
        guard stamp.sequence - sessions[position].acknowledgedBelow < Self.maximumWindow else {
            return .answer(.refused(.overloaded))
        }
        if let place = sessions[position].place(of: stamp.sequence) {
            return .answer(sessions[position].answers[place].response)
        }
        return .apply
    }

    /// Keeps the answer to a command that was applied.
    mutating func keep(_ response: KeyValueResponse, for stamp: SessionStamp) {
        guard let position = position(of: stamp.session) else { return }
        let insertion = sessions[position].insertion(of: stamp.sequence)
        sessions[position].answers.insert((stamp.sequence, response), at: insertion)
    }

    /// Drops the sessions that have been silent for too long.
    mutating func expire(now: UInt64) {
        sessions.removeAll {
            $0.lastActiveMilliseconds < now && now - $0.lastActiveMilliseconds > Self.expiryMilliseconds
        }
    }

    /// Takes over a restored session; they come in order, since they are found by bisection.
    mutating func restore(_ session: Session) throws(WireError) {
        if let last = sessions.last, last.id >= session.id { throw .invalid(what: "order of sessions") }
        guard sessions.count < Self.maximumSessions else {
            throw .tooLarge(
                what: "number of sessions", value: UInt64(sessions.count) + 1, limit: UInt64(Self.maximumSessions))
        }
        sessions.append(session)
    }

    private func position(of id: SessionID) -> Int? {
        var low = 0
        var high = sessions.count
        while low < high {
            let middle = (low + high) / 2
            if sessions[middle].id < id { low = middle + 1 } else { high = middle }
        }
        return low < sessions.count && sessions[low].id == id ? low : nil
    }
}

extension SessionTable.Session {
    /// The first place whose sequence number isn't below.
    func insertion(of sequence: UInt64) -> Int {
        var low = 0
        var high = answers.count
        while low < high {
            let middle = (low + high) / 2
            if answers[middle].sequence < sequence { low = middle + 1 } else { high = middle }
        }
        return low
    }

    /// The place of the kept answer to a command, or nil.
    func place(of sequence: UInt64) -> Int? {
        let place = insertion(of: sequence)
        return place < answers.count && answers[place].sequence == sequence ? place : nil
    }
}
