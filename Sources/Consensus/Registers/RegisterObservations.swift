import ProtocolKit

/// What a replica's last step did, so that invariants needn't look at everything after every step.
struct RegisterObservations: Sendable {
    /// The registers that the replica has written.
    var written: ContiguousArray<RegisterPosition> = []
    /// The operations that it has answered.
    var ended: ContiguousArray<RegisterOperation> = []
    /// The list at whose end an operation stands that has begun, or nil.
    var begunIn: Int?

    mutating func reset() {
        if !written.isEmpty { written.removeAll(keepingCapacity: true) }
        if !ended.isEmpty { ended.removeAll(keepingCapacity: true) }
        begunIn = nil
    }
}
