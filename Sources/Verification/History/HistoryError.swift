/// Why a file can't be read as a history, where, and what to do about it.
public struct HistoryError: Error, Hashable, CustomStringConvertible {
    /// The line, from 1; 0 for the file as a whole.
    public var line: Int
    /// What is wrong.
    public var what: String
    /// How to put it right.
    public var remedy: String

    /// An error of its parts.
    public init(line: Int, _ what: String, remedy: String) {
        self.line = line
        self.what = what
        self.remedy = remedy
    }

    /// `line 12: what is wrong; what to do`.
    public var description: String { line > 0 ? "line \(line): \(what); \(remedy)" : "\(what); \(remedy)" }
}
