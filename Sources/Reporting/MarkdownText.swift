/// Markdown's small syntax.
enum MarkdownText {
    /// Text that means nothing else, also in a table's cell.
    static func cell(_ text: String) -> String {
        var escaped = ""
        for character in text {
            switch character {
            case "|", "*", "_", "`", "[", "]", "<", ">", "\\", "#": escaped += "\\\(character)"
            case _ where character.isNewline: escaped += " "
            default: escaped.append(character)
            }
        }
        return escaped
    }

    /// A program's words in a table's cell.
    static func code(_ text: String) -> String {
        "`\(text.replacing("`", with: "'").replacing("|", with: "\\|").replacing("\n", with: " "))`"
    }

    static func table(_ titles: [String], isNumber: [Bool], rows: [[String]]) -> [String] {
        func line(_ cells: [String]) -> String { "| \(cells.map(cell).joined(separator: " | ")) |" }
        let rule = "|" + isNumber.map { $0 ? "--:|" : "---|" }.joined()
        return [line(titles), rule] + rows.map(line)
    }

    /// Lines in a fence that none of them closes.
    static func fenced(_ text: String) -> [String] {
        var fence = "```"
        while text.contains(fence) { fence += "`" }
        return [fence] + text.split(separator: "\n", omittingEmptySubsequences: false).map(String.init) + [fence]
    }
}
