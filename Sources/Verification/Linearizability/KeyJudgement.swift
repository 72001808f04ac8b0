/// What one method says about the operations of one key.
enum KeyJudgement {
    /// A linearization exists.
    case linearizable
    /// None exists; `window` shows why.
    case violated(reason: String, window: [KeyValueOperation])
    /// The method could not decide within its budget.
    case unknown(reason: String)
    /// The method does not apply to these operations, and says nothing.
    case notApplicable
}
