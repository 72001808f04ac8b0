import ProtocolKit
import Verification

/// Gifford's weighted voting over registers: the catalogue's entry.
///
/// Gifford's representatives live under a transactional file system, whose locks order the writes and make a read and a
/// later write one action. Here there are no locks: versions of concurrent writes are told apart by their writer
/// (``RegisterTag``), and the register is regular, not atomic: while a write is under way, one read may return its value
/// and a later one the value before. With `write-back=on` a read leaves a write quorum with what it returns, as in
/// Attiya, Bar-Noy & Dolev, and the register is atomic.
///
/// A representative with weight 0 is *weak* (section 2.5): it counts for nothing, others don't ask or tell it, but it
/// coordinates its clients' operations and keeps what they have read, so that a read through it moves no value that it
/// has already.
public struct VotingSystem: ClusterSystem {
    /// A representative that coordinates, too.
    public typealias Node = RegisterReplica
    /// A client of one representative.
    public typealias Client = KeyValueClient<Node>
    /// What clients do.
    public typealias Offer = KeyValueService

    /// What every node is set to.
    public let options: RegisterOptions
    private let weights: [Int]?
    private let read: Int?
    private let write: Int?
    private let spreadsClients: Bool

    /// The planted faults.
    static let mutations: [RegisterMutation] = [
        .countRepresentatives, .narrowRead, .narrowWrite, .ownVersion, .skipSync, .acknowledgeBeforeQuorum,
        .overwriteNewer, .staleWriteBack, .forgetWriter, .staleAnswers,
    ]

    /// Name, source and options.
    public static let descriptor = SystemDescriptor(
        name: "voting", family: .consensus,
        summary: "registers over weighted quorums: regular, or atomic with write-back",
        source: "Gifford 1979",
        options: [
            OptionSpecification(
                "weights", .list(0...99, or: "equal"), default: "equal",
                help: "votes of each node; 0 makes a weak representative"),
            OptionSpecification(
                "r", .integer(0...891), default: "0",
                help: "votes of a read; 0: as few as w allows, or a majority"),
            OptionSpecification(
                "w", .integer(0...891), default: "0",
                help: "votes of a write; 0: as few as r allows, or a majority"),
            OptionSpecification(
                "write-back", .toggle, default: "off", help: "reads leave a write quorum with what they return"),
        ] + RegisterOptions.specifications,
        defaultNodes: 3, nodeRange: 1...9,
        mutations: mutations.map { Mutation(name: $0.rawValue, breaks: $0.breaks) })

    /// The system with a user's choice of options.
    ///
    /// - Throws: ``OptionError`` where an option or planted fault is unknown or out of range, or quorums of the given
    ///   weights don't meet.
    public init(options: VariantOptions, mutation: String? = nil) throws(OptionError) {
        let resolved = try ResolvedOptions(options, mutation: mutation, for: Self.descriptor)
        var chosen = RegisterOptions(resolved, mutation: mutation)
        chosen.reads = resolved.isOn("write-back") ? .writeBackUnlessAgreed : .neverWriteBack
        self.options = chosen
        weights = resolved.integers("weights")
        read = resolved.integer("r") == 0 ? nil : resolved.integer("r")
        write = resolved.integer("w") == 0 ? nil : resolved.integer("w")
        spreadsClients = resolved.isOn("spread")
        if let weights { try check(nodes: weights.count) }
    }

    /// Whether the quorums of so many nodes meet.
    public func check(nodes: Int) throws(OptionError) {
        do throws(VoteAssignment.Misfit) {
            _ = try assignment(nodes: nodes)
        } catch {
            throw .unsuitable("\(error)", system: Self.descriptor.name)
        }
    }

    private func assignment(nodes: Int) throws(VoteAssignment.Misfit) -> VoteAssignment {
        let votes = weights ?? Array(repeating: 1, count: nodes)
        guard votes.count == nodes else { throw .count(weights: votes.count, nodes: nodes) }
        let assignment = try VoteAssignment(votes: votes, read: read, write: write)
        switch options.mutation {
        case .narrowRead:
            return VoteAssignment(
                unchecked: votes, read: max(1, assignment.total - assignment.write), write: assignment.write)
        case .narrowWrite:
            let write = max(1, assignment.total / 2)
            return VoteAssignment(unchecked: votes, read: assignment.total + 1 - write, write: write)
        default: return assignment
        }
    }

