import ByteCoding
import ProtocolKit
import Verification

/// A set that only grows, kept by every node: a mark is made once a majority has it on disk, and a read unites what a
/// majority has. A node that has lost its disk counts again once it has united what a majority of the others have.
struct MarkSystem: ClusterSystem {
    static let descriptor = SystemDescriptor(
        name: "marks", family: .consensus, summary: "a growing set on a majority of disks", source: "this test",
        options: [OptionSpecification("burst", .integer(1...64), default: "8", help: "marks in a message")],
        defaultNodes: 3, nodeRange: 1...5,
        mutations: [
            Mutation(name: "never-gossip", breaks: "nodes exchange what they have"),
            Mutation(name: "replacement-answers", breaks: "a replacement doesn't count before it has caught up"),
            Mutation(name: "answer-before-sync", breaks: "a node says that it has a mark once that is durable"),
        ])

    let mutation: String?
    let burst: Int

    init(options: VariantOptions, mutation: String?) throws(OptionError) {
        burst = try ResolvedOptions(options, mutation: mutation, for: Self.descriptor).integer("burst")
        self.mutation = mutation
    }

    func makeNode(_ id: NodeID, members: [NodeID]) -> MarkNode {
        MarkNode(id: id, members: members, mutation: mutation, burst: burst)
    }

    func makeClient(number: Int, members: [NodeID], preferred: NodeID, timeoutNanoseconds: UInt64) -> MarkClient {
        MarkClient(members: members, server: preferred, timeout: timeoutNanoseconds)
    }

    typealias Offer = MarkService

    func costs(nodes: Int) -> [OperationCost] { [] }
    func toleratedFailures(nodes: Int) -> Int { (nodes - 1) / 2 }
    static var allowsReplacement: Bool { true }
    static func rareOptions(seed: UInt64) -> VariantOptions { VariantOptions([("burst", "\(1 + seed % 4)")]) }

    static func replicaState(of node: MarkNode) -> ReplicaState? {
        ReplicaState(
            replica: "n\(node.id)", applied: UInt64(node.marks.count),
            digest: node.marks.reduce(0) { $0 &+ $1 &* 0x9E37_79B9_7F4A_7C15 })
    }

    static var invariants: [InvariantCheck<MarkNode>] { [InvariantCheck(MarksAreReal())] }
}

/// Every mark that a node has was made by somebody: its low half follows from its high half.
struct MarksAreReal: Invariant {
    let name = "marks are real"
    private var looked: [Int] = []
    private var incarnations: [UInt64] = []

    mutating func check(_ nodes: NodeStates<MarkNode>, changed: Int) -> String? {
        while looked.count < nodes.count {
            looked.append(0)
            incarnations.append(0)
        }
        if incarnations[changed] != nodes.incarnation(changed) {
            incarnations[changed] = nodes.incarnation(changed)
            looked[changed] = 0
        }
        while looked[changed] < nodes[changed].marks.count {
            let mark = nodes[changed].marks[looked[changed]]
            looked[changed] += 1
            if Mark.make(mark >> 32) != mark { return "node \(changed) has mark \(mark), which nobody made" }
        }
        return nil
    }
}

enum Mark {
    /// A mark of 32 bits of a number and 32 that vouch for them.
    static func make(_ number: UInt64) -> UInt64 {
        number << 32 | (number &* 0x9E37_79B9_7F4A_7C15) >> 32
    }
}
