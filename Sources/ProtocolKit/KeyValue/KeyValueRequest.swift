import ByteCoding
import RESP

/// A key-value command in the binary form in which log and wire carry it: coded once, where it enters the cluster.
public struct KeyValueRequest: ReplicatedRequest, Hashable {
    /// The binary form.
    public let payload: Bytes

    /// Takes the binary form over, unchecked.
    @inlinable
    public init(payload: Bytes) {
        self.payload = payload
    }

    /// Whether it only reads.
    @inlinable
    public var isRead: Bool { !payload.isEmpty && payload[0] == CommandTag.get }

    /// Codes a command, with its place in a session where it has one: reads and the opening of a session have none.
    public init(_ command: __shared KeyValueCommand, stamp: SessionStamp? = nil) {
        switch command {
        case .get(let key):
            if let whole = key.preceded(by: Self.headerBytes), Self.begins(whole, CommandTag.get, key) {
                self.init(payload: whole)
            } else {
                self.init(CommandTag.get, nil, key)
            }
        case .put(let key, let value):
            if stamp == nil, let laidOut = Self.laidOut(key, value) {
                self.init(payload: laidOut)
            } else {
                self.init(CommandTag.put, stamp, key, value)
            }
        case .delete(let key): self.init(CommandTag.delete, stamp, key)
        case .compareAndSet(let key, nil, let value): self.init(CommandTag.putIfAbsent, stamp, key, value)
        case .compareAndSet(let key, let expected?, let value):
            self.init(CommandTag.compareAndSet, stamp, key, expected, value)
        case .increment(let key, let delta):
            self.init(CommandTag.increment, stamp, key, Bytes(withUnsafeBytes(of: delta.littleEndian) { Array($0) }))
        case .append(let key, let value): self.init(CommandTag.append, stamp, key, value)
        case .openSession: self.init(CommandTag.openSession, nil, Bytes())
        }
    }

    /// Appends a key behind what a request to read it begins with, and returns where the key begins: coding a get of that
    /// part of the memory copies nothing.
    static func layOutGet(in memory: inout [UInt8], key appendKey: (inout [UInt8]) -> Void) -> Int {
        let start = memory.count + headerBytes
        memory.append(contentsOf: [CommandTag.get, 0, 0, 0, 0])
        appendKey(&memory)
        memory.withUnsafeMutableBufferPointer { writeHeader(CommandTag.get, $0.count - start, at: start, in: $0) }
        return start
    }

    /// A request to put a value under a key of so many bytes, with `filling` in place of both.
    static func putTemplate(keyBytes: Int, valueBytes: Int, filling: UInt8) -> [UInt8] {
        var request = [UInt8](repeating: filling, count: headerBytes + keyBytes + valueBytes)
        request.withUnsafeMutableBufferPointer { writeHeader(CommandTag.put, keyBytes, at: headerBytes, in: $0) }
        return request
    }

    /// A put whose key and value lie in memory just as a request carries them, a template's copy: coding it copies nothing.
    /// `change` gets the value to write it.
    ///
    /// - Parameter template: from ``putTemplate(keyBytes:valueBytes:filling:)``, for the key's length.
    static func put(
        key: Bytes, template: consuming [UInt8], _ change: (UnsafeMutableBufferPointer<UInt8>) -> Void
    ) -> KeyValueCommand {
        let start = headerBytes + key.count
        precondition(template.count >= start, "the template is for shorter keys")
        var request = template
        request.withUnsafeMutableBufferPointer { memory in
            key.withUnsafeBytes { key in
                for place in key.indices { memory[headerBytes + place] = key[place] }
            }
            change(UnsafeMutableBufferPointer(rebasing: memory[start...]))
        }
        let whole = Bytes(request)
        return .put(key: whole[headerBytes..<start], value: whole[start..<whole.count])
    }

    /// The tag and the key's length.
    private static var headerBytes: Int { 5 }