    /// So many that those with the most votes may be among them: the others must have the votes to read and to write.
    public func toleratedFailures(nodes: Int) -> Int {
        guard let assignment = try? assignment(nodes: nodes) else { return 0 }
        let spare = assignment.total - max(assignment.read, assignment.write)
        var lost = 0
        return assignment.votes.sorted(by: >).prefix { votes in
            lost += votes
            return lost <= spare
        }.count
    }

    /// A representative that has lost its disk answers no query until the others have told it what they hold.
    public static var allowsReplacement: Bool { true }

    /// A representative before its start. Where the quorums of so many nodes don't meet it halts at its start.
    public func makeNode(_ id: NodeID, members: [NodeID]) -> Node {
        do throws(VoteAssignment.Misfit) {
            return RegisterReplica(
                id: id, members: members, assignment: try assignment(nodes: members.count), options: options)
        } catch {
            return RegisterReplica(
                id: id, members: members, assignment: VoteAssignment(majorityOf: members.count), options: options,
                misfit: "\(error)")
        }
    }

    /// A client before its start; clients choose their nodes by their numbers, unless they are all to ask `preferred`.
    public func makeClient(
        number: Int, members: [NodeID], preferred: NodeID, timeoutNanoseconds: UInt64
    ) -> Client {
        let server = spreadsClients ? members[number % members.count] : preferred
        return KeyValueClient(members: members, preferred: server, timeoutNanoseconds: timeoutNanoseconds)
    }

    /// Regular, or linearizable with write-back.
    public var consistency: ConsistencyModel { options.reads == .neverWriteBack ? .regular : .linearizable }

    /// Reads and writes.
    public static var operationKinds: [String] { ["get", "put"] }

    /// By the paper (section 3), for operations that the first node coordinates, with V other nodes that have votes. A
    /// phase that must collect q votes asks all V at once and waits for as many as it takes: 2V messages and 2 delays, or
    /// nothing where the coordinator's own votes are enough.
    ///
    /// - A read collects r votes, and that is all. With r no higher than the own weight it costs the client's 2 delays
    ///   only: what read-one-write-all is for.
    /// - A write collects the versions of w votes, which has the last version among them since 2w exceeds the number of
    ///   votes, and stores at w votes. The stores go to all V in any case; the coordinator waits for nothing but its own
    ///   disk where its weight is enough. All write at the same time: 1 sync delay.
    /// - A read with write-back stores what it has read unless w of the votes collected hold it durably; when all agree
    ///   these are all votes collected. What it brings is durable everywhere already: no sync.
    public func costs(nodes: Int) -> [OperationCost] {
        guard let assignment = try? assignment(nodes: nodes) else { return [] }
        let others = assignment.voters.filter { $0 != 0 }
        let own = assignment.votes[0]
        func delays(_ quorum: Int) -> Int { own >= quorum ? 0 : 2 }
        func queryMessages(_ quorum: Int) -> Int { own >= quorum ? 0 : 2 * others.count }

        // Answers come in the order of the nodes where all take equally long.
        var collected = own
        for place in others where collected < assignment.read { collected += assignment.votes[place] }
        let writesBack = options.reads != .neverWriteBack && collected < assignment.write
        return [
            OperationCost(
                kind: "get", messageDelays: 2 + delays(assignment.read) + (writesBack ? delays(assignment.write) : 0),
                messages: queryMessages(assignment.read) + (writesBack ? 2 * others.count : 0), syncDelays: 0,
                syncs: 0),
            OperationCost(
                kind: "put", messageDelays: 2 + 2 * delays(assignment.write),
                messages: queryMessages(assignment.write) + 2 * others.count, syncDelays: 1, syncs: others.count + 1,
                disksBusy: others.count + 1),
        ]
    }

    /// The properties that make the register regular, or atomic.
    public static var invariants: [InvariantCheck<Node>] { RegisterInvariants.all }
}
