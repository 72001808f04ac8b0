/// Finds the valid name that a misspelt one most likely meant.
enum NearestName {
    /// The name with the least edit distance, the first of several; nil where even that is a different word.
    static func of(_ text: String, among names: some Sequence<String>) -> String? {
        var best: (name: String, distance: Int)?
        for name in names {
            let distance = distance(Array(text.lowercased().utf8), Array(name.utf8))
            if distance < best?.distance ?? .max { best = (name, distance) }
        }
        guard let best, best.distance <= max(2, text.utf8.count / 2) else { return nil }
        return best.name
    }

    /// Insertions, deletions and substitutions that turn one word into the other (Levenshtein 1966).
    static func distance(_ a: [UInt8], _ b: [UInt8]) -> Int {
        var row = Array(0...b.count)
        for (i, left) in a.enumerated() {
            var diagonal = row[0]
            row[0] = i + 1
            for (j, right) in b.enumerated() {
                let above = row[j + 1]
                row[j + 1] = left == right ? diagonal : 1 + min(diagonal, above, row[j])
                diagonal = above
            }
        }
        return row[b.count]
    }
}