    /// Writes tag and key's length ahead of a key.
    private static func writeHeader(
        _ tag: UInt8, _ keyCount: Int, at start: Int, in memory: UnsafeMutableBufferPointer<UInt8>
    ) {
        memory[start - headerBytes] = tag
        for place in 0..<4 {
            memory[start - headerBytes + 1 + place] = UInt8(truncatingIfNeeded: keyCount >> (8 * place))
        }
    }

    /// Whether bytes begin as a request with this tag and a key of this one's length does.
    private static func begins(_ whole: Bytes, _ tag: UInt8, _ key: Bytes) -> Bool {
        whole.withUnsafeBytes { region in
            region[0] == tag
                && UInt32(littleEndian: region.loadUnaligned(fromByteOffset: 1, as: UInt32.self)) == UInt32(key.count)
        }
    }

    /// The request that a key and a value of ``put(key:template:_:)`` lie in; nil for others.
    private static func laidOut(_ key: Bytes, _ value: Bytes) -> Bytes? {
        guard let whole = key.joined(to: value, before: headerBytes), begins(whole, CommandTag.put, key) else {
            return nil
        }
        return whole
    }

    private init(_ tag: UInt8, _ stamp: SessionStamp?, _ key: Bytes, _ first: Bytes = Bytes(), _ second: Bytes? = nil) {
        payload = key.withUnsafeBytes { key in
            first.withUnsafeBytes { first in
                guard let second else { return Self.code(tag, stamp, key: key, tail: first) }
                return second.withUnsafeBytes { Self.code(tag, stamp, key: key, middle: first, tail: $0) }
            }
        }
    }

    /// Lays a command out in one allocation.
    @inlinable
    static func code(
        _ tag: UInt8, _ stamp: SessionStamp?, key: UnsafeRawBufferPointer, middle: UnsafeRawBufferPointer? = nil,
        tail: UnsafeRawBufferPointer
    ) -> Bytes {
        let stampBytes = stamp == nil ? 0 : CommandTag.stampBytes
        let middleBytes = middle.map { $0.count + 4 } ?? 0
        let count = 1 + stampBytes + 4 + key.count + middleBytes + tail.count
        // Appended piece by piece: the initialiser that gives uninitialised memory isn't specialised across modules.
        var bytes: [UInt8] = []
        bytes.reserveCapacity(count)
        bytes.append(stamp == nil ? tag : tag | CommandTag.stamped)
        if let stamp {
            append(stamp.session.rawValue, to: &bytes)
            append(stamp.sequence, to: &bytes)
            append(stamp.acknowledgedBelow, to: &bytes)
        }
        append(UInt32(key.count), to: &bytes)
        bytes.append(contentsOf: key)
        if let middle {
            append(UInt32(middle.count), to: &bytes)
            bytes.append(contentsOf: middle)
        }
        bytes.append(contentsOf: tail)
        return Bytes(bytes)
    }

    @inlinable
    @inline(__always)
    static func append(_ number: some FixedWidthInteger, to bytes: inout [UInt8]) {
        withUnsafeBytes(of: number.littleEndian) { bytes.append(contentsOf: $0) }
    }
}

extension KeyValueRequest: RequestEnvelope {
    /// The request itself.
    @inlinable
    public init(carrying content: KeyValueRequest) { self = content }
}

extension KeyValueRequest: PrefixedRequest {
    /// Reads any command but a stamped one, from an argument on.
    @inlinable
    public init(_ command: RESPCommand, from base: Int) throws(CommandError) {
        guard command.count > base else { throw .wrongArguments(usage: "a command is missing") }
        try self.init(command, from: base, stamp: nil)
    }

    /// Reads `GET`, `SET`, `DEL`, `CAS key expected new`, `SETNX`, `INCR`, `INCRBY`, `DECR`, `APPEND`, `SESSION.OPEN`, or
    /// any of them after `SESSION id sequence acknowledged-below`.
    @inlinable
    public init(_ command: RESPCommand) throws(CommandError) {
        if command.matches("SET") {
            guard command.count == 3 else { throw .wrongArguments(usage: "SET key value") }
            try self.init(CommandTag.put, nil, command, key: 1, value: 2)
        } else if command.matches("GET") {
            guard command.count == 2 else { throw .wrongArguments(usage: "GET key") }
            try self.init(CommandTag.get, nil, command, key: 1, value: nil)
        } else if command.matches("SESSION") {
            try self.init(stamped: command)
        } else {
            try self.init(command, from: 0, stamp: nil)
        }
    }

