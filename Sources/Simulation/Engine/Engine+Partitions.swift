import ProtocolKit
import Workload

extension Engine {
    /// Loses what some nodes send to others.
    func block(_ from: [Int], _ to: [Int]) {
        coverage.partitions += 1
        for a in from {
            for b in to where a != b { links.isBlocked[links.direction(a, b)] = true }
        }
    }

    /// Cuts some nodes and clients off from all others.
    func partition(_ side: [Int], _ with: [Int]) {
        coverage.partitions += 1
        let isInside = members.indices.map(side.contains)
        for a in members.indices {
            for b in members.indices where a < b {
                guard isInside[a] != isInside[b] else {
                    unblock(a, b)
                    continue
                }
                links.isBlocked[links.direction(a, b)] = true
                links.isBlocked[links.direction(b, a)] = true
                breakLink(a, b, cutsFlight: true, isSlow: true)
            }
        }
        for client in 0..<options.clients {
            for node in members.indices {
                let place = client * members.count + node
                isClientBlocked[place] = with.contains(client) != isInside[node]
                if isClientBlocked[place], current[place] >= 0 {
                    breakConnection(current[place], cutsFlight: true, isSlow: true)
                }
            }
        }
    }

    /// Lets messages of two nodes through again. A connection that was deaf in one direction breaks, as TCP's would in
    /// the end: its ends learn that something may be lost.
    private func unblock(_ a: Int, _ b: Int) {
        let there = links.direction(a, b)
        let back = links.direction(b, a)
        let wasBlocked = links.isBlocked[there] || links.isBlocked[back]
        links.isBlocked[there] = false
        links.isBlocked[back] = false
        if wasBlocked, links.isUp(a, b) { breakLink(a, b, cutsFlight: true, isSlow: false) }
        if hosts[a].isUp, hosts[b].isUp { scheduleConnect(a, b) }
    }

    /// Ends partitions, delays and stalls.
    func heal() {
        for a in members.indices {
            for b in members.indices where a < b {
                unblock(a, b)
                for direction in [links.direction(a, b), links.direction(b, a)] {
                    links.extraDelay[direction] = 0
                    links.stalledUntil[direction] = 0
                    guard !links.stalled[direction].isEmpty else { continue }
                    queue.push(.unstall, at: now, target: 0, payload: UInt32(direction))
                }
            }
        }
        for place in isClientBlocked.indices { isClientBlocked[place] = false }
    }
}
