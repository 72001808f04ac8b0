import ByteCoding
import ProtocolKit
import RESP

/// What a client asks of a Dynamo node.
///
/// In the plain form (`GET`, `SET`, `DEL`) any Redis client can ask: a read answers the latest writer's value, and a write
/// replaces what its coordinator holds. In the form with a context (`DYNAMO.GET key`, `DYNAMO.PUT key context value`,
/// `DYNAMO.DEL key context`) answers are an array of the context and the siblings' values, and a write replaces just what
/// its context has seen: the get() and put() of section 4.1 of the Dynamo paper. The context is opaque to clients.
public struct DynamoRequest: Hashable, Sendable {
    /// What is to be done.
    public enum Kind: UInt8, Sendable {
        /// Reads a key.
        case get = 0
        /// Writes a value.
        case put = 1
        /// Removes a key.
        case delete = 2
    }

    /// What is to be done.
    public let kind: Kind
    /// The key.
    public let key: Bytes
    /// The value to be written.
    public let value: Bytes
    /// What the client has seen of the key, empty for nothing; nil in the plain form.
    public let context: Bytes?

    /// A request of its parts.
    public init(_ kind: Kind, key: Bytes, value: Bytes = Bytes(), context: Bytes? = nil) {
        self.kind = kind
        self.key = key
        self.value = value
        self.context = context
    }
}

extension DynamoRequest: ClientRequest {
    /// Reads a command in either form.
    public init(_ command: RESPCommand) throws(CommandError) {
        if command.matches("GET") {
            guard command.count == 2 else { throw .wrongArguments(usage: "GET key") }
            try self.init(.get, command, context: nil, value: nil)
        } else if command.matches("SET") {
            guard command.count == 3 else { throw .wrongArguments(usage: "SET key value") }
            try self.init(.put, command, context: nil, value: 2)
        } else if command.matches("DEL") {
            guard command.count == 2 else { throw .wrongArguments(usage: "DEL key") }
            try self.init(.delete, command, context: nil, value: nil)
        } else if command.matches("DYNAMO.GET") {
            guard command.count == 2 else { throw .wrongArguments(usage: "DYNAMO.GET key") }
            try self.init(.get, command, context: 0, value: nil)
        } else if command.matches("DYNAMO.PUT") {
            guard command.count == 4 else { throw .wrongArguments(usage: "DYNAMO.PUT key context value") }
            try self.init(.put, command, context: 2, value: 3)
        } else if command.matches("DYNAMO.DEL") {
            guard command.count == 3 else { throw .wrongArguments(usage: "DYNAMO.DEL key context") }
            try self.init(.delete, command, context: 2, value: nil)
        } else {
            throw .unknownCommand(command.text(0))
        }
    }

    /// - Parameter context: the argument that holds it, 0 for an empty one.
    private init(_ kind: Kind, _ command: RESPCommand, context: Int?, value: Int?) throws(CommandError) {
        guard command[1].count <= KeyValueLimits.keyBytes else {
            throw .tooLong(what: "key", limit: KeyValueLimits.keyBytes)
        }
        guard value.map({ command[$0].count <= KeyValueLimits.valueBytes }) ?? true else {
            throw .tooLong(what: "value", limit: KeyValueLimits.valueBytes)
        }
        guard context.map({ $0 == 0 || command[$0].count <= Self.contextBytes }) ?? true else {
            throw .tooLong(what: "context", limit: Self.contextBytes)
        }
        self.init(
            kind, key: command.bytes(1), value: value.map { command.bytes($0) } ?? Bytes(),
            context: context.map { $0 == 0 ? Bytes() : command.bytes($0) })
    }

    /// Longest context in bytes.
    static let contextBytes = 16 * DynamoLimits.clockEntriesOnWire + 4

    /// Appends the command.
    public func encode(into writer: inout ByteWriter) {
        let arguments = 2 + (kind == .put ? 1 : 0) + (context != nil && kind != .get ? 1 : 0)
        writer.writeArrayHeader(arguments)
        switch (kind, context != nil) {
        case (.get, false): writer.writeBulk(literal: "GET")
        case (.put, false): writer.writeBulk(literal: "SET")
        case (.delete, false): writer.writeBulk(literal: "DEL")
        case (.get, true): writer.writeBulk(literal: "DYNAMO.GET")
        case (.put, true): writer.writeBulk(literal: "DYNAMO.PUT")
        case (.delete, true): writer.writeBulk(literal: "DYNAMO.DEL")
        }
        writer.writeBulk(key)
        if let context, kind != .get { writer.writeBulk(context) }
        if kind == .put { writer.writeBulk(value) }
    }
}

extension DynamoRequest {
    /// Appends the form in which nodes forward it.
    func encodeForwarded(into writer: inout ByteWriter) {
        writer.write(kind.rawValue)
        writer.write(key)
        writer.write(value)
        writer.write(UInt8(context == nil ? 0 : 1))
        if let context { writer.write(context) }
    }

    /// Reads what another node forwards.
    init(forwardedFrom reader: inout ByteReader) throws(WireError) {
        let tag = try reader.read(UInt8.self)
        guard let kind = Kind(rawValue: tag) else { throw .unknownTag(what: "request", value: UInt64(tag)) }
        self.kind = kind
        key = try reader.readBytes(limit: KeyValueLimits.keyBytes)
        value = try reader.readBytes(limit: KeyValueLimits.valueBytes)
        context = try reader.readBool() ? try reader.readBytes(limit: Self.contextBytes) : nil
    }
}
