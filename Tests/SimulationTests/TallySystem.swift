import ByteCoding
import ProtocolKit

/// A counter kept by the last node on its disk. Node 0 takes the requests, forwards them, and sends them again until
/// they are answered; so each is numbered and counted once. With one node there is nothing to forward.
struct TallySystem: ClusterSystem {
    static let descriptor = SystemDescriptor(
        name: "tally", family: .consensus, summary: "a counter on one disk behind a front", source: "this test",
        options: [
            OptionSpecification(
                "streams", .toggle, default: "off", help: "nodes number what they send on each connection")
        ],
        defaultNodes: 2, nodeRange: 1...2,
        mutations: [
            Mutation(name: "answer-before-sync", breaks: "an answer waits until its record is durable"),
            Mutation(name: "count-again", breaks: "a repeated message is counted once"),
            Mutation(name: "forget-snapshot", breaks: "recovery begins with the snapshot"),
            Mutation(name: "never-resend", breaks: "what is not answered is sent again"),
            Mutation(name: "answer-twice", breaks: "each request is answered once"),
            Mutation(name: "bad-coding", breaks: "a message is read back as it was sent"),
            Mutation(name: "skip-index", breaks: "log positions have no gaps"),
        ])

    let mutation: String?
    let streams: Bool

    init(options: VariantOptions, mutation: String?) throws(OptionError) {
        streams = try ResolvedOptions(options, mutation: mutation, for: Self.descriptor).isOn("streams")
        self.mutation = mutation
    }

    func makeNode(_ id: NodeID, members: [NodeID]) -> TallyNode {
        TallyNode(id: id, store: members[members.count - 1], mutation: mutation, streams: streams)
    }

    func makeClient(number: Int, members: [NodeID], preferred: NodeID, timeoutNanoseconds: UInt64) -> TallyClient {
        TallyClient(timeout: timeoutNanoseconds)
    }

    typealias Offer = TallyService

    func costs(nodes: Int) -> [OperationCost] {
        [
            OperationCost(kind: "add", messageDelays: 2 * nodes, messages: 2 * (nodes - 1), syncDelays: 1, syncs: 1),
            OperationCost(kind: "read", messageDelays: 2 * nodes, messages: 2 * (nodes - 1), syncDelays: 0, syncs: 0),
        ]
    }

    static var invariants: [InvariantCheck<TallyNode>] { [InvariantCheck(LogCoversCount())] }
}

/// The store counts no more than it has logged or recovered.
struct LogCoversCount: Invariant {
    let name = "log covers count"
    mutating func check(_ nodes: NodeStates<TallyNode>, changed: Int) -> String? {
        let (total, last) = (nodes[changed].total, nodes[changed].lastIndex)
        return total > last ? "total \(total), last record \(last)" : nil
    }
}

/// What the front and the store say to each other.
enum TallyMessage: WireCodable, Sendable {
    case ask(epoch: UInt64, number: UInt64, isAdd: Bool)
    case tell(epoch: UInt64, number: UInt64, count: UInt64)
    /// The place in the order of what was sent since the link came up for the `link`th time.
    case beat(link: UInt64, number: UInt64)
    /// Can't be read back, for a test.
    case broken

    func encode(into writer: inout ByteWriter) {
        switch self {
        case .ask(let epoch, let number, let isAdd):
            writer.write(UInt8(isAdd ? 1 : 0))
            writer.write(epoch)
            writer.write(number)
        case .tell(let epoch, let number, let count):
            writer.write(UInt8(2))
            writer.write(epoch)
            writer.write(number)
            writer.write(count)
        case .beat(let link, let number):
            writer.write(UInt8(3))
            writer.write(link)
            writer.write(number)
        case .broken: writer.write(UInt8(9))
        }
    }

    init(from reader: inout ByteReader) throws(WireError) {
        let tag: UInt8 = try reader.read()
        guard tag < 4 else { throw .unknownTag(what: "tally message", value: UInt64(tag)) }
        let epoch: UInt64 = try reader.read()
        let number: UInt64 = try reader.read()
        guard tag < 3 else {
            self = .beat(link: epoch, number: number)
            return
        }
        self =
            tag == 2
            ? .tell(epoch: epoch, number: number, count: try reader.read())
            : .ask(epoch: epoch, number: number, isAdd: tag == 1)
    }
}

