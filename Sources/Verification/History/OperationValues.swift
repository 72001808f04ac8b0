/// What an operation sent and what was answered, as the identities that a ``KeyValueOperation`` holds.
struct OperationValues {
    let model: HistoryModel
    let verb: HistoryModel.Verb
    /// Whether the operation was answered, so that its answer tells.
    let isAnswered: Bool

    typealias Identities = (kind: KeyValueOperation.Kind, argument: UInt64, result: UInt64)

    private static let held: UInt64 = 1

    /// The kind, argument and result of an operation.
    func identities(
        sent: DataValue, answer: DataValue, line: Int, begunOn begun: Int, _ vocabulary: inout HistoryVocabulary
    ) throws(HistoryError) -> Identities {
        switch verb {
        case .read, .get: return (.get, 0, isAnswered ? try read(answer, line, &vocabulary) : 0)
        case .write, .put: return (.put, vocabulary.identity(of: sent), 0)
        case .delete: return (.delete, 0, removed(answer))
        case .acquire: return (.compareAndSet, Self.held, ValueIdentity.absent)
        case .release: return (.compareAndSet, ValueIdentity.absent, Self.held)
        case .cas:
            guard let pair = sent.elements, pair.count == 2 else {
                throw HistoryError(
                    line: begun, "a cas of \(sent)", remedy: "its value is [old new], or [key [old new]] with keys")
            }
            return (
                .compareAndSet, vocabulary.identity(of: pair[1]), vocabulary.identity(of: pair[0])
            )
        case .append: return try append(sent, begun, &vocabulary)
        }
    }

    private func read(
        _ value: DataValue, _ line: Int, _ vocabulary: inout HistoryVocabulary
    ) throws(HistoryError) -> UInt64 {
        if let pieces = value.elements, model == .append || model == .kv { return vocabulary.identity(ofList: pieces) }
        if model == .append, value != .null {
            guard case .map = value else {
                throw HistoryError(
                    line: line, "a read of \(value)", remedy: "model append reads lists: [1 2 3], or nil")
            }
        }
        return vocabulary.identity(of: value)
    }

    /// 1, 0 or nothing told.
    private func removed(_ answer: DataValue) -> UInt64 {
        switch answer {
        case .boolean(let removed) where isAnswered: removed ? 1 : 0
        case .integer(let count) where isAnswered && (count == 0 || count == 1): UInt64(count)
        default: KeyValueOperation.unreported
        }
    }

    private func append(
        _ sent: DataValue, _ line: Int, _ vocabulary: inout HistoryVocabulary
    ) throws(HistoryError) -> Identities {
        if case .text(let text) = sent, model == .kv {
            return (.concatenate, vocabulary.identity(of: sent), TextIdentity.factor(ofLength: text.utf8.count))
        }
        guard sent != .null else {
            throw HistoryError(line: line, "an append of nothing", remedy: "its value is what is appended")
        }
        return (.append, vocabulary.identity(of: sent), KeyValueOperation.unreported)
    }
}
