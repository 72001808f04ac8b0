/// Why a workload can't be built from what was asked for.
public enum WorkloadError: Error, Equatable, Sendable, CustomStringConvertible {
    /// A text that is not one of the forms, with the reason and all the forms that are.
    case unreadable(subject: String, text: String, reason: String, validForms: [String])
    /// Numbers that are readable and can't be carried out, with what would do.
    case impossible(subject: String, reason: String)

    /// A sentence for a person, naming the valid forms.
    public var description: String {
        switch self {
        case .unreadable(let subject, let text, let reason, let validForms):
            "\(subject) '\(text)': \(reason); valid forms: \(validForms.joined(separator: ", "))"
        case .impossible(let subject, let reason):
            "\(subject): \(reason)"
        }
    }
}

/// A number as a person writes it: `10`, not `10.0`.
func plainText(_ number: Double) -> String {
    let text = "\(number)"
    return text.hasSuffix(".0") ? String(text.dropLast(2)) : text
}
