import ByteCoding
import ProtocolKit

/// What one step of a node did that invariants look at; empty again when the next step begins.
struct StepJournal: Sendable {
    /// A write that a coordinator has made.
    struct Issue: Sendable {
        let key: Bytes
        /// The new version; nil for a deletion under version vectors, which leaves none.
        let version: Version?
        /// What its client had seen.
        let context: VersionVector
    }

    /// A write that a coordinator has answered as done.
    struct Acknowledgement: Sendable {
        let key: Bytes
        let hash: UInt64
        /// What was to be stored.
        let cell: Cell
        /// The nodes that had stored it, by position.
        let holders: UInt64
    }

    /// Keys whose cell in the store has changed.
    var stored: ContiguousArray<Bytes> = []
    /// Keys for which a hint has come, changed or gone.
    var hinted: ContiguousArray<Bytes> = []
    var issued: ContiguousArray<Issue> = []
    var acknowledged: ContiguousArray<Acknowledgement> = []

    var isEmpty: Bool { stored.isEmpty && hinted.isEmpty && issued.isEmpty && acknowledged.isEmpty }

    mutating func removeAll() {
        stored.removeAll(keepingCapacity: true)
        hinted.removeAll(keepingCapacity: true)
        issued.removeAll(keepingCapacity: true)
        acknowledged.removeAll(keepingCapacity: true)
    }
}
