import ByteCoding
import ProtocolKit

@testable import Consensus

// What the servers' effects do: to the network, to clients, to disks.
extension SteppedEnsemble {
    /// What is durable, and what isn't yet.
    struct Disk {
        var hardState: Bytes?
        var log: [LogRecord] = []
        var discarded = LogIndex.zero
        var snapshot: (mark: SnapshotMark, data: Bytes)?
        var begun: (mark: SnapshotMark, data: [UInt8])?
        var waiting: [(ticket: Ticket, write: Effect<ZabServer>, snapshot: (mark: SnapshotMark, data: [UInt8])?)] = []
        var isSlow = false
        var incarnation = UInt64(0)
    }

    mutating func perform(_ id: Int) {
        let list = effects[id].list
        effects[id].removeAll()
        var ticket = effects[id].lastTicket.rawValue
        ticket -= UInt64(list.count { Self.isPersisting($0) })
        for effect in list {
            if Self.isPersisting(effect) { ticket += 1 }
            switch effect {
            case .send(_, _, let after), .reply(_, _, let after):
                if disks[id].waiting.contains(where: { $0.ticket <= after }) {
                    held[id].append((effect, after))
                } else {
                    emit(id, effect)
                }
            case .disconnect(let connection): ended.append(connection.rawValue)
            case .append, .truncateSuffix, .discardPrefix, .writeHardState:
                disks[id].waiting.append((Ticket(ticket), effect, nil))
            case .commitSnapshot:
                disks[id].waiting.append((Ticket(ticket), effect, disks[id].begun))
                disks[id].begun = nil
            case .beginSnapshot(let mark): disks[id].begun = (mark, [])
            case .writeSnapshot(let data): disks[id].begun?.data.append(contentsOf: data.array)
            case .readSnapshot(let transfer, let offset, let maximumBytes):
                read(id, transfer, offset, maximumBytes)
            case .setTimer(let timer, let time): timers[id][timer] = time
            case .cancelTimer(let timer): timers[id][timer] = nil
            case .count: break
            case .halt(let reason): halts.append(reason)
            }
        }
    }

    private static func isPersisting(_ effect: Effect<ZabServer>) -> Bool {
        switch effect {
        case .append, .truncateSuffix, .discardPrefix, .writeHardState, .commitSnapshot: true
        default: false
        }
    }

    private mutating func emit(_ id: Int, _ effect: Effect<ZabServer>) {
        switch effect {
        case .send(let message, let peer, _):
            let envelope = Envelope(from: NodeID(UInt32(id)), to: peer, message: message)
            network.append(envelope)
            sent.append(envelope)
        case .reply(let response, let token, _): replies.append((token.connection.rawValue, response))
        default: break
        }
    }

    mutating func release(_ id: Int, through ticket: Ticket) {
        let ready = held[id].filter { $0.ticket <= ticket }
        held[id].removeAll { $0.ticket <= ticket }
        for (effect, _) in ready { emit(id, effect) }
    }

    mutating func keep(
        _ id: Int, _ write: Effect<ZabServer>, _ snapshot: (mark: SnapshotMark, data: [UInt8])?
    ) {
        switch write {
        case .append(let record): disks[id].log.append(record)
        case .truncateSuffix(let first): disks[id].log.removeAll { $0.index >= first }
        case .discardPrefix(let last): disks[id].log.removeAll { $0.index <= last }
        case .writeHardState(let state): disks[id].hardState = state
        case .commitSnapshot: disks[id].snapshot = snapshot.map { ($0.mark, Bytes($0.data)) }
        default: break
        }
    }

    private mutating func read(_ id: Int, _ transfer: UInt64, _ offset: UInt64, _ maximumBytes: Int) {
        guard let (mark, data) = disks[id].snapshot else { return }
        let start = min(Int(offset), data.count)
        let end = min(data.count, start + maximumBytes)
        let part = SnapshotPart(
            transfer: transfer, mark: mark, offset: offset, data: data[start..<end], isLast: end == data.count)
        step(id, .snapshotRead(part))
    }
}
