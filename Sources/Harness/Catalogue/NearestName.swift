/// What a misspelt name was probably meant to be.
public enum NearestName {
    /// How many insertions, deletions and replacements of one character turn one text into the other (Levenshtein 1966).
    ///
    /// - Complexity: O(*n* · *m*) for texts of *n* and *m* characters.
    public static func distance(_ left: String, _ right: String) -> Int {
        let left = Array(left)
        let right = Array(right)
        var row = Array(0...right.count)
        for (i, character) in left.enumerated() {
            var diagonal = row[0]
            row[0] = i + 1
            for (j, other) in right.enumerated() {
                let replaced = diagonal + (character == other ? 0 : 1)
                diagonal = row[j + 1]
                row[j + 1] = min(replaced, row[j] + 1, diagonal + 1)
            }
        }
        return row[right.count]
    }

    /// The names that are near enough to be worth a question, the nearest first, at most three.
    ///
    /// Near enough is: at most a third of the characters differ (at least two may), or one text begins with the other.
    public static func candidates(for text: String, among names: [String]) -> [String] {
        guard !text.isEmpty else { return [] }
        let asked = String(text.lowercased().prefix(64))
        let ranked = names.enumerated().compactMap { position, name -> (distance: Int, position: Int, name: String)? in
            let distance = distance(asked, name.lowercased())
            let isPrefix = asked.count >= 2 && (name.hasPrefix(asked) || asked.hasPrefix(name))
            guard isPrefix || distance <= max(2, name.count / 3), distance < max(asked.count, name.count) else {
                return nil
            }
            return (distance, position, name)
        }
        return ranked.sorted { ($0.distance, $0.position) < ($1.distance, $1.position) }.prefix(3).map(\.name)
    }

    /// The nearest of the near names, or nil.
    public static func of(_ text: String, among names: some Sequence<String>) -> String? {
        candidates(for: text, among: Array(names)).first
    }

    /// The end of a sentence about an unknown name: `; did you mean 'raft'?`, or a full stop where no name is near.
    public static func question(for text: String, among names: [String]) -> String {
        let near = candidates(for: text, among: names).map { "'\($0)'" }
        guard let last = near.last else { return "." }
        let all = near.count == 1 ? last : near.dropLast().joined(separator: ", ") + " or " + last
        return "; did you mean \(all)?"
    }
}
