/// The bytes of a history as they come, with one byte of foresight and a count of lines: however long it is, no more
/// than a chunk of it is held.
final class HistoryBytes {
    /// Gives the next bytes, none at the end.
    typealias Source = () throws(HistoryError) -> [UInt8]

    private let source: Source
    private var chunk: [UInt8] = []
    private var place = 0
    private var isAtEnd = false
    /// The line of the next byte, from 1.
    private(set) var line = 1

    init(_ source: @escaping Source) {
        self.source = source
    }

    /// The next byte, which stays; `nil` at the end.
    @inline(__always)
    func peek() throws(HistoryError) -> UInt8? {
        if place < chunk.count { return chunk[place] }
        return try refill()
    }

    /// Goes past the byte that ``peek()`` gave.
    @inline(__always)
    func advance() {
        if chunk[place] == UInt8(ascii: "\n") { line += 1 }
        place += 1
    }

    private func refill() throws(HistoryError) -> UInt8? {
        if isAtEnd { return nil }
        chunk = try source()
        place = 0
        isAtEnd = chunk.isEmpty
        return chunk.first
    }

    /// The rest of the line without its end; `nil` at the end of the bytes.
    func restOfLine(atMost limit: Int) throws(HistoryError) -> [UInt8]? {
        guard try peek() != nil else { return nil }
        let start = line
        var text: [UInt8] = []
        while let byte = try peek() {
            advance()
            if byte == UInt8(ascii: "\n") { break }
            text.append(byte)
            if text.count > limit {
                throw HistoryError(
                    line: start, "the line is longer than \(limit) bytes",
                    remedy: "a history has one operation or event on a line")
            }
        }
        if text.last == UInt8(ascii: "\r") { text.removeLast() }
        return text
    }
}
