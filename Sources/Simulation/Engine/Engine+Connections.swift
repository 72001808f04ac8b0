import ByteCoding
import ProtocolKit
import RESP
import Workload

extension Engine {
    /// Sends a client's request, connecting first where there is no connection.
    @inlinable
    func request(_ request: Node.Request, id: RequestID, from client: Int, to server: NodeID, cause: Cause) {
        let node = Int(server.rawValue)
        guard node < members.count else {
            violate("contract", "client \(client) asks node \(server), which isn't there")
            return
        }
        let place = client * members.count + node
        if current[place] < 0 {
            current[place] = connections.count
            connections.append(SimulatedConnection(client: client, node: node))
            queue.push(
                .clientConnect, at: now &+ drawClientDelay(place) &* 2, target: 0, payload: UInt32(current[place]))
        }
        let connection = connections[current[place]]
        if connection.isConnecting {
            connection.waiting.append((request, id, cause))
        } else {
            send(request, id: id, by: current[place], cause: cause)
        }
    }

    /// The place of a connection's client and node.
    @inlinable
    func place(of connection: SimulatedConnection<Node>) -> Int {
        connection.client &* members.count &+ connection.node
    }

    @inlinable
    func send(_ request: Node.Request, id: RequestID, by number: Int, cause: Cause) {
        let connection = connections[number]
        guard let copy = recoded(request) else { return }
        if options.countsCosts { meter.countClientBytes(writer.count, cause) }
        let delay = drawClientDelay(place(of: connection))
        let arrival = max(now &+ delay, connection.lastArrivalAtNode)
        connection.lastArrivalAtNode = arrival
        let slot = requests.insert(ClientFlight(content: copy, id: id, connection: number, cause: cause.hop))
        queue.push(.request, at: arrival, target: 0, payload: slot)
    }

    @inlinable
    func requestArrived(_ slot: UInt32) {
        let flight = requests.take(slot)
        let connection = connections[flight.connection]
        guard connection.isOpenAtNode, !connection.isCut else { return }
        let sequence = connection.admit(flight.id)
        let token = RequestToken(connection: ConnectionID(UInt64(flight.connection) + 1), sequence: sequence)
        deliver(.request(flight.content, token), to: connection.node, cause: flight.cause)
    }

    /// Puts a node's answer in its connection's order and sends what is complete.
    @inlinable
    func answer(_ response: Node.Response, from node: Int, to token: RequestToken, cause: Cause) {
        let number = Int(truncatingIfNeeded: token.connection.rawValue) - 1
        guard connections.indices.contains(number), connections[number].node == node else {
            violate("contract", "node \(node) answers on connection \(token.connection), which isn't its own")
            return
        }
        let connection = connections[number]
        guard connection.isOpenAtNode else { return }
        guard connection.settle(token.sequence, response, cause: cause) else {
            violate("contract", "node \(node) answers request \(token.sequence) of \(token.connection) twice")
            return
        }
        while let next = connection.nextAnswer() {
            guard let copy = recoded(next.response) else { return }
            if options.countsCosts { meter.countClientBytes(writer.count, next.cause) }
            let delay = drawClientDelay(place(of: connection))
            let arrival = max(now &+ delay, connection.lastArrivalAtClient)
            connection.lastArrivalAtClient = arrival
            let chain = next.cause.operation == 0 ? Cause() : next.cause.hop
            let slot = responses.insert(ClientFlight(content: copy, id: next.id, connection: number, cause: chain))
            queue.push(.response, at: arrival, target: 0, payload: slot)
        }
    }

    @inlinable
    func responseArrived(_ slot: UInt32) {
        let flight = responses.take(slot)
        let connection = connections[flight.connection]
        guard connection.isOpenAtClient, !connection.isCut else { return }
        stepClient(
            connection.client, .response(flight.content, to: flight.id, from: members[connection.node]),
            cause: flight.cause)
    }

    /// What the node makes of a request's RESP form.
    @inlinable
    func recoded(_ request: Node.Request) -> Node.Request? {
        guard options.codesClientTraffic else { return request }
        writer.removeAll()
        request.encode(into: &writer)
        do {
            guard case .command(let command, let consumed) = try parser.parse(writer.readable) else {
                violate("codec", "\(request) isn't one command")
                return nil
            }
            guard consumed == writer.count else {
                violate("codec", "\(request) is more than one command")
                return nil
            }
            return try Node.Request(command)
        } catch {
            violate("codec", "\(request) isn't read back: \(error)")
            return nil
        }
    }

