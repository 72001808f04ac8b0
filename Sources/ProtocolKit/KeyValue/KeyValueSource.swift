import ByteCoding
import Verification
import Workload

/// Makes the key-value operations of one user: every written value is different from every other.
public struct KeyValueSource: OperationSource {
    /// What users ask.
    public typealias Operation = KeyValueCommand
    /// What users get.
    public typealias Result = KeyValueResponse

    private enum Kind: Int {
        case get, put, delete, compareAndSet, increment, append
    }

    private let options: WorkloadOptions
    /// The kind at each place of the mix.
    private let kinds: [Kind]
    /// The key spaces that the mix writes to, for reads to choose from.
    private let spaces: [KeyValueNaming.Space]
    private var keys: KeySampler
    /// What values are copied from, where all are of one size.
    private let template: [UInt8]?
    private let registers: KeyNames
    private let counters: KeyNames
    private let lists: KeyNames
    private var generator: SeededGenerator
    private var nextIdentity: UInt64
    /// What the user last saw in each register, for compare-and-set; empty where the mix has none.
    private var lastSeen: [UInt64]

    /// The source of one user.
    public init(user: Int, users: Int, options: WorkloadOptions) {
        self.options = options
        kinds = options.mix.kinds.compactMap { KeyValueService.kinds.firstIndex(of: $0).flatMap(Kind.init) }
        precondition(kinds.count == options.mix.kinds.count, "the mix was checked against the service's kinds")
        spaces = Self.spaces(writtenBy: kinds)
        do {
            keys = try KeySampler(options.keys, keyCount: options.keyCount, clientIndex: user, clientCount: users)
        } catch {
            preconditionFailure("the key distribution was checked with the plan: \(error)")
        }
        if case .fixed(let size) = options.valueSize {
            template = KeyValueNaming.template(size: size)
        } else {
            template = nil
        }
        registers = .of(.register, count: spaces.contains(.register) ? options.keyCount : 0)
        counters = .of(.counter, count: spaces.contains(.counter) ? options.keyCount : 0)
        lists = .of(.list, count: spaces.contains(.list) ? options.keyCount : 0)
        generator = SeededGenerator(seed: options.seed).split(UInt64(user) + 1)
        nextIdentity = UInt64(user + 1) << 36 | 1
        lastSeen = kinds.contains(.compareAndSet) ? Array(repeating: 0, count: options.keyCount) : []
    }

    private static func spaces(writtenBy kinds: [Kind]) -> [KeyValueNaming.Space] {
        var spaces: [KeyValueNaming.Space] = []
        if kinds.contains(.increment) { spaces.append(.counter) }
        if kinds.contains(.append) { spaces.append(.list) }
        let writesRegisters = kinds.contains(.put) || kinds.contains(.delete) || kinds.contains(.compareAndSet)
        if writesRegisters || spaces.isEmpty { spaces.append(.register) }
        return spaces
    }

    /// The user's next operation.
    public mutating func next() -> KeyValueCommand {
        let kind = kinds[options.mix.next(&generator)]
        let key = keys.next(&generator)
        switch kind {
        case .get:
            let space = spaces.count == 1 ? spaces[0] : spaces[generator.below(spaces.count)]

            switch space {
            case .register: return .get(key: registers[key])
            case .counter: return .get(key: counters[key])
            case .list: return .get(key: lists[key])
            }
        case .put: return put(registers[key])
        case .delete: return .delete(key: registers[key])
        case .compareAndSet:
            let expected = lastSeen[key] == 0 ? nil : value(lastSeen[key])
            return .compareAndSet(key: registers[key], expected: expected, value: freshValue())
        case .increment: return .increment(key: counters[key], by: 1)
        case .append: return .append(key: lists[key], value: freshValue())
        }
    }

    /// Nothing must follow; what was seen is remembered for compare-and-set.
    public mutating func followUp(
        _ operation: KeyValueCommand, _ completion: Completion<KeyValueResponse>
    ) -> (operation: KeyValueCommand, delayNanoseconds: UInt64)? {
        guard !lastSeen.isEmpty else { return nil }
        switch (operation, completion) {
        case (.get(let key), .answered(.value(let value))): remember(key, value)
        case (.get(let key), .answered(.absent)): remember(key, nil)
        case (.put(let key, let value), .answered(.done)): remember(key, value)
        case (.compareAndSet(let key, _, let value), .answered(.integer(1))): remember(key, value)
        case (.compareAndSet(let key, _, _), .answered(.integer(0))), (.delete(let key), .answered): remember(key, nil)
        default: break
        }
        return nil
    }

    private mutating func remember(_ key: Bytes, _ value: Bytes?) {
        guard let number = KeyValueNaming.number(of: key), Int(number) < lastSeen.count else { return }
        let identity = value.map { KeyValueNaming.identity(of: $0, isCounter: false) } ?? 0
        lastSeen[Int(number)] = ValueIdentity.isWritten(identity) ? identity : 0
    }

    private mutating func put(_ key: Bytes) -> KeyValueCommand {
        guard let template else { return .put(key: key, value: freshValue()) }
        defer { nextIdentity += 1 }
        return KeyValueRequest.put(key: key, value: template) { KeyValueNaming.write(nextIdentity, into: $0) }
    }

    private mutating func freshValue() -> Bytes {
        defer { nextIdentity += 1 }
        return value(nextIdentity)
    }

    /// The value of an identity: its size, too, follows from the identity, so that it can be made again.
    private func value(_ identity: UInt64) -> Bytes {
        if let template { return KeyValueNaming.value(identity: identity, template: template) }
        var sizes = SeededGenerator(seed: identity)
        return KeyValueNaming.value(identity: identity, size: options.valueSize.next(&sizes))
    }

    /// The most keys that are loaded before a run, and read after it.
    private static let visitedKeys = 1_000

    /// Every key that the load may touch is deleted.
    public static func cleanup(options: WorkloadOptions) -> [KeyValueCommand] {
        let source = KeyValueSource(user: loader, users: loader + 1, options: options.spreadEvenly)
        return source.spaces.flatMap { space in
            let names = KeyNames.of(space, count: options.keyCount)
            return (0..<options.keyCount).map { KeyValueCommand.delete(key: names[$0]) }
        }
    }

    /// Registers that will be read are loaded first (at most the first 1,000).
    public static func prologue(options: WorkloadOptions) -> [KeyValueCommand] {
        let source = KeyValueSource(user: loader, users: loader + 1, options: options.spreadEvenly)
        guard source.kinds.contains(.get), source.spaces.contains(.register) else { return [] }
        var loading = source
        return (0..<min(options.keyCount, visitedKeys)).map {
            .put(key: KeyValueNaming.key(.register, $0), value: loading.freshValue())
        }
    }

    /// The final values are read (of at most 1,000 keys a space), so that even a run of writes alone shows something.
    public static func epilogue(options: WorkloadOptions) -> [KeyValueCommand] {
        let source = KeyValueSource(user: loader, users: loader + 1, options: options.spreadEvenly)
        return source.spaces.flatMap { space in
            (0..<min(options.keyCount, visitedKeys)).map { .get(key: KeyValueNaming.key(space, $0)) }
        }
    }

    /// The user number that loads: no user of a run has it.
    private static let loader = (1 << 20) - 2
}

extension WorkloadOptions {
    /// The same with keys that any number of users can share.
    fileprivate var spreadEvenly: WorkloadOptions {
        var options = self
        options.keys = .uniform
        return options
    }
}
