import ByteCoding
import RESP

/// A request as it travels on the client port: one RESP command.
public protocol ClientRequest: Sendable {
    /// Reads a command; a refused one is answered with the error and the connection lives on.
    init(_ command: RESPCommand) throws(CommandError)
    /// Appends the command.
    func encode(into writer: inout ByteWriter)
}

/// A kind of request that carries a service's requests, perhaps beside some of its own: what a replica is asked, of
/// which the state machine sees a part.
public protocol RequestEnvelope: ClientRequest {
    /// The service's requests.
    associatedtype Content: ClientRequest
    /// A request of the service.
    init(carrying content: Content)
}

/// A response as it travels on the client port: one RESP value.
public protocol ClientResponse: Sendable {
    /// The answer that isn't one: the node can't serve the request, and why.
    static func refusal(_ refusal: Refusal) -> Self
    /// The refusal, if it is one.
    var refusal: Refusal? { get }
    /// Reads a value that is not one of ``Refusal``'s errors; nil when it can't be this service's answer.
    init?(_ value: RESPValue)
    /// Appends the value; never called on a refusal.
    func encode(into writer: inout ByteWriter)
}

/// Why a node didn't serve a request. None of them has had an effect.
public enum Refusal: Hashable, Sendable {
    /// Ask this node instead.
    case redirect(NodeID)
    /// The node knows no leader at the moment.
    case noLeader
    /// Too much is under way; try later.
    case overloaded
    /// The client's session has expired.
    case sessionExpired
    /// The request makes no sense here; the text says why.
    case rejected(String)
}

extension Refusal {
    /// Appends the RESP error: `MOVED` in the form of Redis Cluster, whose slot number carries the node.
    ///
    /// - Parameter address: `host:port` of a node's client port.
    public func encode(into writer: inout ByteWriter, address: (NodeID) -> String?) {
        switch self {
        case .redirect(let node):
            if let address = address(node) {
                writer.writeError("MOVED \(node) \(address)")
            } else {
                writer.writeError("CLUSTERDOWN the leader's address is not known, try again")
            }
        case .noLeader: writer.writeError("CLUSTERDOWN no leader at the moment, try again")
        case .overloaded: writer.writeError("BUSY too many requests under way, try again")
        case .sessionExpired: writer.writeError("SESSIONEXPIRED the session has expired, open a new one")
        case .rejected(let reason): writer.writeError("ERR \(reason)")
        }
    }

    /// Reads a RESP error line.
    public init(errorLine: Bytes) {
        let (word, rest) = Self.firstWord(of: errorLine)
        switch word {
        case "MOVED":
            if let node = UInt32(Self.firstWord(of: rest).word) {
                self = .redirect(NodeID(node))
            } else {
                self = .rejected(errorLine.text)
            }
        case "CLUSTERDOWN": self = .noLeader
        case "BUSY": self = .overloaded
        case "SESSIONEXPIRED": self = .sessionExpired
        case "ERR": self = .rejected(rest.text)
        default: self = .rejected(errorLine.text)
        }
    }

    /// A line's first word and what comes after the space; of bytes, since splitting text takes a refused client longer
    /// than all else.
    private static func firstWord(of line: Bytes) -> (word: String, rest: Bytes) {
        let count = line.withUnsafeBytes { $0.firstIndex(of: UInt8(ascii: " ")) ?? $0.count }
        return (line[0..<count].text, line[min(count + 1, line.count)..<line.count])
    }
}

/// Why a command isn't a request of this service.
public enum CommandError: Error, Hashable, Sendable {
    /// The service has no such command.
    case unknownCommand(String)
    /// The command takes other arguments.
    case wrongArguments(usage: StaticString)
    /// An argument isn't an integer in range.
    case notAnInteger(argument: StaticString)
    /// A key or value is too long.
    case tooLong(what: StaticString, limit: Int)

    /// Equal descriptions.
    public static func == (left: CommandError, right: CommandError) -> Bool { left.description == right.description }
    /// Hashes the description.
    public func hash(into hasher: inout Hasher) { hasher.combine(description) }
}

extension CommandError: CustomStringConvertible {
    /// The text after `ERR`.
    public var description: String {
        switch self {
        case .unknownCommand(let name): "unknown command '\(name.prefix(128))'"
        case .wrongArguments(let usage): "wrong number of arguments: \(usage)"
        case .notAnInteger(let argument): "\(argument) is not an integer or out of range"
        case .tooLong(let what, let limit): "\(what) is longer than \(limit) bytes"
        }
    }
}