    @usableFromInline
    init(stamped command: RESPCommand) throws(CommandError) {
        let usage: StaticString = "SESSION id sequence acknowledged-below command ..."
        guard command.count >= 5 else { throw .wrongArguments(usage: usage) }
        guard let session = command.integer(1), let sequence = command.integer(2), let below = command.integer(3),
            session > 0, sequence > 0, below >= 0
        else { throw .notAnInteger(argument: "session, sequence or acknowledged-below") }
        let stamp = SessionStamp(
            session: SessionID(UInt64(session)), sequence: UInt64(sequence), acknowledgedBelow: UInt64(below))
        try self.init(command, from: 4, stamp: stamp)
    }

    @usableFromInline
    init(_ command: RESPCommand, from base: Int, stamp: SessionStamp?) throws(CommandError) {
        let arguments = command.count - base
        if command.matches("SET", at: base) {
            guard arguments == 3 else { throw .wrongArguments(usage: "SET key value") }
            try self.init(CommandTag.put, stamp, command, key: base + 1, value: base + 2)
        } else if command.matches("GET", at: base) {
            guard arguments == 2 else { throw .wrongArguments(usage: "GET key") }
            try self.init(CommandTag.get, nil, command, key: base + 1, value: nil)
        } else if command.matches("DEL", at: base) {
            guard arguments == 2 else { throw .wrongArguments(usage: "DEL key") }
            try self.init(CommandTag.delete, stamp, command, key: base + 1, value: nil)
        } else if command.matches("APPEND", at: base) {
            guard arguments == 3 else { throw .wrongArguments(usage: "APPEND key value") }
            try self.init(CommandTag.append, stamp, command, key: base + 1, value: base + 2)
        } else if command.matches("SETNX", at: base) {
            guard arguments == 3 else { throw .wrongArguments(usage: "SETNX key value") }
            try self.init(CommandTag.putIfAbsent, stamp, command, key: base + 1, value: base + 2)
        } else if command.matches("CAS", at: base) {
            guard arguments == 4 else { throw .wrongArguments(usage: "CAS key expected new") }
            try self.init(CommandTag.compareAndSet, stamp, command, key: base + 1, middle: base + 2, value: base + 3)
        } else if command.matches("SESSION.OPEN", at: base) {
            guard arguments == 1 else { throw .wrongArguments(usage: "SESSION.OPEN") }
            self.init(.openSession, stamp: stamp)
        } else {
            try self.init(counting: command, from: base, stamp: stamp)
        }
    }

    private init(counting command: RESPCommand, from base: Int, stamp: SessionStamp?) throws(CommandError) {
        let arguments = command.count - base
        let delta: Int64
        if command.matches("INCR", at: base) || command.matches("DECR", at: base) {
            guard arguments == 2 else { throw .wrongArguments(usage: "INCR key, DECR key") }
            delta = command.matches("INCR", at: base) ? 1 : -1
        } else if command.matches("INCRBY", at: base) {
            guard arguments == 3 else { throw .wrongArguments(usage: "INCRBY key increment") }
            guard let number = command.integer(base + 2) else { throw .notAnInteger(argument: "increment") }
            delta = number
        } else {
            throw .unknownCommand(command.text(base))
        }
        guard command[base + 1].count <= KeyValueLimits.keyBytes else {
            throw .tooLong(what: "key", limit: KeyValueLimits.keyBytes)
        }
        self.init(.increment(key: command.bytes(base + 1), by: delta), stamp: stamp)
    }

