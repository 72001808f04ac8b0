import ByteCoding
import ProtocolKit
import Workload

/// What can become of data at rest.
enum DiskDamage {
    /// One bit is turned over.
    case bitFlip
    /// The last record went to a place that isn't its own, and isn't in its own.
    case misdirectedWrite
    /// As ``bitFlip``, on a disk whose checksums are made after the damage: the planted fault of a runtime that doesn't
    /// look at them.
    case unnoticedBitFlip
    /// As ``misdirectedWrite``, likewise.
    case unnoticedMisdirectedWrite
}

extension SimulatedDisk {
    /// Writes the disk as the real log would, damages it there, and reads it back as the real log does.
    ///
    /// - Returns: what doesn't check, or nil where the disk can be read; then it holds what was read.
    mutating func showDamages() -> LogDamage? {
        let kinds = damages
        damages = []
        for (damage, random) in kinds {
            var random = random
            switch damage {
            case .unnoticedBitFlip: image.flipBit(&random)
            case .unnoticedMisdirectedWrite: image.misdirectLast(&random)
            case .bitFlip, .misdirectedWrite: break
            }
        }
        guard let first = kinds.first else { return nil }
        var random = first.random.split(1)
        var bytes = DiskBytes(image, identity: identity, padding: random.below(24))
        for (damage, random) in kinds {
            var random = random
            switch damage {
            case .bitFlip: bytes.flipBit(&random)
            case .misdirectedWrite: bytes.misdirectLast(&random)
            case .unnoticedBitFlip, .unnoticedMisdirectedWrite: break
            }
        }
        do {
            (image, _) = try bytes.read()
            resetLive()
            return nil
        } catch {
            return error
        }
    }

    /// Loses what isn't synced but for the first sectors of it, as a power cut does while a write is under way.
    ///
    /// - Returns: bytes lost, bytes of a record that was cut short, and what the log wrongly refuses: a cut at the
    ///   beginning of a sector is always told from damage.
    mutating func tear(_ random: inout SeededGenerator) -> (lost: Int, cutShort: Int, wrong: LogDamage?) {
        // A snapshot is written to a file of its own once all before it is synced, so a torn write lies between two.
        let ends = waiting.indices.filter { if case .snapshot = waiting[$0] { true } else { false } }
        let group = random.below(ends.count + 1)
        settle(group == 0 ? 0 : ends[group - 1] + 1)
        let writes = waiting.prefix { if case .snapshot = $0 { false } else { true } }
        var bytes = DiskBytes(image, identity: identity, padding: random.below(24))
        let synced = bytes.end
        for write in writes { bytes.append(write) }
        bytes.tear(after: synced, &random)
        var cutShort = 0
        do {
            (image, cutShort) = try bytes.read()
        } catch {
            return (forget(), 0, error)
        }
        return (forget(), cutShort, nil)
    }
}

extension DiskImage {
    /// Turns over a bit of a stored payload, or of the hard state or snapshot where there is no log.
    mutating func flipBit(_ random: inout SeededGenerator) {
        let candidates = log.indices.filter { log[$0].payload.count > 0 }
        if let snapshot, snapshot.data.count > 0, candidates.isEmpty || random.chance(0.3) {
            self.snapshot = (snapshot.mark, snapshot.data.withFlippedBit(&random))
        } else if !candidates.isEmpty {
            let record = log[candidates[random.below(candidates.count)]]
            log[Int(record.index.rawValue - base - 1)] = LogRecord(
                index: record.index, tag: record.tag, kind: record.kind, payload: record.payload.withFlippedBit(&random)
            )
        } else if let state = hardState, state.count > 0 {
            hardState = state.withFlippedBit(&random)
        }
    }

    /// Puts the last record's content in another's place.
    mutating func misdirectLast(_ random: inout SeededGenerator) {
        guard log.count > 1, let last = log.popLast() else { return }
        let place = random.below(log.count)
        log[place] = LogRecord(index: log[place].index, tag: last.tag, kind: last.kind, payload: last.payload)
    }
}

extension Bytes {
    fileprivate func withFlippedBit(_ random: inout SeededGenerator) -> Bytes {
        var array = withUnsafeBytes { [UInt8]($0) }
        array[random.below(array.count)] ^= 1 << UInt8(random.below(8))
        return Bytes(array)
    }
}
