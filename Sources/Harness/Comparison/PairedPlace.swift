/// Where a trial stands in a paired comparison: enough to analyse it from its record alone.
public struct PairedPlace: Sendable, Hashable, Codable {
    /// One side of a comparison.
    public enum Arm: String, Sendable, Hashable, Codable, CaseIterable {
        /// What the other is compared with: the variant, build or state that was there before.
        case a = "A"
        /// What is new.
        case b = "B"
        /// The same as A under another name: any difference between the two is the measurement's own.
        case control = "A'"
    }

    /// The side.
    public var arm: Arm
    /// What the side is, in words: a variant, or a build.
    public var label: String
    /// The block, from 1; block 0 warms the machine up and is left out of the analysis. Trials of one block and cell are
    /// neighbours in time and are compared with each other.
    public var block: Int
    /// The combination of settings, from 1.
    public var cell: Int
    /// In how many turns the trial was measured, with the block's others between them; nil where it was run by itself.
    public var turns: Int?

    /// A place of its parts.
    public init(arm: Arm, label: String, block: Int, cell: Int, turns: Int? = nil) {
        self.arm = arm
        self.label = label
        self.block = block
        self.cell = cell
        self.turns = turns
    }

    /// Whether the trial only warmed the machine up.
    public var isWarmUp: Bool { block == 0 }
}
