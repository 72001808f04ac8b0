import ProtocolKit
import Workload

extension Engine {
    func applyToDisk(_ fault: Fault) {
        guard let node = fault.nodes.first else { return }
        let index = Int(node.rawValue)
        let host = hosts[index]
        switch fault {
        case .slowDisk(_, let factor): host.syncFactor = max(1, factor)
        case .syncError: host.failsNextSync = true
        case .diskFull:
            host.isDiskFull = true
            if host.disk.waitingCount > 0 { stopForDisk(index, "no space left on device") }
        case .diskFree: host.isDiskFull = false
        case .lostSuffix: crashWhileSyncing(index, fault)
        case .tornWrite: crashWhileSyncing(index, fault)
        case .bitFlip: damage(index, options.disk.ignoresChecksums ? .unnoticedBitFlip : .bitFlip)
        case .misdirectedWrite:
            damage(index, options.disk.ignoresChecksums ? .unnoticedMisdirectedWrite : .misdirectedWrite)
        case .wipe: wipe(index)
        default: break
        }
    }

    private func damage(_ index: Int, _ damage: DiskDamage) {
        guard options.durability != .memory else { return }
        coverage.disksDamaged += 1
        hosts[index].disk.damages.append((damage, faultDetails(index)))
    }

    /// Kills a node whose writes are on their way to the disk; where none are, while it next syncs.
    private func crashWhileSyncing(_ index: Int, _ fault: Fault) {
        let host = hosts[index]
        guard host.isUp else { return }
        guard host.disk.waitingCount > 0, options.durability == .synced else {
            if options.durability == .synced { host.crashAtNextSync = fault }
            return
        }
        guard case .tornWrite = fault else { return kill(index, losing: .everything) }
        kill(index, losing: .torn)
    }

    /// The crash that waited for a sync.
    @usableFromInline
    func crashNow(_ index: Int, incarnation: UInt32) {
        let host = hosts[index]
        guard host.isUp, UInt32(truncatingIfNeeded: host.incarnation) == incarnation,
            let fault = host.crashAtNextSync.take()
        else { return }
        crashWhileSyncing(index, fault)
    }

    /// Stops a node whose disk has failed it, as the real runtime does: what failed is never tried again.
    @usableFromInline
    func stopForDisk(_ index: Int, _ reason: String) {
        guard hosts[index].isUp else { return }
        coverage.stopsForDisk += 1
        if trace.isOn { trace.line(now, "n\(index) stops: \(reason)") }
        kill(index)
    }

    /// Takes everything that a node has stored away; what starts next is a replacement.
    func wipe(_ index: Int) {
        guard world.allowsReplacement else {
            if trace.isOn { trace.line(now, "n\(index) isn't wiped: the system can't replace a node") }
            return
        }
        kill(index)
        hosts[index].disk.wipe()
        hosts[index].isReplaced = true
        hosts[index].isLost = false
    }

    /// A node that finds damage doesn't start. Where the system can replace it, somebody does so after a while.
    @usableFromInline
    func refuseStart(_ index: Int, _ damage: LogDamage) {
        let host = hosts[index]
        guard !host.isLost else { return }
        host.isLost = true
        coverage.corruptionsDetected += 1
        let reason = "its disk is damaged at byte \(damage.offset): \(damage.reason)"
        detected.append(Halt(node: members[index], reason: reason))
        if trace.isOn { trace.line(now, "n\(index) doesn't start: \(reason)") }
        guard world.allowsReplacement, nemesis != nil, phase == .chaos else { return }
        var random = faultDetails(index)
        let wait = 1 + random.below(UInt64.milliseconds(300))
        schedule(.wipe(members[index]), after: wait)
        schedule(.restart(members[index]), after: wait + 1)
    }
}
