/// What a history's operations are done to, by the names that Jepsen and its kin use.
public enum HistoryModel: String, Sendable, Hashable, CaseIterable {
    /// One value that is read and written.
    case register
    /// A register with compare-and-set: `:cas [old new]`.
    case casRegister = "cas-register"
    /// A map from keys to values: `:get`, `:put`, `:delete`, `:cas`, and `:append`, which joins a text to a text and any
    /// other value as a piece to a list.
    case kv
    /// Lists that only grow: `:append` adds a value, `:read` returns them all.
    case append
    /// A lock that one at a time may hold: `:acquire` and `:release`, by whomever.
    case mutex

    /// What can be done, by the word in the history.
    enum Verb: String, CaseIterable {
        case read, get, write, put, cas, delete, append, acquire, release

        /// The kind that stands for it; reads and writes have two words.
        var kind: KeyValueOperation.Kind {
            switch self {
            case .read, .get: .get
            case .write, .put: .put
            case .cas, .acquire, .release: .compareAndSet
            case .delete: .delete
            case .append: .append
            }
        }
    }

    /// The words that the model knows.
    var verbs: [Verb] {
        switch self {
        case .register: [.read, .write]
        case .casRegister: [.read, .write, .cas]
        case .kv: [.get, .put, .read, .write, .delete, .cas, .append]
        case .append: [.append, .read, .get]
        case .mutex: [.acquire, .release]
        }
    }

    /// The verb of a word, or what is wrong with it.
    func verb(_ word: String, line: Int) throws(HistoryError) -> Verb {
        if let verb = Verb(rawValue: word), verbs.contains(verb) { return verb }
        let known = verbs.map(\.rawValue).joined(separator: ", ")
        let others = HistoryModel.allCases.filter { model in model.verbs.contains { $0.rawValue == word } }
        let remedy =
            word == "txn"
            ? "histories of transactions are not judged here"
            : others.isEmpty
                ? "it knows \(known)"
                : "it knows \(known); --model \(others.map(\.rawValue).joined(separator: " or ")) knows '\(word)'"
        throw HistoryError(line: line, "model \(rawValue) has no operation '\(word)'", remedy: remedy)
    }

    /// How operations are worded for people.
    func wording(isKeyed: Bool) -> HistoryNames.Wording {
        switch self {
        case .mutex: isKeyed ? .store : .mutex
        case .register, .casRegister, .append: isKeyed ? .store : .register
        case .kv: .store
        }
    }
}
