import ProtocolKit

/// The register of Attiya, Bar-Noy & Dolev for many writers: the catalogue's entry.
///
/// It serves reads and writes only. A consensus number of 1 (Herlihy 1991) is what it costs to need no leader: nothing
/// that depends on the current value can be done atomically, so there is no compare-and-set, no increment, and no delete
/// that truthfully says whether it removed something.
public struct ABDSystem: ClusterSystem {
    /// A replica that coordinates, too.
    public typealias Node = RegisterReplica
    /// A client of one replica.
    public typealias Client = KeyValueClient<Node>
    /// What clients do.
    public typealias Offer = KeyValueService

    /// What every node is set to.
    public let options: RegisterOptions
    private let spreadsClients: Bool

    /// The planted faults.
    static let mutations: [RegisterMutation] = [
        .skipWriteBack, .skipSync, .smallQuorum, .overwriteNewer, .forgetIncarnation, .forgetCounter, .forgetWriter,
        .countTwice, .staleAnswers, .assumeDurable, .trustReplacement, .forgetReplacement,
    ]

    /// Name, source and options.
    public static let descriptor = SystemDescriptor(
        name: "abd", family: .consensus,
        summary: "atomic registers over majorities: no leader, every node coordinates",
        source: "Attiya, Bar-Noy & Dolev 1995; Lynch & Shvartsman 1997; Michael et al. 2017 for lost disks",
        options: [
            OptionSpecification(
                "reads", .choice(["two-phase", "one-phase"]), default: "two-phase",
                help: "one-phase: a read skips its second phase where the first has found a majority in agreement")
        ] + RegisterOptions.specifications,
        defaultNodes: 3, nodeRange: 1...9,
        mutations: mutations.map { Mutation(name: $0.rawValue, breaks: $0.breaks) })

    /// The system with a user's choice of options.
    ///
    /// - Throws: ``OptionError`` where an option or planted fault is unknown or out of range.
    public init(options: VariantOptions, mutation: String? = nil) throws(OptionError) {
        let resolved = try ResolvedOptions(options, mutation: mutation, for: Self.descriptor)
        var chosen = RegisterOptions(resolved, mutation: mutation)
        chosen.reads = resolved.text("reads") == "one-phase" ? .writeBackUnlessAgreed : .alwaysWriteBack
        self.options = chosen
        spreadsClients = resolved.isOn("spread")
    }

    /// A replica before its start.
    public func makeNode(_ id: NodeID, members: [NodeID]) -> Node {
        var assignment = VoteAssignment(majorityOf: members.count)
        if options.mutation == .smallQuorum {
            let small = max(1, assignment.write - 1)
            assignment = VoteAssignment(unchecked: Array(assignment.votes), read: small, write: small)
        }
        return RegisterReplica(id: id, members: members, assignment: assignment, options: options)
    }

    /// A client before its start.
    ///
    /// Every node serves alike, so that clients choose theirs by their numbers, unless they are all to ask `preferred`. A
    /// client whose node is gone asks the next; it sends nothing again that may have had its effect, except reads.
    public func makeClient(
        number: Int, members: [NodeID], preferred: NodeID, timeoutNanoseconds: UInt64
    ) -> Client {
        let server = spreadsClients ? members[number % members.count] : preferred
        return KeyValueClient(members: members, preferred: server, timeoutNanoseconds: timeoutNanoseconds)
    }

    /// Reads and writes.
    public static var operationKinds: [String] { ["get", "put"] }

    /// By the paper (ABD, section 3; Lynch & Shvartsman, section 3), with the coordinator one of the replicas: it answers
    /// itself at once, so that a phase is N−1 messages and N−1 answers, and takes two delays.
    ///
    /// - A write queries and stores: 2 + 2 delays and the client's 2, 4(N−1) messages. Its stores are made durable by all
    ///   replicas at the same time, the coordinator's too: 1 sync delay. The query needs none, and the tag none of its
    ///   own because it carries the incarnation.
    /// - A read queries and writes back: the same delays and messages. When all replicas agree, which they do when nothing
    ///   else is under way, the write-back finds what it brings durable already: no sync. (A replica that is behind syncs
    ///   it; then it is 1.)
    /// - A read in one phase answers when a majority is found to hold the same tag durably: that is what the second phase
    ///   would bring about. 2 delays and the client's 2, 2(N−1) messages, no sync.
    ///
    /// A single node needs no messages.
    public func costs(nodes: Int) -> [OperationCost] {
        let phase = 2 * (nodes - 1)
        let delays = nodes == 1 ? 0 : 2
        let readPhases = options.reads == .alwaysWriteBack ? 2 : 1
        return [
            OperationCost(
                kind: "get", messageDelays: 2 + readPhases * delays, messages: readPhases * phase, syncDelays: 0,
                syncs: 0),
            OperationCost(
                kind: "put", messageDelays: 2 + 2 * delays, messages: 2 * phase, syncDelays: 1, syncs: nodes,
                disksBusy: nodes),
        ]
    }

    /// A minority: the others are a majority.
    public func toleratedFailures(nodes: Int) -> Int { (nodes - 1) / 2 }

    /// A replica that has lost its disk answers no query until the others have told it what they hold.
    public static var allowsReplacement: Bool { true }

    /// The properties that make the register atomic.
    public static var invariants: [InvariantCheck<Node>] { RegisterInvariants.all }
}