    /// What the client makes of a response's RESP form.
    @inlinable
    func recoded(_ response: Node.Response) -> Node.Response? {
        guard options.codesClientTraffic else { return response }
        writer.removeAll()
        if let refusal = response.refusal {
            refusal.encode(into: &writer) { node in "127.0.0.1:\(7_000 + node.rawValue)" }
        } else {
            response.encode(into: &writer)
        }
        do {
            guard let (value, consumed) = try RESPValue.parse(writer.readable), consumed == writer.count else {
                violate("codec", "\(response) isn't one value")
                return nil
            }
            if response.refusal != nil, case .error(let line) = value {
                return .refusal(Refusal(errorLine: line))
            }
            guard let copy = Node.Response(value) else {
                violate("codec", "\(response) isn't read back from \(value)")
                return nil
            }
            return copy
        } catch {
            violate("codec", "\(response) isn't read back: \(error)")
            return nil
        }
    }

    @inlinable
    func clientConnect(_ number: Int) {
        let connection = connections[number]
        guard connection.isConnecting else { return }
        let place = connection.client * members.count + connection.node
        guard hosts[connection.node].isUp, !isClientBlocked[place] else {
            // Refused at once where nobody listens, timed out where nothing comes through.
            let delay = isClientBlocked[place] ? 1 + options.network.detectionNanoseconds : 1
            queue.push(.clientDown, at: now + delay, target: 0, payload: UInt32(number))
            return
        }
        connection.isConnecting = false
        connection.isOpenAtClient = true
        connection.isOpenAtNode = true
        let waiting = connection.waiting
        connection.waiting = []
        for item in waiting { send(item.request, id: item.id, by: number, cause: item.cause) }
        stepClient(connection.client, .connected(members[connection.node]), cause: Cause())
    }

    /// Ends a client's connection; the ends notice it some time later.
    @usableFromInline
    func breakConnection(_ number: Int, cutsFlight: Bool, isSlow: Bool) {
        let connection = connections[number]
        guard connection.isOpenAtNode || connection.isOpenAtClient, !connection.isCut else { return }
        if cutsFlight { connection.isCut = true }
        coverage.clientsDisconnected += 1
        let place = place(of: connection)
        let bound =
            isSlow ? options.network.detectionNanoseconds : network.delay.typical + clientDistance[place]
        if connection.isOpenAtClient {
            let time = max(now + 1 + clientRandom[place].below(bound + 1), connection.lastArrivalAtClient + 1)
            queue.push(.clientDown, at: time, target: 0, payload: UInt32(number))
        }
        if !hosts[connection.node].isUp {
            connection.isOpenAtNode = false
        } else if connection.isOpenAtNode {
            let time = max(now + 1 + clientRandom[place].below(bound + 1), connection.lastArrivalAtNode + 1)
            queue.push(.clientGone, at: time, target: 0, payload: UInt32(number))
        }
    }

    /// Ends a connection at its node's wish.
    @usableFromInline
    func disconnect(_ connection: ConnectionID, by node: Int) {
        let number = Int(truncatingIfNeeded: connection.rawValue) - 1
        guard connections.indices.contains(number), connections[number].node == node else {
            violate("contract", "node \(node) ends connection \(connection), which isn't its own")
            return
        }
        breakConnection(number, cutsFlight: false, isSlow: false)
    }

    @usableFromInline
    func clientNoticesEnd(_ number: Int) {
        let connection = connections[number]
        guard connection.isConnecting || connection.isOpenAtClient else { return }
        let wasMade = connection.isOpenAtClient
        connection.isConnecting = false
        connection.isOpenAtClient = false
        connection.waiting = []
        let place = connection.client * members.count + connection.node
        if current[place] == number { current[place] = -1 }
        let server = members[connection.node]
        stepClient(connection.client, wasMade ? .disconnected(server) : .unreachable(server), cause: Cause())
    }

    @usableFromInline
    func nodeNoticesEnd(_ number: Int) {
        let connection = connections[number]
        guard connection.isOpenAtNode else { return }
        connection.isOpenAtNode = false
        deliver(.clientGone(ConnectionID(UInt64(number) + 1)), to: connection.node, cause: Cause())
    }
}
