import ByteCoding
import ProtocolKit
import Workload

/// A disk as bytes in the very form of the real log, so that damage is found by the code that finds it there.
struct DiskBytes {
    private let identity: LogFormat.Identity
    /// One segment, filled with zeros after its end.
    private var segment: [UInt8]
    private var snapshot: [UInt8]?
    private var chain: UInt32
    /// Where the records end, and where the last one starts.
    private(set) var end: Int
    private var lastStart: Int

    /// Room that is always left after the records.
    private static let spare = 4 * LogFormat.sectorBytes
    private static let epoch = UInt64(1)

    /// An image in the log's form.
    ///
    /// - Parameter padding: how many records of earlier starts stand before it, so that sectors end anywhere.
    init(_ image: DiskImage, identity: LogFormat.Identity, padding: Int) {
        self.identity = identity
        let header = LogFormat.header(epoch: Self.epoch, identity: identity)
        segment = header.bytes.withUnsafeBytes { [UInt8]($0) }
        chain = header.chain
        end = segment.count
        lastStart = end
        for number in 0...padding { write(.incarnation, LogIndex(UInt64(number) + 1)) }
        if let state = image.hardState { append(.hardState(state)) }
        if image.base > 0 { append(.discardPrefix(LogIndex(image.base))) }
        for record in image.log { append(.append(record)) }
        if let (mark, data) = image.snapshot {
            var file = SnapshotFormat.header(mark, identity: identity).withUnsafeBytes { [UInt8]($0) }
            data.withUnsafeBytes { file.append(contentsOf: $0) }
            let crc = data.withUnsafeBytes { checksum($0) }
            SnapshotFormat.trailer(count: data.count, checksum: crc).withUnsafeBytes { file.append(contentsOf: $0) }
            snapshot = file
        }
    }

    /// Appends a record; a snapshot is none.
    mutating func append(_ write: DiskWrite) {
        switch write {
        case .append(let record): add(.entry) { LogFormat.encode(record, into: &$0) }
        case .truncateSuffix(let index): self.write(.truncateSuffix, index)
        case .discardPrefix(let index): self.write(.discardPrefix, index)
        case .hardState(let state): add(.hardState) { $0.write(raw: state) }
        case .snapshot: break
        }
    }

    private mutating func write(_ kind: LogFormat.Kind, _ index: LogIndex) {
        add(kind) { $0.write(index.rawValue) }
    }

    private mutating func add(_ kind: LogFormat.Kind, _ body: (inout ByteWriter) -> Void) {
        var writer = ByteWriter(capacity: 256)
        let start = LogFormat.begin(kind, in: &writer)
        body(&writer)
        chain = LogFormat.end(start, in: &writer, chain: chain)
        segment.removeLast(segment.count - end)
        segment.append(contentsOf: writer.readable)
        lastStart = end
        end = segment.count
        segment.append(contentsOf: repeatElement(0, count: Self.spare))
    }

    /// Turns over one bit of what is stored.
    mutating func flipBit(_ random: inout SeededGenerator) {
        let place = random.below(end + (snapshot?.count ?? 0))
        let bit = UInt8(1) << UInt8(random.below(8))
        if place < end { segment[place] ^= bit } else { snapshot?[place - end] ^= bit }
    }

    /// Puts the sectors of the last record elsewhere; its own place holds what was there before.
    mutating func misdirectLast(_ random: inout SeededGenerator) {
        let size = LogFormat.sectorBytes
        let first = lastStart / size
        let count = (end - 1) / size - first + 1
        let written = Array(segment[(first * size)..<min(segment.count, (first + count) * size)])
        for place in lastStart..<end { segment[place] = 0 }
        var target = random.below(first + 1)
        if target == first { target = first + count }
        while segment.count < (target + count) * size { segment.append(0) }
        segment.replaceSubrange((target * size)..<(target * size + written.count), with: written)
    }

    /// Loses what was written after `synced` from a sector's beginning on.
    mutating func tear(after synced: Int, _ random: inout SeededGenerator) {
        let size = LogFormat.sectorBytes
        let boundaries = (synced / size + 1)...max(synced / size + 1, (end + size - 1) / size)
        let cut = (boundaries.lowerBound + random.below(boundaries.count)) * size
        let start = random.chance(0.1) ? synced : max(synced, cut)
        guard start < end else { return }
        for place in start..<end { segment[place] = 0 }
    }

    /// Reads everything back as the real log does.
    ///
    /// - Returns: the image, and how many bytes of a record that was cut short were dropped.
    /// - Throws: ``LogDamage`` for what doesn't check.
    func read() throws(LogDamage) -> (image: DiskImage, droppedBytes: Int) {
        var scanner = LogScanner(identity: identity)
        try Bytes(segment).withUnsafeBytes { (region) throws(LogDamage) in
            try scanner.read(region, epoch: Self.epoch, isLast: true)
        }
        try scanner.finish()
        var image = DiskImage()
        image.hardState = scanner.log.hardState
        image.base = scanner.log.discardedThrough.rawValue
        image.log = scanner.log.records
        guard let file = snapshot.map({ Bytes($0) }) else { return (image, scanner.log.droppedBytes) }
        let checked = try file.withUnsafeBytes { (region) throws(LogDamage) in
            try SnapshotFormat.check(region, identity: identity)
        }
        image.snapshot = (checked.mark, file[checked.data])
        return (image, scanner.log.droppedBytes)
    }
}
