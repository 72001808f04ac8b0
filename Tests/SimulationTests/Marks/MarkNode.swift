import ByteCoding
import ProtocolKit

/// What nodes say to each other.
enum MarkMessage: WireCodable, Sendable {
    case store([UInt64])
    case stored([UInt64])
    case ask(UInt64)
    /// Everything that a node has, as the answer to a question or unasked (0), and whether the node counts.
    case all(UInt64, isCurrent: Bool, [UInt64])

    func encode(into writer: inout ByteWriter) {
        switch self {
        case .store(let marks): write(0, 0, marks, &writer)
        case .stored(let marks): write(1, 0, marks, &writer)
        case .ask(let number): write(2, number, [], &writer)
        case .all(let number, let isCurrent, let marks): write(isCurrent ? 3 : 4, number, marks, &writer)
        }
    }

    private func write(_ tag: UInt8, _ number: UInt64, _ marks: [UInt64], _ writer: inout ByteWriter) {
        writer.write(tag)
        writer.write(number)
        writer.write(UInt32(marks.count))
        for mark in marks { writer.write(mark) }
    }

    init(from reader: inout ByteReader) throws(WireError) {
        let tag: UInt8 = try reader.read()
        let number: UInt64 = try reader.read()
        var marks: [UInt64] = []
        for _ in 0..<(try reader.read(UInt32.self)) { marks.append(try reader.read()) }
        switch tag {
        case 0: self = .store(marks)
        case 1: self = .stored(marks)
        case 2: self = .ask(number)
        case 3, 4: self = .all(number, isCurrent: tag == 3, marks)
        default: throw .unknownTag(what: "mark message", value: UInt64(tag))
        }
    }
}

struct MarkNode: ProtocolNode, Sendable {
    typealias Message = MarkMessage
    typealias Request = MarkRequest
    typealias Response = MarkResponse

    let id: NodeID
    let members: [NodeID]
    let mutation: String?
    let burst: Int

    var marks: [UInt64] = []
    /// Whether what it says counts: not for a replacement that hasn't caught up.
    var isCurrent = true
    var caughtUpWith: [NodeID] = []
    var incarnation = UInt64(0)
    var next = UInt64(0)
    var adds: [(mark: UInt64, have: [NodeID], token: RequestToken)] = []
    var reads: [(number: UInt64, heard: [NodeID], known: [UInt64], token: RequestToken)] = []
    var turn = 0

    static let timer = TimerID(1)
    static let interval = UInt64.milliseconds(20)

    var majority: Int { members.count / 2 + 1 }
    var peers: [NodeID] { members.filter { $0 != id } }
    var status: NodeStatus {
        NodeStatus(role: isCurrent ? "current" : "catching-up", isLeader: false, facts: [("marks", "\(marks.count)")])
    }

    mutating func step(_ input: Input<MarkNode>, at now: Now, effects: inout Effects<MarkNode>) {
        switch input {
        case .start(let recovery): start(recovery, now, &effects)
        case .request(let request, let token): request.isAdd ? add(token, &effects) : read(token, &effects)
        case .message(let message, let peer): receive(message, from: peer, &effects)
        case .timer: beat(now, &effects)
        case .persisted: adds.indices.reversed().forEach { settle($0, &effects) }
        case .clientGone(let connection):
            adds.removeAll { $0.token.connection == connection }
            reads.removeAll { $0.token.connection == connection }
        case .linkUp, .linkDown, .turnEnded, .snapshotRead: break
        }
    }

    private mutating func start(_ recovery: Recovery, _ now: Now, _ effects: inout Effects<MarkNode>) {
        incarnation = recovery.incarnation
        let isBehind = recovery.isReplacement || recovery.hardState == Bytes("behind")
        isCurrent = !isBehind || mutation == "replacement-answers" || members.count == 1
        if recovery.isReplacement, !isCurrent { effects.writeHardState(Bytes("behind")) }
        marks = recovery.log.map { $0.payload.number }
        if incarnation > 1 { effects.count(.recovered) }
        effects.setTimer(Self.timer, at: now.monotonic)
    }

