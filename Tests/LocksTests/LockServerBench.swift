import ByteCoding
import ProtocolKit

@testable import Locks

/// A lock server under a hand: steps one input at a time and shows what came out.
final class LockServerBench {
    var server: LockServer
    var effects = Effects<LockServer>()
    var now = UInt64.seconds(1)
    /// The last hard state written, as a disk would keep it.
    var hardState: Bytes?
    private var sequences: [UInt64: UInt64] = [:]

    init(
        options: VariantOptions = VariantOptions(), mutation: String? = nil, incarnation: UInt64 = 1,
        hardState: Bytes? = nil, persists: Bool = true
    ) throws {
        let system = try LockServerSystem(options: options, mutation: mutation)
        server = system.makeNode(NodeID(0), members: [NodeID(0)])
        self.hardState = hardState
        step(.start(Recovery(incarnation: incarnation, seed: 1, hardState: hardState)))
        if persists { persist() }
    }

    /// Handles an input and returns its effects.
    @discardableResult
    func step(_ input: Input<LockServer>) -> [Effect<LockServer>] {
        effects.removeAll()
        server.step(input, at: Now(monotonic: now, wall: now), effects: &effects)
        for case .writeHardState(let bytes) in effects.list { hardState = bytes }
        return effects.list
    }

    /// Everything written so far is durable.
    func persist() { step(.persisted(through: effects.lastTicket)) }

    /// Sends a request and returns the answers that it caused, by connection.
    @discardableResult
    func send(_ request: LockRequest, from connection: UInt64) -> [(connection: UInt64, LockResponse)] {
        let sequence = sequences[connection, default: 0]
        sequences[connection] = sequence + 1
        let token = RequestToken(connection: ConnectionID(connection), sequence: sequence)
        return Self.replies(step(.request(request, token)))
    }

    /// Asks for a lock; the grant if it came at once.
    func acquire(_ lock: String, by connection: UInt64, leaseMilliseconds: UInt32 = 1_000) -> LockGrant? {
        let answers = send(
            .acquire(name: name(lock), owner: owner(connection), leaseMilliseconds: leaseMilliseconds),
            from: connection)
        return Self.grants(answers)[connection]
    }

    func release(_ lock: String, by connection: UInt64, token: UInt64) -> [(connection: UInt64, LockResponse)] {
        send(.release(name: name(lock), owner: owner(connection), token: token), from: connection)
    }

    /// Lets time pass and the timers that are due go off.
    func advance(milliseconds: UInt64) -> [(connection: UInt64, LockResponse)] {
        now += .milliseconds(milliseconds)
        let first = step(.timer(LockServer.leaseTimer))
        let second = step(.timer(LockServer.graceTimer))
        return Self.replies(first) + Self.replies(second)
    }

    func name(_ text: String) -> ShortName { Array(text.utf8).withUnsafeBytes { ShortName($0) }! }
    func owner(_ connection: UInt64) -> ShortName { ShortName("owner:", UInt32(connection)) }

    static func replies(_ effects: [Effect<LockServer>]) -> [(connection: UInt64, LockResponse)] {
        effects.compactMap { effect in
            guard case .reply(let response, let token, _) = effect else { return nil }
            return (token.connection.rawValue, response)
        }
    }

    static func grants(_ answers: [(connection: UInt64, LockResponse)]) -> [UInt64: LockGrant] {
        var grants: [UInt64: LockGrant] = [:]
        for (connection, response) in answers {
            if case .granted(let grant) = response { grants[connection] = grant }
        }
        return grants
    }
}
