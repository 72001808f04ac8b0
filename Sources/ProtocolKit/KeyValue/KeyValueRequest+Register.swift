/// Where a plain read or write of one key lies in a request's binary form: all that a replicated register serves.
public struct RegisterAccess: Hashable, Sendable {
    /// Whether it reads; otherwise it writes ``value``.
    public let isRead: Bool
    /// Where the key lies.
    public let key: Range<Int>
    /// Where the value to be written lies; empty for a read.
    public let value: Range<Int>
}

extension KeyValueRequest {
    /// The request as a read or write of one register; nil for every other operation, for commands of a session and for
    /// what is malformed.
    public var registerAccess: RegisterAccess? {
        payload.withUnsafeBytes { region in
            guard region.count >= 5, region[0] == CommandTag.get || region[0] == CommandTag.put else { return nil }
            let keyCount = Int(UInt32(littleEndian: region.loadUnaligned(fromByteOffset: 1, as: UInt32.self)))
            guard keyCount <= region.count - 5 else { return nil }
            return RegisterAccess(
                isRead: region[0] == CommandTag.get, key: 5..<5 + keyCount, value: 5 + keyCount..<region.count)
        }
    }
}
