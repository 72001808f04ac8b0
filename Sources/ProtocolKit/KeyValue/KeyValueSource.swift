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
    /// What puts are copied from, by the length of their keys; none where values differ in size or are large.
    private let requests: [[UInt8]]
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
            requests = kinds.contains(.put) ? PutTemplates.of(valueBytes: max(size, KeyValueNaming.identityBytes)) : []
        } else {
            template = nil
            requests = []
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
    public mutating func next() -> KeyValueCommand { nextNoted().operation }

    /// The user's next operation, and what is kept of it: written down where it is made, so that nothing need be read out
    /// of the command.
    public mutating func nextNoted() -> (operation: KeyValueCommand, note: KeyValueNote) {
        let kind = kinds[options.mix.next(&generator)]
        let key = keys.next(&generator)
        switch kind {
        case .get:
            let space = spaces.count == 1 ? spaces[0] : spaces[generator.below(spaces.count)]
            return (.get(key: name(space, key)), KeyValueNote(.get, space, key))
        case .put:
            let identity = freshIdentity()
            return (put(registers[key], identity), KeyValueNote(.put, .register, key, argument: identity))
        case .delete: return (.delete(key: registers[key]), KeyValueNote(.delete, .register, key))
        case .compareAndSet:
            let (seen, identity) = (lastSeen[key], freshIdentity())
            return (
                .compareAndSet(
                    key: registers[key], expected: seen == 0 ? nil : value(seen), value: value(identity)),
                KeyValueNote(
                    .compareAndSet, .register, key, argument: identity,
                    expected: seen == 0 ? ValueIdentity.absent : seen)
            )
        case .increment:
            return (.increment(key: counters[key], by: 1), KeyValueNote(.increment, .counter, key, argument: 1))
        case .append:
            let identity = freshIdentity()
            return (
                .append(key: lists[key], value: value(identity)), KeyValueNote(.append, .list, key, argument: identity)
            )
        }
    }

    private func name(_ space: KeyValueNaming.Space, _ key: Int) -> Bytes {
        switch space {
        case .register: registers[key]
        case .counter: counters[key]
        case .list: lists[key]
        }
    }

    /// Nothing must follow; what was seen is remembered for compare-and-set.
    public mutating func followUp(
        _ note: KeyValueNote, _ completion: Completion<KeyValueResponse>
    ) -> (operation: KeyValueCommand, delayNanoseconds: UInt64)? {
        // A number beyond the registers is of another space.
        guard !lastSeen.isEmpty, let key = note.key.map(Int.init), key < lastSeen.count else { return nil }
        switch (note.kind, completion) {
        case (.get, .answered(.value(let value))):
            let identity = KeyValueNaming.identity(of: value, isCounter: false)
            lastSeen[key] = ValueIdentity.isWritten(identity) ? identity : 0
        case (.put, .answered(.done)), (.compareAndSet, .answered(.integer(1))):
            lastSeen[key] = ValueIdentity.isWritten(note.argument) ? note.argument : 0
        case (.get, .answered(.absent)), (.compareAndSet, .answered(.integer(0))), (.delete, .answered):
            lastSeen[key] = 0
        default: break
        }
        return nil
    }

    private func put(_ key: Bytes, _ identity: UInt64) -> KeyValueCommand {
        guard let template else { return .put(key: key, value: value(identity)) }
        let request =
            key.count < requests.count
            ? requests[key.count]
            : KeyValueRequest.putTemplate(
                keyBytes: key.count, valueBytes: template.count, filling: KeyValueNaming.filling)
        return KeyValueRequest.put(key: key, template: request) { KeyValueNaming.write(identity, into: $0) }
    }

    private mutating func freshIdentity() -> UInt64 {
        defer { nextIdentity += 1 }
        return nextIdentity
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
            .put(key: KeyValueNaming.key(.register, $0), value: loading.value(loading.freshIdentity()))
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
