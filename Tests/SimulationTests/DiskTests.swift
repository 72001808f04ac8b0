import ByteCoding
import ProtocolKit
import Testing
import Workload

@testable import Simulation

@Suite("The simulated disk")
struct DiskTests {
    private let identity = LogFormat.Identity(cluster: 1, node: 0)

    private func record(_ index: UInt64, _ random: inout SeededGenerator) -> LogRecord {
        let payload = (0..<random.below(300)).map { _ in UInt8(1 + random.below(255)) }
        return LogRecord(index: LogIndex(index), tag: random.below(1 << 60) | 1 << 60, kind: 1, payload: Bytes(payload))
    }

    private func image(_ random: inout SeededGenerator) -> DiskImage {
        var image = DiskImage()
        if random.chance(0.8) { image.apply(.hardState(Bytes("term 17"))) }
        let base = random.chance(0.5) ? random.below(UInt64(50)) : 0
        if base > 0 {
            image.apply(.snapshot(SnapshotMark(index: LogIndex(base), tag: 3), Bytes("a state")))
            image.apply(.discardPrefix(LogIndex(base)))
        }
        for index in 1...UInt64(1 + random.below(20)) { image.apply(.append(record(base + index, &random))) }
        return image
    }

    private func isEqual(_ a: DiskImage, _ b: DiskImage) -> Bool {
        a.hardState == b.hardState && a.base == b.base && a.log == b.log && a.snapshot?.mark == b.snapshot?.mark
            && a.snapshot?.data == b.snapshot?.data
    }

    @Test("is read back as it was written")
    func roundTrip() throws {
        var random = SeededGenerator(seed: 1)
        for _ in 0..<100 {
            let image = image(&random)
            let (read, dropped) = try DiskBytes(image, identity: identity, padding: random.below(24)).read()
            #expect(isEqual(read, image))
            #expect(dropped == 0)
        }
    }

    @Test("every flipped bit is noticed")
    func bitFlips() {
        var random = SeededGenerator(seed: 2)
        for _ in 0..<2_000 {
            var bytes = DiskBytes(image(&random), identity: identity, padding: random.below(24))
            bytes.flipBit(&random)
            #expect(throws: LogDamage.self) { try bytes.read() }
        }
    }

    @Test("every misdirected write is noticed")
    func misdirected() {
        var random = SeededGenerator(seed: 3)
        for _ in 0..<2_000 {
            var bytes = DiskBytes(image(&random), identity: identity, padding: random.below(24))
            bytes.misdirectLast(&random)
            #expect(throws: LogDamage.self) { try bytes.read() }
        }
    }

    @Test("a torn write leaves what was synced and a beginning of the rest, never a refusal")
    func torn() {
        var random = SeededGenerator(seed: 4)
        var cuts = 0
        var kept = 0
        for _ in 0..<1_000 {
            var disk = SimulatedDisk(node: 0)
            let synced = 1 + UInt64(random.below(5))
            let written = synced + UInt64(random.below(8))
            for index in 1...written {
                let wrong = disk.write(.append(record(index, &random)))
                #expect(wrong == nil)
                if index == synced, disk.beginSync() { _ = disk.finishSync() }
            }
            let all =
                disk.image.log + disk.waiting.compactMap { if case .append(let record) = $0 { record } else { nil } }
            let (_, cutShort, wrong) = disk.tear(&random)
            #expect(wrong == nil)
            #expect(disk.image.log.count >= Int(synced))
            #expect(disk.image.log == Array(all.prefix(disk.image.log.count)))
            if cutShort > 0 { cuts += 1 }
            if disk.image.log.count > Int(synced) { kept += 1 }
        }
        #expect(cuts > 300, "\(cuts)")
        #expect(kept > 100, "\(kept)")
    }

    @Test("damage is found at the start, and stays until the disk is replaced")
    func refusal() {
        var random = SeededGenerator(seed: 5)
        var disk = SimulatedDisk(node: 2)
        let wrong = disk.write(.append(record(1, &random)))
        #expect(wrong == nil)
        if disk.beginSync() { _ = disk.finishSync() }
        disk.damages = [(.bitFlip, random)]
        guard case .failure = disk.recovery(incarnation: 2, seed: 1),
            case .failure = disk.recovery(incarnation: 3, seed: 1)
        else {
            Issue.record("the damage isn't noticed")
            return
        }
        disk.wipe()
        guard case .success(let recovery) = disk.recovery(incarnation: 3, seed: 1) else {
            Issue.record("an empty disk is refused")
            return
        }
        #expect(recovery.log.isEmpty)
        #expect(disk.isEmpty)
    }
}
