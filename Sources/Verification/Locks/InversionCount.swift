/// Counts pairs that stand in the wrong order.
enum InversionCount {
    /// The number of pairs i < j with `values[i]` > `values[j]`, by merging, in O(n log n).
    static func inversions(_ values: [UInt64]) -> Int {
        var values = values
        var merged = values
        var inversions = 0
        var width = 1
        while width < values.count {
            for start in stride(from: 0, to: values.count, by: 2 * width) {
                inversions += merge(values, &merged, start, width)
            }
            swap(&values, &merged)
            width *= 2
        }
        return inversions
    }

    private static func merge(_ values: [UInt64], _ merged: inout [UInt64], _ start: Int, _ width: Int) -> Int {
        let middle = min(start + width, values.count)
        let end = min(start + 2 * width, values.count)
        var left = start
        var right = middle
        var inversions = 0
        for target in start..<end {
            if left < middle, right == end || values[left] <= values[right] {
                merged[target] = values[left]
                left += 1
            } else {
                merged[target] = values[right]
                right += 1
                inversions += middle - left
            }
        }
        return inversions
    }
}
