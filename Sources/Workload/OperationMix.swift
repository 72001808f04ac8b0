/// How often each kind of operation is asked for: `get=50,put=50`. Weights are relative; they need not add up to 100.
public struct OperationMix: Hashable, Sendable {
    /// One kind and its weight.
    public struct Share: Hashable, Sendable {
        /// The operation's name.
        public let kind: String
        /// Its relative weight.
        public let weight: UInt32
    }

    /// The kinds, in the order given.
    public let shares: [Share]
    private let total: UInt64

    /// The text forms, for messages and help.
    public static let validForms = ["get=50,put=50", "put"]

    /// Reads `kind=weight,kind=weight` or a single kind alone.
    ///
    /// `allowedKinds`, where given, are the names that the system under test knows. Throws `WorkloadError.unreadable`.
    public init(parsing text: String, allowedKinds: [String]? = nil) throws(WorkloadError) {
        func unreadable(_ reason: String) -> WorkloadError {
            .unreadable(subject: "operation mix", text: text, reason: reason, validForms: Self.validForms)
        }
        let parts = text.split(separator: ",", omittingEmptySubsequences: false)
        var shares: [Share] = []
        for part in parts {
            let sides = part.split(separator: "=", omittingEmptySubsequences: false)
            let kind = String(sides[0])
            guard !kind.isEmpty, sides.count <= 2 else { throw unreadable("'\(part)' is not kind=weight") }
            guard sides.count == 2 || parts.count == 1 else { throw unreadable("'\(part)' has no weight") }
            guard let weight = sides.count == 2 ? UInt32(sides[1]) : 1 else {
                throw unreadable("'\(sides[1])' is not a whole number")
            }
            if let allowedKinds, !allowedKinds.contains(kind) {
                throw unreadable("no operation '\(kind)' here; there are \(allowedKinds.joined(separator: ", "))")
            }
            guard !shares.contains(where: { $0.kind == kind }) else { throw unreadable("'\(kind)' is there twice") }
            shares.append(Share(kind: kind, weight: weight))
        }
        total = shares.reduce(0) { $0 + UInt64($1.weight) }
        guard total > 0 else { throw unreadable("the weights add up to nothing") }
        self.shares = shares
    }

    /// The names, in the order given.
    public var kinds: [String] { shares.map(\.kind) }

    /// The index into `shares` of the next operation.
    public func next(_ rng: inout SeededGenerator) -> Int {
        if shares.count == 1 { return 0 }
        var ticket = rng.below(total)
        for (index, share) in shares.enumerated() {
            if ticket < share.weight { return index }
            ticket -= UInt64(share.weight)
        }
        preconditionFailure("a ticket below the sum of the weights belongs to one of them")
    }
}

extension OperationMix: CustomStringConvertible {
    /// The text form; reading it gives the same mix.
    public var description: String {
        shares.map { "\($0.kind)=\($0.weight)" }.joined(separator: ",")
    }
}

extension OperationMix: Codable {
    /// Reads the text form.
    public init(from decoder: any Decoder) throws {
        try self.init(parsing: try decoder.singleValueContainer().decode(String.self))
    }

    /// Writes the text form.
    public func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encode(description)
    }
}
