import Measurement
import ProtocolKit

extension LoadSession {
    /// Does a fault's part that concerns clients, and begins a new period of the ledger.
    func strike(_ fault: Fault) {
        loop.perform { [self] in
            switch fault {
            case .partition(let nodes, let named):
                let inside = nodes.map { Int($0.rawValue) }
                for client in 0..<plan.clients {
                    let isInside = named.contains(client)
                    clients.cut(client, from: (0..<plan.nodes).filter { inside.contains($0) != isInside })
                }
            case .heal: heal()
            default: break
            }
            recorder.availability?.strike(fault, at: MonotonicClock.now())
        }
    }

    /// Lets all clients reach all nodes again.
    func reconnect() {
        loop.perform { [self] in heal() }
    }

    private func heal() {
        for client in 0..<plan.clients { clients.cut(client, from: []) }
    }
}
