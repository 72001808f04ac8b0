import ProtocolKit
import Workload

/// What a user of an ordered key-value store gets: the answer, and its place in the order of all writes.
public struct OrderedAnswer: Sendable, Hashable {
    /// The answer.
    public var response: KeyValueResponse
    /// Of a write: its identifier. Of a read: that of the last write which it saw.
    public var zxid: Zxid

    /// An answer of its parts.
    @inlinable
    public init(_ response: KeyValueResponse, at zxid: Zxid) {
        self.response = response
        self.zxid = zxid
    }
}

/// The key-value service of a store that tells its clients the order of writes: the same operations and load as
/// ``KeyValueService``, and a history that can be proved sequentially consistent by that order.
public enum OrderedKeyValueService: Service {
    /// What users ask.
    public typealias Operation = KeyValueCommand
    /// What users get.
    public typealias Result = OrderedAnswer
    /// What is kept of an operation until it ends.
    public typealias Note = KeyValueNote
    /// Makes the load.
    public typealias Source = OrderedKeyValueSource
    /// Judges the history.
    public typealias Judge = OrderedKeyValueJudge

    /// `key-value`: for scenarios it is the same service.
    public static var name: String { KeyValueService.name }
    /// The kinds of operation.
    public static var kinds: [String] { KeyValueService.kinds }
    /// Half reads, half writes.
    public static var defaultMix: String { KeyValueService.defaultMix }
    /// What is kept of an operation.
    public static func note(of operation: KeyValueCommand) -> KeyValueNote { KeyValueNote(operation) }

    /// The kind of an operation.
    public static func kind(of operation: KeyValueCommand) -> Int { KeyValueService.kind(of: operation) }
}

extension Completion<OrderedAnswer> {
    /// The completion without the identifier.
    var unordered: Completion<KeyValueResponse> {
        switch self {
        case .answered(let answer): .answered(answer.response)
        case .failed(let error): .failed(error)
        case .indeterminate(let error): .indeterminate(error)
        }
    }
}

/// The load of ``KeyValueService``.
public struct OrderedKeyValueSource: OperationSource {
    /// What users ask.
    public typealias Operation = KeyValueCommand
    /// What users get.
    public typealias Result = OrderedAnswer

    private var source: KeyValueSource

    /// The source of one user.
    public init(user: Int, users: Int, options: WorkloadOptions) {
        source = KeyValueSource(user: user, users: users, options: options)
    }

    /// The user's next operation.
    public mutating func next() -> KeyValueCommand { source.next() }

    /// The user's next operation, and what is kept of it.
    public mutating func nextNoted() -> (operation: KeyValueCommand, note: KeyValueNote) { source.nextNoted() }

    /// Nothing must follow.
    public mutating func followUp(
        _ note: KeyValueNote, _ completion: Completion<OrderedAnswer>
    ) -> (operation: KeyValueCommand, delayNanoseconds: UInt64)? {
        source.followUp(note, completion.unordered)
    }

    /// Registers that will be read are loaded first.
    public static func prologue(options: WorkloadOptions) -> [KeyValueCommand] {
        KeyValueSource.prologue(options: options)
    }

    /// The final values are read.
    public static func epilogue(options: WorkloadOptions) -> [KeyValueCommand] {
        KeyValueSource.epilogue(options: options)
    }
}
