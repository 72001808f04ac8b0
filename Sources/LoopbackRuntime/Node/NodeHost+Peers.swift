import ByteCoding
import Measurement
import ProtocolKit

extension NodeHost {
    private static var redialDelay: UInt64 { .milliseconds(20) }
    /// Most accepted connections that may not have said who they are.
    static var maximumStrangers: Int { 64 }

    /// Of two peers the one with the lower number dials.
    func dials(_ peer: NodeID) -> Bool {
        configuration.id < peer
    }

    func dialPeers() {
        for place in peers.indices where peers[place].id != configuration.id && dials(peers[place].id) { dial(place) }
    }

    func dial(_ place: Int) {
        guard !isStopped, let address = peers[place].address else { return }
        guard !peers[place].isCut else {
            peers[place].isRedialDue = MonotonicClock.now() + Self.redialDelay
            return
        }
        do {
            let channel = try Channel(fd: try Socket.connect(to: address), loop: loop, isConnecting: true)
            peers[place].channel = channel
            channel.onConnected = { [unowned self, unowned channel] in
                sendGreeting(on: channel)
                channel.flush()
            }
            attach(channel, to: place)
        } catch {
            peers[place].isRedialDue = MonotonicClock.now() + Self.redialDelay
        }
    }

    private func attach(_ channel: Channel, to place: Int) {
        channel.onReadable = { [unowned self, unowned channel] in receive(from: place, channel) }
        channel.onClosed = { [unowned self, unowned channel] in
            if peers[place].channel === channel { loseLink(place) }
        }
    }

    private func sendGreeting(on channel: Channel) {
        write(greeting(), to: &channel.outbound)
    }

    @inline(__always)
    private func write<Value: WireCodable>(_ value: Value, to outbound: inout ByteWriter) {
        let start = outbound.count
        outbound.write(UInt32(0))
        value.encode(into: &outbound)
        outbound.patch(UInt32(outbound.count - start - PeerFrame.headerBytes), at: start)
    }

    /// The link to a peer is gone: the node is told, and whoever dials dials again.
    func loseLink(_ place: Int) {
        let wasUp = peers[place].isUp
        peers[place].channel?.close()
        peers[place].channel = nil
        peers[place].isUp = false
        if dials(peers[place].id) { peers[place].isRedialDue = MonotonicClock.now() + Self.redialDelay }
        if wasUp { step(.linkDown(peers[place].id)) }
    }

    func acceptPeer(_ fd: Int32) {
        guard let channel = try? Channel(fd: fd, loop: loop) else { return }
        // Those who never say who they are make room for those who come after them.
        if strangers.count >= Self.maximumStrangers { refuse(strangers[0]) }
        strangers.append(channel)
        channel.onReadable = { [unowned self, unowned channel] in identify(channel) }
        channel.onClosed = { [unowned self, unowned channel] in strangers.removeAll { $0 === channel } }
    }

    /// A connection that was accepted says who it is.
    private func identify(_ channel: Channel) {
        let greeting: PeerHello?
        do {
            greeting = try PeerFrame.next(channel.inbound.readable, bound: PeerFrame.greetingBound).map {
                (body) throws(WireError) -> PeerHello in
                var reader = ByteReader(body)
                let hello = try PeerHello(from: &reader)
                try reader.expectEnd()
                return hello
            }
        } catch {
            greeting = nil
            refuse(channel)
            return
        }
        guard let greeting else { return }
        let place = Int(greeting.node.rawValue)
        guard greeting.cluster == configuration.cluster, place < peers.count, !dials(greeting.node),
            greeting.node != configuration.id, !peers[place].isCut
        else { return refuse(channel) }
        strangers.removeAll { $0 === channel }
        if peers[place].channel != nil { loseLink(place) }
        peers[place].channel = channel
        attach(channel, to: place)
        sendGreeting(on: channel)
        receive(from: place, channel)
    }

    private func refuse(_ channel: Channel) {
        channel.close()
        strangers.removeAll { $0 === channel }
    }

    private func receive(from place: Int, _ channel: Channel) {
        let now = now
        let peer = peers[place].id
        do {
            while channel.isOpen, let body = try PeerFrame.next(channel.inbound.readable) {
                var reader = ByteReader(body)
                if peers[place].isDeaf {
                    channel.inbound.consume(PeerFrame.headerBytes + body.count)
                    continue
                }
                if peers[place].isUp {
                    let message = try Node.Message(from: &reader)
                    try reader.expectEnd()
                    step(.message(message, from: peer), at: now)
                } else {
                    let hello = try PeerHello(from: &reader)
                    guard hello.cluster == configuration.cluster, hello.node == peer else {
                        throw WireError.invalid(what: "greeting")
                    }
                    peers[place].isUp = true
                    step(.linkUp(peer), at: now)
                }
                channel.inbound.consume(PeerFrame.headerBytes + body.count)
            }
        } catch {
            carryOutEffects()
            loseLink(place)
            return
        }
        carryOutEffects()
    }

    func send(_ message: Node.Message, to peer: NodeID) {
        let place = Int(peer.rawValue)
        guard place < peers.count, peers[place].isUp, !peers[place].isMute, let channel = peers[place].channel else {
            return
        }
        write(message, to: &channel.outbound)
        counters.messagesSent &+= 1
    }

    func flushPeers() {
        for place in peers.indices {
            guard let channel = peers[place].channel, channel.hasOutput else { continue }
            counters.peerBytesSent &+= UInt64(channel.outbound.count)
            channel.flush()
        }
    }
}