    @inlinable
    init(
        _ tag: UInt8, _ stamp: SessionStamp?, _ command: RESPCommand, key: Int, middle: Int? = nil, value: Int?
    ) throws(CommandError) {
        let keyRegion = command[key]
        guard keyRegion.count <= KeyValueLimits.keyBytes else {
            throw .tooLong(what: "key", limit: KeyValueLimits.keyBytes)
        }
        let tail = value.map { command[$0] } ?? UnsafeRawBufferPointer(start: nil, count: 0)
        let middleRegion = middle.map { command[$0] }
        guard tail.count <= KeyValueLimits.valueBytes, (middleRegion?.count ?? 0) <= KeyValueLimits.valueBytes else {
            throw .tooLong(what: "value", limit: KeyValueLimits.valueBytes)
        }
        payload = Self.code(tag, stamp, key: keyRegion, middle: middleRegion, tail: tail)
    }

    /// Appends the command.
    public func encode(into writer: inout ByteWriter) {
        encode(into: &writer, behind: 0) { _ in }
    }

    /// Appends the command behind `count` arguments, which `prefix` writes.
    public func encode(into writer: inout ByteWriter, behind count: Int, _ prefix: (inout ByteWriter) -> Void) {
        payload.withUnsafeBytes { region in
            guard let view = KeyValueView(region), let arguments = view.argumentCount else { return }
            if count == 0, view.stamp == nil {
                // Almost all that a load sends.
                if view.tag == CommandTag.get {
                    writer.write(literal: "*2\r\n$3\r\nGET\r\n")
                    return writer.writeBulk(region: view.key)
                } else if view.tag == CommandTag.put {
                    writer.write(literal: "*3\r\n$3\r\nSET\r\n")
                    writer.writeBulk(region: view.key)
                    return writer.writeBulk(region: view.tail)
                }
            }
            writer.writeArrayHeader(count + arguments)
            prefix(&writer)
            switch view.tag {
            case CommandTag.get: writer.writeCommand("GET", view)
            case CommandTag.put: writer.writeCommand("SET", view, view.tail)
            case CommandTag.delete: writer.writeCommand("DEL", view)
            case CommandTag.append: writer.writeCommand("APPEND", view, view.tail)
            case CommandTag.putIfAbsent: writer.writeCommand("SETNX", view, view.tail)
            case CommandTag.compareAndSet:
                guard let pair = view.pair else { return }
                writer.writeCommand("CAS", view, pair.expected, pair.value)
            case CommandTag.increment:
                writer.writeCommand("INCRBY", view)
                writer.writeBulk(decimal: Int(view.delta ?? 0))
            default: writer.writeBulk(literal: "SESSION.OPEN")
            }
        }
    }
}

extension KeyValueView {
    /// How many arguments the command has, its stamp's included; nil where it can't be written.
    fileprivate var argumentCount: Int? {
        let stampCount = stamp == nil ? 0 : 4
        switch tag {
        case CommandTag.get, CommandTag.delete: return stampCount + 2
        case CommandTag.put, CommandTag.append, CommandTag.putIfAbsent, CommandTag.increment: return stampCount + 3
        case CommandTag.compareAndSet: return pair == nil ? nil : stampCount + 4
        case CommandTag.openSession: return 1
        default: return nil
        }
    }
}

extension ByteWriter {
    fileprivate mutating func writeCommand(
        _ name: StaticString, _ view: KeyValueView, _ value: UnsafeRawBufferPointer? = nil,
        _ second: UnsafeRawBufferPointer? = nil
    ) {
        if let stamp = view.stamp {
            writeBulk(literal: "SESSION")
            writeBulk(decimal: Int(stamp.session.rawValue))
            writeBulk(decimal: Int(stamp.sequence))
            writeBulk(decimal: Int(stamp.acknowledgedBelow))
        }
        writeBulk(literal: name)
        writeBulk(region: view.key)
        if let value { writeBulk(region: value) }
        if let second { writeBulk(region: second) }
    }

    fileprivate mutating func writeBulk(region: UnsafeRawBufferPointer) {
        writeBulkHeader(region.count)
        write(raw: region)
        writeLineEnd()
    }
}
