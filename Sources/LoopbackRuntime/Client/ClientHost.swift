import ByteCoding
import Measurement
import ProtocolKit
import RESP

/// Runs protocol clients on a loop: each with a connection of its own to every server that it asks.
///
/// Everything is confined to the loop's queue.
public final class ClientHost<Client: ProtocolClient>: @unchecked Sendable {  // confined to the loop
    /// Called when an operation ends, with the time at which its answer was received.
    public var onComplete: (_ client: Int, OperationID, Completion<Client.Result>, _ received: UInt64) -> Void = {
        _, _, _, _ in
    }
    /// Bytes sent and received.
    public private(set) var bytes: UInt64 = 0

    private let loop: EventLoop
    private let addresses: [SocketAddress]
    private let limits = RESPLimits()
    private var hosted: ContiguousArray<Hosted> = []
    private var effects = ClientEffects<Client>()
    private var dirty: ContiguousArray<Link> = []
    private var nextDeadline = UInt64.max
    private var isStopped = false
    /// How far the wall clock is ahead of the monotonic one, and when that was last looked at.
    private var wallAhead: UInt64 = 0
    private var wallSampled: UInt64 = 0
    private static var wallSamplingNanoseconds: UInt64 { .milliseconds(1) }

    private struct Hosted {
        var client: Client
        var timers = TimerTable()
        var links: ContiguousArray<Link?>
        /// Servers that the client is cut off from.
        var cutOff: [Bool]
    }

    /// When a client that is cut off from a server learns that it can't connect.
    private struct Dismissal {
        var due: UInt64
        var place: Int
        var server: Int
    }
    private static var connectTimeout: UInt64 { .milliseconds(50) }
    private var refusals: [Dismissal] = []

    /// A client's connection to one server.
    private final class Link {
        let channel: Channel
        var awaiting = RequestQueue()
        var isDirty = false
        var isUp = false
        init(channel: Channel) {
            self.channel = channel
        }
    }

    /// A host of clients of the servers at `addresses`, in the order of their node numbers.
    public init(loop: EventLoop, addresses: [SocketAddress]) {
        self.loop = loop
        self.addresses = addresses
    }

    /// Takes part in the loop's turns. Only on its queue.
    public func activate() {
        loop.onTurnEnd { [unowned self] in flush() }
        loop.onTimer(next: { [unowned self] in nextDeadline }) { [unowned self] in timersDue($0) }
    }

    /// Adds a client and returns its place.
    public func add(_ client: Client, seed: UInt64) -> Int {
        hosted.append(
            Hosted(
                client: client, links: ContiguousArray(repeating: nil, count: addresses.count),
                cutOff: Array(repeating: false, count: addresses.count)))
        let place = hosted.count - 1
        step(place, .start(seed: seed), MonotonicClock.now())
        return place
    }

    /// Connects a client to a server ahead of its first request.
    public func connect(_ place: Int, to server: NodeID) {
        _ = link(place, Int(server.rawValue))
    }

    /// Starts an operation.
    public func invoke(_ place: Int, _ id: OperationID, _ operation: consuming Client.Operation, at now: UInt64) {
        step(place, .invoke(id, operation), now)
    }

    /// Cuts a client off from servers, in place of an earlier cut: its connections to them end, and new ones aren't made.
    public func cut(_ place: Int, from servers: [Int]) {
        for server in addresses.indices {
            hosted[place].cutOff[server] = servers.contains(server)
            if hosted[place].cutOff[server], let link = hosted[place].links[server] { lose(link, place, server) }
        }
    }

    /// Closes all connections; operations under way never complete.
    public func stop() {
        isStopped = true
        for place in hosted.indices {
            for link in hosted[place].links { link?.channel.close() }
            hosted[place].links = ContiguousArray(repeating: nil, count: addresses.count)
        }
    }

    private func step(_ place: Int, _ input: ClientInput<Client>, _ now: UInt64) {
        if now > wallSampled &+ Self.wallSamplingNanoseconds { sampleWall() }
        hosted[place].client.step(input, at: Now(monotonic: now, wall: now &+ wallAhead), effects: &effects)
        // Moved out, not copied. Almost always there is one.
        if effects.list.count == 1 { return carryOut(effects.list.removeLast(), place, now) }
        guard !effects.list.isEmpty else { return }
        var list: [ClientEffect<Client>] = []
        swap(&list, &effects.list)
        list.reverse()
        while let effect = list.popLast() { carryOut(effect, place, now) }
        if effects.list.isEmpty { swap(&list, &effects.list) }
    }

    private func sampleWall() {
        wallSampled = MonotonicClock.now()
        wallAhead = MonotonicClock.wall() &- wallSampled
    }

    private func carryOut(_ effect: consuming ClientEffect<Client>, _ place: Int, _ now: UInt64) {
        switch consume effect {
        case .request(let request, let id, let server): send(request, id, place, Int(server.rawValue))
        case .complete(let operation, let completion): onComplete(place, operation, completion, now)
        case .setTimer(let timer, let deadline):
            hosted[place].timers.set(timer, at: deadline)
            nextDeadline = min(nextDeadline, deadline)
        case .cancelTimer(let timer): hosted[place].timers.cancel(timer)
        }
    }