struct TallyNode: ProtocolNode, Sendable {
    typealias Message = TallyMessage
    typealias Request = TallyRequest
    typealias Response = TallyResponse

    let id: NodeID
    let store: NodeID
    let mutation: String?
    let streams: Bool
    var links = UInt64(0)
    var beatsSent = UInt64(0)
    var beat: (link: UInt64, number: UInt64)?
    var isLinkUp = false

    // The front's.
    var epoch = UInt64(0)
    var nextNumber = UInt64(0)
    var waiting: [(number: UInt64, isAdd: Bool, token: RequestToken)] = []

    // The store's: each front's answered numbers, in order of counting.
    var counted: [(epoch: UInt64, number: UInt64, count: UInt64)] = []
    var total = UInt64(0)
    var lastIndex = UInt64(0)
    var lastTicket = Ticket.none

    static let resendTimer = TimerID(1)
    static let resendNanoseconds = UInt64.milliseconds(50)
    static let recordsInLog = UInt64(16)

    var isStore: Bool { id == store }
    var status: NodeStatus {
        NodeStatus(role: isStore ? "store" : "front", isLeader: !isStore, facts: [("total", "\(total)")])
    }

    mutating func step(_ input: Input<TallyNode>, at now: Now, effects: inout Effects<TallyNode>) {
        if streams { checkStream(input, now, &effects) }
        tally(input, now, &effects)
    }

    /// Halts where a link isn't TCP's: something lost, repeated or overtaken while it was up, or a notice missing.
    mutating func checkStream(_ input: Input<TallyNode>, _ now: Now, _ effects: inout Effects<TallyNode>) {
        let peer = NodeID(1 - id.rawValue)
        switch input {
        case .linkUp:
            if isLinkUp { effects.halt("up twice") }
            isLinkUp = true
            links += 1
            beatsSent = 0
            beat = nil
            effects.setTimer(Self.beatTimer, at: now.monotonic)
        case .linkDown:
            if !isLinkUp { effects.halt("down twice") }
            isLinkUp = false
        case .timer(Self.beatTimer):
            guard isLinkUp else { return }
            for _ in 0..<3 {
                effects.send(.beat(link: links, number: beatsSent), to: peer)
                beatsSent += 1
            }
            effects.setTimer(Self.beatTimer, at: now.monotonic + .microseconds(500))
        case .message(.beat(let link, let number), _):
            if !isLinkUp { effects.halt("a message on a link that is down") }
            let expected = beat.map { ($0.link, $0.number + 1) } ?? (link, 0)
            if (link, number) != expected { effects.halt("\((link, number)) instead of \(expected)") }
            beat = (link, number)
        default: break
        }
    }

    static let beatTimer = TimerID(100)

    mutating func tally(_ input: Input<TallyNode>, _ now: Now, _ effects: inout Effects<TallyNode>) {
        switch input {
        case .start(let recovery):
            epoch = recovery.incarnation
            recover(recovery)
            if recovery.incarnation > 1 { effects.count(.recovered) }
        case .request(let request, let token): ask(request, token, now, &effects)
        case .message(let message, let peer): receive(message, from: peer, &effects)
        case .timer(Self.beatTimer): break
        case .timer, .linkUp:
            guard !isStore, !waiting.isEmpty, mutation != "never-resend" else { return }
            for item in waiting { forward(item.number, item.isAdd, &effects) }
            effects.setTimer(Self.resendTimer, at: now.monotonic + Self.resendNanoseconds)
        case .clientGone(let connection):
            waiting.removeAll { $0.token.connection == connection }
        case .linkDown, .persisted, .turnEnded: break
        case .snapshotRead(let part):
            if part.data.count != counted.count * 24, part.isLast, part.offset == 0,
                part.mark.index.rawValue == lastIndex
            {
                effects.halt("the snapshot read back is not the one written")
            }
        }
    }

    mutating func ask(
        _ request: TallyRequest, _ token: RequestToken, _ now: Now, _ effects: inout Effects<TallyNode>
    ) {
        nextNumber += 1
        let isAdd = request.operation == .add
        guard !isStore else {
            let (count, ticket) = count(epoch: epoch, number: nextNumber, isAdd: isAdd, &effects)
            effects.reply(.count(count), to: token, after: ticket)
            return
        }
        waiting.append((nextNumber, isAdd, token))
        forward(nextNumber, isAdd, &effects)
        if waiting.count == 1 { effects.setTimer(Self.resendTimer, at: now.monotonic + Self.resendNanoseconds) }
    }

