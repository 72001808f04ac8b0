import ProtocolKit

/// One server without copies: what the others are compared with.
public struct UnreplicatedSystem: ClusterSystem {
    /// The server.
    public typealias Node = Unreplicated<KeyValueStore>
    /// A client of it.
    public typealias Client = KeyValueClient<Node>
    /// What clients do.
    public typealias Offer = KeyValueService

    private let options: UnreplicatedOptions

    /// Name and options.
    public static let descriptor = SystemDescriptor(
        name: "unreplicated", family: .consensus, summary: "one key-value server with a log: the ceiling",
        source: "no replication",
        options: [
            OptionSpecification(
                "snapshot-bytes", .integer(4_096...1 << 32), default: "8388608",
                help: "bytes of applied entries after which a snapshot is taken")
        ],
        defaultNodes: 1, nodeRange: 1...1)

    /// The server with a user's choice of options.
    ///
    /// - Throws: ``OptionError`` where an option is unknown or out of range.
    public init(options: VariantOptions, mutation: String? = nil) throws(OptionError) {
        let resolved = try ResolvedOptions(options, mutation: mutation, for: Self.descriptor)
        var chosen = UnreplicatedOptions()
        chosen.snapshotBytes = resolved.integer("snapshot-bytes")
        self.options = chosen
    }

    /// The server before its start.
    public func makeNode(_ id: NodeID, members: [NodeID]) -> Node {
        Unreplicated(id: id, options: options)
    }

    /// A client before its start.
    public func makeClient(
        number: Int, members: [NodeID], preferred: NodeID, timeoutNanoseconds: UInt64
    ) -> Client {
        KeyValueClient(members: members, preferred: preferred, timeoutNanoseconds: timeoutNanoseconds)
    }

    /// Request, sync, reply; a read is answered from memory.
    public func costs(nodes: Int) -> [OperationCost] {
        KeyValueService.kinds.map { kind in
            let syncs = kind == "get" ? 0 : 1
            return OperationCost(kind: kind, messageDelays: 2, messages: 0, syncDelays: syncs, syncs: syncs)
        }
    }

    /// Nothing that one server could disagree on with itself.
    public static var invariants: [InvariantCheck<Node>] { [] }
}
