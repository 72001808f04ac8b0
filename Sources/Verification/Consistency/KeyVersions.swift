/// Which version of a key each operation wrote and which it saw, as far as its values tell.
///
/// Every write that may have happened makes a version of its own; version 0 is the initial, absent value. An operation saw
/// a version when only one write made the value that it saw.
struct KeyVersions {
    /// For each version the position of its write in the group, −1 for the initial one.
    private(set) var writer: ContiguousArray<Int32> = [-1]
    /// For each position the version that it wrote, or −1.
    private(set) var written: ContiguousArray<Int32>
    /// For each position the version that it saw, or −1.
    private(set) var seen: ContiguousArray<Int32>
    /// Whether everything that was observed is told by ``seen``.
    private(set) var isComplete = true
    /// Whether every version is known to have been in place: its write returned, or somebody saw it.
    private(set) var isCertain = true
    /// Whether a compare-and-set may have succeeded, so that two versions must be neighbours.
    private(set) var hasNeighbours = false
    /// Whether somebody saw the initial version.
    private(set) var isInitialSeen = false

    init(_ group: KeyGroup) {
        written = ContiguousArray(repeating: -1, count: group.count)
        seen = written
        let makers = numberWrites(group)
        for position in 0..<group.count where group[position].isTold {
            let operation = group[position]
            guard let value = operation.valueSeen else {
                // A mismatch, a removal or the result of an increment or append tells something else.
                isComplete = isComplete && !operation.observes
                continue
            }
            guard let number = makers.values.number(of: value), makers.count[number] == 1,
                !(operation.kind == .delete && value == ValueIdentity.absent)
            else {
                isComplete = false
                continue
            }
            seen[position] = makers.version[number]
        }
        checkCertainty(group)
    }

    private mutating func numberWrites(
        _ group: KeyGroup
    ) -> (values: ValueTable, version: ContiguousArray<Int32>, count: ContiguousArray<Int32>) {
        var values = ValueTable(capacity: group.count + 1)
        _ = values.insert(ValueIdentity.absent)
        var (version, count): (ContiguousArray<Int32>, ContiguousArray<Int32>) = ([0], [1])
        for position in 0..<group.count where group[position].writes {
            let made = Int32(truncatingIfNeeded: writer.count)
            written[position] = made
            writer.append(Int32(truncatingIfNeeded: position))
            let kind = group[position].kind
            hasNeighbours = hasNeighbours || kind == .compareAndSet
            // What an increment, append or concatenation leaves depends on what was there.
            if kind == .increment || kind == .append || kind == .concatenate { continue }
            let (number, isNew) = values.insert(group[position].valueLeft)
            if isNew {
                version.append(made)
                count.append(1)
            } else {
                count[number] += 1
            }
        }
        return (values, version, count)
    }

    private mutating func checkCertainty(_ group: KeyGroup) {
        var isSeen = ContiguousArray<Bool>(repeating: false, count: writer.count)
        for version in seen where version >= 0 { isSeen[Int(version)] = true }
        isInitialSeen = isSeen[0]
        isCertain = writer.indices.allSatisfy { $0 == 0 || isSeen[$0] || group[Int(writer[$0])].hasReturned }
    }
}