    func forward(_ number: UInt64, _ isAdd: Bool, _ effects: inout Effects<TallyNode>) {
        let isBroken = mutation == "bad-coding" && number == 20
        effects.send(isBroken ? .broken : .ask(epoch: epoch, number: number, isAdd: isAdd), to: store)
    }

    mutating func receive(_ message: TallyMessage, from peer: NodeID, _ effects: inout Effects<TallyNode>) {
        switch message {
        case .ask(let epoch, let number, let isAdd):
            let (count, ticket) = count(epoch: epoch, number: number, isAdd: isAdd, &effects)
            effects.send(.tell(epoch: epoch, number: number, count: count), to: peer, after: ticket)
        case .tell(let epoch, let number, let count):
            guard epoch == self.epoch, let place = waiting.firstIndex(where: { $0.number == number }) else { return }
            let token = waiting.remove(at: place).token
            effects.reply(.count(count), to: token)
            if mutation == "answer-twice", number % 20 == 0 { effects.reply(.count(count), to: token) }
            if waiting.isEmpty { effects.cancelTimer(Self.resendTimer) }
        case .beat: break
        case .broken: effects.halt("a broken message arrived")
        }
    }

    /// Counts once; a read waits for everything that it may have seen.
    mutating func count(
        epoch: UInt64, number: UInt64, isAdd: Bool, _ effects: inout Effects<TallyNode>
    ) -> (UInt64, Ticket) {
        let needed = mutation == "answer-before-sync" ? Ticket.none : lastTicket
        guard isAdd else { return (total, needed) }
        if mutation != "count-again", let earlier = counted.last(where: { $0.epoch == epoch && $0.number == number }) {
            return (earlier.count, needed)
        }
        total += 1
        lastIndex += mutation == "skip-index" && total == 20 ? 2 : 1
        counted.append((epoch, number, total))
        lastTicket = effects.append(
            LogRecord(
                index: LogIndex(lastIndex), tag: epoch, kind: 0,
                payload: Bytes([UInt8](repeating: 7, count: 8)) + number))
        let ticket = mutation == "answer-before-sync" ? Ticket.none : lastTicket
        if lastIndex % Self.recordsInLog == 0 { takeSnapshot(&effects) }
        return (total, ticket)
    }

    mutating func takeSnapshot(_ effects: inout Effects<TallyNode>) {
        let mark = SnapshotMark(index: LogIndex(lastIndex), tag: 0)
        effects.beginSnapshot(mark)
        var writer = ByteWriter()
        for item in counted {
            writer.write(item.epoch)
            writer.write(item.number)
            writer.write(item.count)
        }
        effects.writeSnapshot(writer.bytes())
        effects.commitSnapshot()
        effects.discardPrefix(through: mark.index)
        effects.readSnapshot(transfer: 1, offset: 0, maximumBytes: 1 << 20)
        effects.count(.snapshotTaken)
    }

    mutating func recover(_ recovery: Recovery) {
        if let snapshot = recovery.snapshot, mutation != "forget-snapshot" {
            snapshot.data.withUnsafeBytes { region in
                var reader = ByteReader(region)
                while let epoch = try? reader.read(UInt64.self), let number = try? reader.read(UInt64.self),
                    let count = try? reader.read(UInt64.self)
                {
                    counted.append((epoch, number, count))
                }
            }
            total = counted.last?.count ?? 0
        }
        lastIndex = recovery.snapshot?.mark.index.rawValue ?? 0
        // A crash between the snapshot and the discard leaves records that the snapshot holds.
        let covered = lastIndex
        for record in recovery.log where record.index.rawValue > covered {
            lastIndex = record.index.rawValue
            total += 1
            counted.append((record.tag, record.payload.number, total))
        }
    }
}

extension Bytes {
    static func + (left: Bytes, number: UInt64) -> Bytes {
        var writer = ByteWriter()
        writer.write(raw: left)
        writer.write(number)
        return writer.bytes()
    }

    var number: UInt64 {
        withUnsafeBytes { region in
            var reader = ByteReader(UnsafeRawBufferPointer(rebasing: region.suffix(8)))
            return (try? reader.read(UInt64.self)) ?? 0
        }
    }
}