    private func send(_ request: Client.Node.Request, _ id: RequestID, _ place: Int, _ server: Int) {
        guard let link = link(place, server) else { return }
        link.awaiting.append(id)
        request.encode(into: &link.channel.outbound)
        if !link.isDirty {
            link.isDirty = true
            dirty.append(link)
        }
    }

    private func link(_ place: Int, _ server: Int) -> Link? {
        guard server < addresses.count, !isStopped else { return nil }
        if let link = hosted[place].links[server] { return link }
        guard !hosted[place].cutOff[server] else {
            if !refusals.contains(where: { $0.place == place && $0.server == server }) {
                let due = MonotonicClock.now() + Self.connectTimeout
                refusals.append(Dismissal(due: due, place: place, server: server))
                nextDeadline = min(nextDeadline, due)
            }
            return nil
        }
        do {
            let channel = try Channel(fd: try Socket.connect(to: addresses[server]), loop: loop, isConnecting: true)
            let link = Link(channel: channel)
            hosted[place].links[server] = link
            channel.onConnected = { [unowned self, unowned channel, unowned link] in
                link.isUp = true
                channel.flush()
                step(place, .connected(NodeID(UInt32(server))), MonotonicClock.now())
            }
            channel.onReadable = { [unowned self, unowned link] in receive(link, place, server) }
            channel.onClosed = { [unowned self, unowned link] in lose(link, place, server) }
            return link
        } catch {
            // Told later, so that a client isn't stepped from within its own step.
            loop.perform { [self] in
                guard !isStopped else { return }
                step(place, .unreachable(NodeID(UInt32(server))), MonotonicClock.now())
            }
            return nil
        }
    }

    private func lose(_ link: Link, _ place: Int, _ server: Int) {
        guard hosted[place].links[server] === link else { return }
        link.channel.close()
        hosted[place].links[server] = nil
        let node = NodeID(UInt32(server))
        step(place, link.isUp ? .disconnected(node) : .unreachable(node), MonotonicClock.now())
    }

    private func receive(_ link: Link, _ place: Int, _ server: Int) {
        let now = MonotonicClock.now()
        let node = NodeID(UInt32(server))
        do {
            while link.channel.isOpen,
                let (value, consumed) = try RESPValue.parse(link.channel.inbound.readable, limits: limits)
            {
                link.channel.inbound.consume(consumed)
                guard let id = link.awaiting.popFirst() else { throw RESPError.invalidNumber }
                let response: Client.Node.Response
                if case .error(let line) = value {
                    response = .refusal(Refusal(errorLine: line))
                } else if let understood = Client.Node.Response(value) {
                    response = understood
                } else {
                    throw RESPError.invalidNumber
                }
                step(place, .response(response, to: id, from: node), now)
            }
        } catch {
            lose(link, place, server)
        }
    }

    private func timersDue(_ now: UInt64) {
        guard nextDeadline <= now, !isStopped else { return }
        nextDeadline = .max
        refuseConnections(now)
        for place in hosted.indices {
            while let timer = hosted[place].timers.popDue(now) { step(place, .timer(timer), now) }
            nextDeadline = min(nextDeadline, hosted[place].timers.next)
        }
    }

    private func refuseConnections(_ now: UInt64) {
        guard !refusals.isEmpty else { return }
        let due = refusals.filter { $0.due <= now }
        refusals.removeAll { $0.due <= now }
        for refusal in refusals { nextDeadline = min(nextDeadline, refusal.due) }
        for refusal in due { step(refusal.place, .unreachable(NodeID(UInt32(refusal.server))), now) }
    }

    private func flush() {
        guard !dirty.isEmpty else { return }
        var list: ContiguousArray<Link> = []
        swap(&list, &dirty)
        for link in list {
            link.isDirty = false
            link.channel.flush()
        }
        list.removeAll(keepingCapacity: true)
        if dirty.isEmpty { swap(&list, &dirty) }
    }
}

/// Requests on one connection that wait for their answers, oldest first.
struct RequestQueue {
    private var ring = ContiguousArray<RequestID>(repeating: RequestID(0), count: 16)
    private var first = 0
    private var count = 0

    mutating func append(_ id: RequestID) {
        if count == ring.count { grow() }
        ring[(first &+ count) & (ring.count &- 1)] = id
        count &+= 1
    }

    mutating func popFirst() -> RequestID? {
        guard count > 0 else { return nil }
        defer {
            first = (first &+ 1) & (ring.count &- 1)
            count &-= 1
        }
        return ring[first]
    }

    private mutating func grow() {
        var larger = ContiguousArray<RequestID>(repeating: RequestID(0), count: ring.count * 2)
        for offset in 0..<count { larger[offset] = ring[(first + offset) & (ring.count - 1)] }
        ring = larger
        first = 0
    }
}
