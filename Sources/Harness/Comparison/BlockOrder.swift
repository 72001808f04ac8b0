import Workload

/// In which order the members of a block take their turns.
///
/// Rows of Latin squares, drawn by a seed: for `n` members, every `n` consecutive blocks are the rotations of one order
/// drawn at random, in an order drawn at random, so that everyone has stood once in every place; the `n` blocks after them
/// are the rotations of that order reversed, so that in `2n` blocks everyone has also had the same members before it
/// equally often (Williams 1949, for three exactly). Drift of the machine and what a trial leaves behind fall on all alike.
public struct BlockOrder: Sendable {
    private let count: Int
    private let generator: SeededGenerator

    /// Orders of so many members.
    public init(of count: Int, seed: UInt64) {
        precondition(count > 0, "an order is of someone")
        self.count = count
        generator = SeededGenerator(seed: seed)
    }

    /// The members' indices in the order of their turns, in this block, from 0.
    public func order(ofBlock block: Int) -> [Int] {
        precondition(block >= 0, "blocks count from 0")
        let square = block / count
        var draw = generator.split(UInt64(square / 2))
        var base = Array(0..<count)
        draw.shuffle(&base)
        if !square.isMultiple(of: 2) { base.reverse() }
        var rotations = Array(0..<count)
        var rows = generator.split(0x5157_4152_4500_0000 | UInt64(square))
        rows.shuffle(&rotations)
        let turn = rotations[block % count]
        return base.indices.map { base[($0 + turn) % count] }
    }
}
