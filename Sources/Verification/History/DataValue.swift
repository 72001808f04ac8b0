/// A value of EDN or JSON, as far as histories need it.
enum DataValue: Equatable {
    case null
    case boolean(Bool)
    case integer(Int64)
    /// A number that is no 64-bit integer, as it was written.
    case number(String)
    case text(String)
    /// A keyword with its colon, a symbol or a character.
    case symbol(String)
    case list([DataValue])
    case map([Field])

    /// A key of a map and what it stands for.
    struct Field: Equatable {
        var key: DataValue
        var value: DataValue
    }

    /// The word of a keyword, symbol or text: `:read`, `read` and `"read"` are the same.
    var word: String? {
        switch self {
        case .text(let text): text
        case .symbol(let symbol): symbol.first == ":" ? String(symbol.dropFirst()) : symbol
        default: nil
        }
    }

    /// The elements of a list, or `nil`.
    var elements: [DataValue]? {
        if case .list(let elements) = self { elements } else { nil }
    }
}

extension DataValue: CustomStringConvertible {
    /// The value as EDN writes it, but without escapes.
    var description: String {
        switch self {
        case .null: "nil"
        case .boolean(let value): "\(value)"
        case .integer(let value): "\(value)"
        case .number(let text): text
        case .text(let text): "\"\(text)\""
        case .symbol(let symbol): symbol
        case .list(let elements): "[\(elements.map(\.description).joined(separator: " "))]"
        case .map(let pairs): "{\(pairs.map { "\($0.key) \($0.value)" }.joined(separator: ", "))}"
        }
    }
}
