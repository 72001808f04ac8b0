/// What one method says about the operations of one key.
enum KeyJudgement {
    /// They keep what was asked of them.
    case holds
    /// They don't; `window` shows why.
    case violated(reason: String, window: [KeyValueOperation])
    /// The method could not decide within its budget.
    case unknown(reason: String)
    /// The method does not apply to these operations, and says nothing.
    case notApplicable
}
