import ByteCoding
import ProtocolKit

/// Dynamo (DeCandia et al., "Dynamo: Amazon's Highly Available Key-value Store", SOSP 2007): a node of a store without a
/// leader, in which every key has N replicas and R of them answer a read and W a write.
///
/// It has the paper's parts: a ring of virtual nodes and preference lists (4.2, 4.3), versions that are reconciled by
/// wall clock or kept as siblings (4.4), coordination by any replica and sloppy quorums (4.5), hinted handoff (4.6),
/// anti-entropy by Merkle trees (4.7) and read repair (5). What a client reads under such quorums, and how stale it may
/// be, is the subject of Bailis et al., "Probabilistically Bounded Staleness for Practical Partial Quorums" (VLDB 2012):
/// even R + W > N is not linearizable here, since a read writes nothing back before it answers.
///
/// A write costs 4 message delays (request, write, acknowledgement, answer), 2(N−1) messages and 1 sync delay, the
/// replicas syncing at once; a read 4, 2(N−1) and none. A quorum of 1 is the coordinator itself: 2 delays. A node that is
/// no replica of the key forwards the request, which adds 2 delays and 2 messages.
public struct Dynamo: ProtocolNode, Sendable {
    /// Between nodes.
    public typealias Message = DynamoMessage
    /// From clients.
    public typealias Request = DynamoRequest
    /// To clients.
    public typealias Response = DynamoResponse

    /// Who this is.
    public let id: NodeID
    let options: DynamoOptions
    /// All nodes; elsewhere a node is its position here.
    let members: [NodeID]
    /// The own position, and its bit in masks of nodes.
    let me: Int
    let ring: PreferenceRing
    let readQuorum: Int
    let writeQuorum: Int
    /// Why the node stopped: it ignores everything from then on.
    var isHalted = false

    // What is kept on disk.
    /// The keys that this node is a replica of.
    var store = ReplicaStore()
    /// What is kept for others, by key.
    var hints = KeyTable<Hint>()

    // Names for versions.
    var incarnation: UInt64 = 0
    /// Whether the disk was lost, and all promises with it.
    var isReplacement = false
    /// The number of the last write that this incarnation coordinated.
    var counter: UInt64 = 0
    /// How often this incarnation began to stand in for a key's replicas as a coordinator.
    var generations: UInt32 = 0
    /// The last revision of a hint.
    var revisions: UInt64 = 0

    // The disk.
    var lastIndex = LogIndex.zero
    var persistedThrough = Ticket.none
    var bytesSinceSnapshot = 0
    var snapshots = StoreSnapshotWriter()

    // What is under way.
    var peers: ContiguousArray<DynamoPeer>
    var operations = OperationTable()
    /// Writes whose own copy isn't durable yet, in the order of their tickets.
    var ownWrites = Fifo<OwnWrite>()
    var tombstones = Fifo<Tombstone>()
    /// The peer with which this node compares next.
    var nextComparison = 0
    var isPatrolSet = false
    var isHandoffSet = false
    var isCollectionSet = false

    /// What the last step did, for those who watch.
    var journal = StepJournal()

    /// A write of this coordinator on its way to the own disk.
    struct OwnWrite: Sendable {
        let ticket: Ticket
        let name: DynamoPart.OperationName
    }

    /// A key that was deleted, to be forgotten after the time of grace.
    struct Tombstone: Sendable {
        let deletedAt: UInt64
        let key: Bytes
        let hash: UInt64
    }

    /// A node as it is before its start.
    ///
    /// - Parameter members: all nodes, this one included; at most 63, in the same order everywhere.
    public init(id: NodeID, members: [NodeID], options: DynamoOptions = DynamoOptions()) {
        let sorted = members.sorted()
        guard let me = sorted.firstIndex(of: id) else { preconditionFailure("node \(id) is not among the members") }
        self.id = id
        self.options = options
        self.members = sorted
        self.me = me
        ring = PreferenceRing.shared(members: sorted, replicas: options.replicas)
        let majority = ring.replicas / 2 + 1
        readQuorum = min(options.readQuorum ?? majority, ring.replicas)
        writeQuorum = min(options.writeQuorum ?? majority, ring.replicas)
        peers = ContiguousArray(sorted.map { DynamoPeer(id: $0) })
    }

    /// Handles one input.
    public mutating func step(_ input: Input<Self>, at now: Now, effects: inout Effects<Self>) {
        guard !isHalted else { return }
        if !journal.isEmpty { journal.removeAll() }
        switch input {
        case .request(let request, let token):
            begin(request, hash: KeyHash.hash(request.key), for: .client(token), at: now, effects: &effects)
        case .message(let message, let from): receive(message, from: from, at: now, effects: &effects)
        case .turnEnded: endTurn(at: now, effects: &effects)
        case .persisted(let ticket): persisted(through: ticket, at: now, effects: &effects)
        default: stepSeldom(input, at: now, effects: &effects)
        }
    }