    private mutating func beat(_ now: Now, _ effects: inout Effects<MarkNode>) {
        for read in reads { for peer in peers { effects.send(.ask(read.number), to: peer) } }
        for add in adds { for peer in peers { effects.send(.store([add.mark]), to: peer) } }
        if !isCurrent { for peer in peers { effects.send(.ask(0), to: peer) } }
        if mutation != "never-gossip", !peers.isEmpty {
            turn += 1
            effects.send(.all(0, isCurrent: false, marks), to: peers[turn % peers.count])
        }
        effects.setTimer(Self.timer, at: now.monotonic + Self.interval)
    }

    private mutating func keep(_ new: [UInt64], _ effects: inout Effects<MarkNode>) -> Ticket {
        for mark in new where !marks.contains(mark) {
            marks.append(mark)
            var writer = ByteWriter(capacity: 64)
            writer.write(mark)
            effects.append(LogRecord(index: LogIndex(UInt64(marks.count)), tag: 0, kind: 1, payload: writer.bytes()))
        }
        return mutation == "answer-before-sync" ? .none : effects.lastTicket
    }

    private mutating func add(_ token: RequestToken, _ effects: inout Effects<MarkNode>) {
        next += 1
        let mark = Mark.make(UInt64(id.rawValue) << 28 | (incarnation & 0xFFF) << 16 | next)
        _ = keep([mark], &effects)
        adds.append((mark, [], token))
        for peer in peers { effects.send(.store([mark]), to: peer) }
        if peers.isEmpty {
            effects.reply(.count(1), to: token, after: effects.lastTicket)
            adds.removeLast()
        }
    }

    private mutating func settle(_ place: Int, _ effects: inout Effects<MarkNode>) {
        guard adds[place].have.count >= majority - (isCurrent ? 1 : 0) else { return }
        let own = isCurrent && mutation != "answer-before-sync" ? effects.lastTicket : .none
        effects.reply(.count(1), to: adds.remove(at: place).token, after: own)
    }

    private mutating func read(_ token: RequestToken, _ effects: inout Effects<MarkNode>) {
        next += 1
        reads.append((incarnation << 32 | next, isCurrent ? [id] : [], marks, token))
        if peers.isEmpty { return answer(0, &effects) }
        for peer in peers { effects.send(.ask(incarnation << 32 | next), to: peer) }
    }

    private mutating func answer(_ place: Int, _ effects: inout Effects<MarkNode>) {
        guard reads[place].heard.count >= majority else { return }
        let read = reads.remove(at: place)
        effects.reply(.count(UInt64(read.known.count)), to: read.token, after: keep(read.known, &effects))
    }

    private mutating func receive(_ message: MarkMessage, from peer: NodeID, _ effects: inout Effects<MarkNode>) {
        switch message {
        case .store(let new):
            let ticket = keep(new, &effects)
            if isCurrent { effects.send(.stored(new), to: peer, after: ticket) }
        case .stored(let stored):
            for place in adds.indices.reversed() where stored.contains(adds[place].mark) {
                if !adds[place].have.contains(peer) { adds[place].have.append(peer) }
                settle(place, &effects)
            }
        case .ask(let number):
            effects.send(.all(number, isCurrent: isCurrent, marks), to: peer, after: effects.lastTicket)
        case .all(let number, let isAuthority, let theirs):
            let ticket = keep(theirs, &effects)
            if isAuthority { heard(number, theirs, from: peer, ticket, &effects) }
        }
    }

    private mutating func heard(
        _ number: UInt64, _ theirs: [UInt64], from peer: NodeID, _ ticket: Ticket, _ effects: inout Effects<MarkNode>
    ) {
        for place in reads.indices.reversed() where reads[place].number == number {
            if !reads[place].heard.contains(peer) { reads[place].heard.append(peer) }
            for mark in theirs where !reads[place].known.contains(mark) { reads[place].known.append(mark) }
            answer(place, &effects)
        }
        guard !isCurrent, number == 0, !caughtUpWith.contains(peer) else { return }
        caughtUpWith.append(peer)
        guard caughtUpWith.count >= majority else { return }
        isCurrent = true
        effects.writeHardState(Bytes("current"))
    }
}
