/// What can go wrong between a runtime and its machine; each says what to do about it.
public enum RuntimeError: Error, Sendable, Equatable {
    /// A port is in use or can't be bound.
    case cannotListen(address: String, reason: String)
    /// A socket call failed.
    case socket(call: String, reason: String)
    /// A server didn't answer in time, or a connection wasn't made in time.
    case noAnswer(call: String)
    /// A file or folder can't be created, written or synced.
    case cannotWrite(path: String, reason: String)
    /// A file can't be read.
    case cannotRead(path: String, reason: String)
    /// A log or snapshot holds what can't have been written by a run cut short.
    case corrupt(path: String, offset: Int, reason: String)
    /// The folder belongs to another node, cluster, system or version.
    case foreignData(path: String, reason: String)
    /// An address isn't `host:port`.
    case invalidAddress(String)
    /// A node process ended or answered nonsense while it was being started.
    case nodeFailed(node: UInt32, reason: String)
    /// A fault that this kind of cluster can't be made to suffer.
    case unsupportedFault(fault: String, reason: String)
}

extension RuntimeError: CustomStringConvertible {
    /// What happened and what to do.
    public var description: String {
        switch self {
        case .cannotListen(let address, let reason):
            "can't listen on \(address): \(reason); choose another port, or leave it out for a free one"
        case .socket(let call, let reason): "\(call) failed: \(reason)"
        case .noAnswer(let call): "\(call) failed: no answer in time"
        case .cannotWrite(let path, let reason):
            "can't write \(path): \(reason); choose another folder or free some space"
        case .cannotRead(let path, let reason): "can't read \(path): \(reason)"
        case .corrupt(let path, let offset, let reason):
            "\(path) is corrupt at byte \(offset): \(reason); "
                + "restore it from a copy, or remove the node's folder and let it catch up from its peers"
        case .foreignData(let path, let reason):
            "\(path) isn't this node's: \(reason); name another data folder or remove this one"
        case .invalidAddress(let text): "'\(text)' isn't an address; write host:port, such as 127.0.0.1:7000"
        case .nodeFailed(let node, let reason): "node \(node) failed: \(reason)"
        case .unsupportedFault(let fault, let reason): "'\(fault)' can't be done here: \(reason)"
        }
    }
}