    private mutating func stepSeldom(_ input: Input<Self>, at now: Now, effects: inout Effects<Self>) {
        switch input {
        case .start(let recovery): start(recovery, at: now, effects: &effects)
        case .timer(DynamoTimer.patrol): patrol(at: now, effects: &effects)
        case .timer(DynamoTimer.handoff): handoffIsDue(at: now, effects: &effects)
        case .timer(DynamoTimer.antiEntropy): compareWithNextPeer(at: now, effects: &effects)
        case .timer(DynamoTimer.collection): collectTombstones(at: now, effects: &effects)
        case .timer(DynamoTimer.snapshot): continueSnapshot(at: now, effects: &effects)
        case .linkUp(let peer): linkIsUp(to: peer, at: now, effects: &effects)
        case .linkDown(let peer): linkIsDown(to: peer, at: now, effects: &effects)
        default: break
        }
    }

    private mutating func receive(
        _ message: DynamoMessage, from: NodeID, at now: Now, effects: inout Effects<Self>
    ) {
        guard let sender = position(of: from), sender != me else { return }
        peers[sender].suspectedUntil = 0
        for part in message.parts { handle(part, from: sender, at: now, effects: &effects) }
    }

    private mutating func handle(
        _ part: DynamoPart, from sender: Int, at now: Now, effects: inout Effects<Self>
    ) {
        switch part {
        case .write(let name, let hintFor, let record):
            store(record, hintFor: hintFor, as: name, for: sender, at: now, effects: &effects)
        case .written(let name): noteWritten(name, by: sender, effects: &effects)
        case .read(let name, let key, let digest):
            answerRead(name, key, digest, for: sender)
        case .readSame(let name): noteRead(name, .same, by: sender, at: now, effects: &effects)
        case .readAnswer(let name, let cell):
            noteRead(name, cell.map(ReadAnswer.cell) ?? .nothing, by: sender, at: now, effects: &effects)
        case .forward(let name, let incarnation, let number, let request):
            guard peers[sender].forwarded.admit(number, of: incarnation) else { return }
            begin(
                request, hash: KeyHash.hash(request.key), for: .peer(sender, name), at: now, effects: &effects)
        case .forwardAnswer(let name, let response): noteForwardAnswer(name, response, effects: &effects)
        case .repair(let record): takeOver(record, at: now, effects: &effects)
        case .handoff(let record, let revision):
            takeOver(record, at: now, effects: &effects)
            peers[sender].tellOnceDurable(.handedOff(key: record.key, revision: revision))
        case .handedOff(let key, let revision):
            noteHandedOff(key, revision, by: sender, at: now, effects: &effects)
        case .ranges(let ranges): compare(ranges, with: sender)
        case .keys(let range, let keys): compare(keys, in: range, with: sender)
        case .want(let hashes): send(hashes, to: sender)
        }
        if peers[sender].hasGatheredEnough { flush(sender, effects: &effects) }
    }

    /// Sends what the turn has gathered.
    private mutating func endTurn(at now: Now, effects: inout Effects<Self>) {
        for position in peers.indices where peers[position].hasGathered { flush(position, effects: &effects) }
        if bytesSinceSnapshot >= options.snapshotBytes { beginSnapshot(effects: &effects) }
        if snapshots.isWriting { continueSnapshot(at: now, effects: &effects) }
    }

    /// Sends a peer what is gathered for it: at once what needs no disk, and once all that was written before is durable
    /// what says so.
    mutating func flush(_ position: Int, effects: inout Effects<Self>) {
        if let parts = peers[position].takeOutbox() { effects.send(DynamoMessage(parts), to: peers[position].id) }
        guard let parts = peers[position].takeOnceDurable() else { return }
        let ticket = options.mutation == .skipSync ? Ticket.none : effects.lastTicket
        effects.send(DynamoMessage(parts), to: peers[position].id, after: ticket)
    }

    private mutating func persisted(through ticket: Ticket, at now: Now, effects: inout Effects<Self>) {
        persistedThrough = max(persistedThrough, ticket)
        while let write = ownWrites.first, write.ticket <= persistedThrough {
            ownWrites.removeFirst()
            noteWritten(write.name, by: me, effects: &effects)
        }
        snapshotPersisted(effects: &effects)
    }

    /// The position of a node; nil for a stranger.
    func position(of node: NodeID) -> Int? {
        let guess = Int(node.rawValue)
        if guess < members.count, members[guess] == node { return guess }
        return members.firstIndex(of: node)
    }

    /// Stops for a reason that people read.
    mutating func halt(_ reason: String, effects: inout Effects<Self>) {
        isHalted = true
        effects.halt(reason)
    }
}

/// The timers of a node.
enum DynamoTimer {
    /// Looks for operations that a replica leaves waiting.
    static let patrol = TimerID(1)
    /// Looks for hints that can be delivered.
    static let handoff = TimerID(2)
    /// The next comparison is due.
    static let antiEntropy = TimerID(3)
    /// Tombstones may have outlived their time.
    static let collection = TimerID(4)
    /// The next chunk of a snapshot is due though nothing else happens.
    static let snapshot = TimerID(5)
}
