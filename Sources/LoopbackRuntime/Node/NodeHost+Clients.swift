import ByteCoding
import ProtocolKit
import RESP

extension NodeHost {
    func acceptClient(_ fd: Int32) {
        guard let channel = try? Channel(fd: fd, loop: loop) else { return }
        guard clientCount < configuration.maximumClients else {
            channel.outbound.writeError("ERR max number of clients reached")
            channel.flush()
            channel.close()
            return
        }
        let place = freeClients.popLast() ?? clients.count
        if place == clients.count { clients.append(nil) }
        let id = ConnectionID(nextConnection << 20 | UInt64(place))
        nextConnection += 1
        clientCount += 1
        let client = ClientConnection<Node.Response>(id: id, channel: channel)
        clients[place] = client
        channel.onReadable = { [unowned self, unowned client] in receive(from: client) }
        channel.onClosed = { [unowned self, unowned client] in forget(client) }
    }

    private func forget(_ client: ClientConnection<Node.Response>) {
        let place = Int(client.id.rawValue & 0xF_FFFF)
        guard place < clients.count, clients[place] === client else { return }
        client.channel.close()
        clients[place] = nil
        freeClients.append(place)
        clientCount -= 1
        pausedClients.removeAll { $0 === client }
        step(.clientGone(client.id))
    }

    private func receive(from client: ClientConnection<Node.Response>) {
        let now = now
        let requestsBefore = counters.requests
        var consumed = 0
        let region = client.channel.inbound.readable
        parsing: while consumed < region.count, !client.isClosing {
            guard client.inFlight < ClientBounds.inFlight,
                client.channel.outbound.count < ClientBounds.outputBytes
            else {
                pause(client)
                break
            }
            do {
                switch try parser.parse(UnsafeRawBufferPointer(rebasing: region[consumed...])) {
                case .needMore: break parsing
                case .nothing(let bytes): consumed += bytes
                case .command(let command, let bytes):
                    take(command, from: client, now)
                    consumed += bytes
                }
            } catch {
                answer(client, client.beginRequest(), .raw(Self.errorLine("ERR \(error)")))
                client.isClosing = true
            }
        }
        client.channel.inbound.consume(client.isClosing ? region.count : consumed)
        plantedDelay?.spend(requests: Int(counters.requests &- requestsBefore))
        carryOutEffects()
    }

    private func pause(_ client: ClientConnection<Node.Response>) {
        guard !client.isPaused else { return }
        client.isPaused = true
        client.channel.setReading(false)
        pausedClients.append(client)
    }

    /// Reads on where there is room again.
    func resumeClients() {
        for client in pausedClients {
            guard client.inFlight < ClientBounds.inFlight / 2,
                client.channel.outbound.count < ClientBounds.outputBytes / 2
            else { continue }
            client.isPaused = false
            client.channel.setReading(true)
        }
        let resumed = pausedClients.filter { !$0.isPaused }
        pausedClients.removeAll { !$0.isPaused }
        guard !resumed.isEmpty else { return }
        // Another turn, so that what it brings is flushed.
        loop.perform { [self] in
            for client in resumed where client.channel.isOpen { receive(from: client) }
        }
    }

    @inline(__always)
    private func take(_ command: RESPCommand, from client: ClientConnection<Node.Response>, _ now: Now) {
        counters.requests &+= 1
        let sequence = client.beginRequest()
        do {
            let request = try Node.Request(command)
            step(.request(request, RequestToken(connection: client.id, sequence: sequence)), at: now)
        } catch {
            takeOther(command, from: client, sequence, error)
        }
    }

    /// Commands that every node answers, whatever its service.
    private func takeOther(
        _ command: RESPCommand, from client: ClientConnection<Node.Response>, _ sequence: UInt64, _ error: CommandError
    ) {
        var writer = ByteWriter(capacity: 256)
        switch command.text(0).uppercased() {
        case "PING" where command.count == 1: writer.writeSimple("PONG")
        case "PING", "ECHO": writer.writeBulk(command.bytes(min(1, command.count - 1)))
        case "INFO": writer.writeBulk(Bytes(info()))
        case "COMMAND", "CONFIG": writer.writeArrayHeader(0)
        case "CLIENT", "SELECT", "READONLY", "READWRITE": writer.writeSimple("OK")
        case "QUIT":
            writer.writeSimple("OK")
            client.isClosing = true
        default: writer.writeError("ERR \(error)")
        }
        answer(client, sequence, .raw(writer.bytes()))
    }

    private static func errorLine(_ text: String) -> Bytes {
        var writer = ByteWriter(capacity: 128)
        writer.writeError(text)
        return writer.bytes()
    }

    func reply(_ response: Node.Response, to token: RequestToken) {
        let place = Int(token.connection.rawValue & 0xF_FFFF)
        guard place < clients.count, let client = clients[place], client.id == token.connection else { return }
        answer(client, token.sequence, .response(response))
    }

    private func answer(
        _ client: ClientConnection<Node.Response>, _ sequence: UInt64,
        _ answer: ClientConnection<Node.Response>.Answer
    ) {
        client.answer(sequence, answer) { [self] answer, writer in write(answer, to: &writer) }
        if !client.isDirty {
            client.isDirty = true
            dirtyClients.append(client)
        }
    }

    private func write(_ answer: ClientConnection<Node.Response>.Answer, to writer: inout ByteWriter) {
        switch answer {
        case .none: break
        case .raw(let bytes): writer.write(raw: bytes)
        case .response(let response):
            guard let refusal = response.refusal else { return response.encode(into: &writer) }
            refusal.encode(into: &writer) { node in
                let place = Int(node.rawValue)
                return place < peers.count ? peers[place].clientAddress?.description : nil
            }
        }
    }

    /// Writes what the turn has gathered: one buffer for each peer and client.
    func flush() {
        flushPeers()
        guard !dirtyClients.isEmpty else { return }
        // Forgetting a client takes a step, which may have answers for others: they are this list's next round.
        var gone: [ClientConnection<Node.Response>] = []
        for client in dirtyClients {
            client.isDirty = false
            client.channel.flush()
            guard client.isClosing else { continue }
            if client.isDropped || (client.inFlight == 0 && !client.channel.hasOutput) { gone.append(client) }
        }
        dirtyClients.removeAll(keepingCapacity: true)
        for client in gone { forget(client) }
    }

    /// Ends a connection at the node's wish, after what was answered has been written.
    func disconnect(_ connection: ConnectionID) {
        let place = Int(connection.rawValue & 0xF_FFFF)
        guard place < clients.count, let client = clients[place], client.id == connection else { return }
        client.isClosing = true
        client.isDropped = true
        guard !client.isDirty else { return }
        client.isDirty = true
        dirtyClients.append(client)
    }
}
