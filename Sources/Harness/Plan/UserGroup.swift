import ProtocolKit
import Workload

/// Some of a closed loop's clients, which do something else than the others: `12 mix get keys zipfian:0.99 think 1ms`.
public struct UserGroup: Sendable, Hashable, Codable {
    /// How many clients.
    public var clients: Int
    /// What they do.
    public var mix: OperationMix
    /// Which keys they choose; nil for those of the trial.
    public var keys: KeyDistribution?
    /// Their pause between operations; nil for none.
    public var think: ThinkTime?

    /// The most clients that a trial may have, all groups together.
    public static let mostClients = 4096
    /// The text forms, for messages.
    public static let validForms = ["12 mix get", "4 mix put=3,delete=1 keys zipfian:0.99 think exponential:5ms"]

    /// Reads the number of clients, and then names and values by turns.
    ///
    /// - Throws: `WorkloadError.unreadable` with the forms that there are, or what a value's own reader throws.
    public init(parsing text: String) throws(WorkloadError) {
        func refuse(_ reason: String) -> WorkloadError {
            .unreadable(subject: "group of users", text: text, reason: reason, validForms: Self.validForms)
        }
        let words = text.split(separator: " ").map(String.init)
        guard let first = words.first, let clients = Quantity.count(first), (1...Self.mostClients).contains(clients)
        else {
            throw refuse("it begins with a number of clients, from 1 to \(Self.mostClients)")
        }
        guard words.count % 2 == 1 else { throw refuse("'\(words[words.count - 1])' has no value") }
        var mix: OperationMix?
        var names: Set<String> = []
        for place in stride(from: 1, to: words.count, by: 2) {
            guard names.insert(words[place]).inserted else { throw refuse("'\(words[place])' is there twice") }
            let value = words[place + 1]
            switch words[place] {
            case "mix": mix = try OperationMix(parsing: value)
            case "keys": keys = try KeyDistribution(parsing: value)
            case "think": think = try ThinkTime(parsing: value, duration: Quantity.duration)
            default: throw refuse("there is no '\(words[place])'; a group has mix, keys and think")
            }
        }
        guard let mix else { throw refuse("it doesn't say what they do: mix") }
        self.clients = clients
        self.mix = mix
    }
}

extension UserGroup: CustomStringConvertible {
    /// The text form; reading it gives the same group.
    public var description: String {
        "\(clients) mix \(mix)" + (keys.map { " keys \($0)" } ?? "") + (think.map { " think \($0)" } ?? "")
    }
}

extension PlannedTrial {
    /// The group that a client is of; nil in a trial whose clients are all alike.
    func group(ofClient client: Int) -> UserGroup? {
        var first = 0
        return population?.first { group in
            first += group.clients
            return client < first
        }
    }

    /// What a client does.
    func load(ofClient client: Int) -> WorkloadOptions {
        var load = workload
        guard let group = group(ofClient: client) else { return load }
        load.mix = group.mix
        if let keys = group.keys { load.keys = keys }
        return load
    }

    /// A client's pause between operations.
    func think(ofClient client: Int) -> ThinkTime {
        guard let group = group(ofClient: client) else { return think }
        return group.think ?? .constant(0)
    }
}

extension MatrixExpansion {
    /// Sets the groups that a trial's clients come in. The trial's own mix is then that of the clients: each kind with
    /// the share of the clients who ask for it.
    func setPopulation(of trial: inout PlannedTrial, _ settings: Settings, _ entry: CatalogueEntry)
        throws(ScenarioError)
    {
        guard let first = matrix.population.first else { return }
        func refuse(_ reason: String, at place: ScenarioPlace) -> ScenarioError { ScenarioError(reason, at: place) }
        guard trial.subject == .cluster || trial.subject == .external else {
            throw refuse("\(trial.variant) has no clients that could come in groups", at: first.place)
        }
        guard case .closed = trial.arrival else {
            throw refuse("groups of users make a closed loop; leave rate and arrival out", at: first.place)
        }
        let own: [(name: String, place: ScenarioPlace?)] = [
            ("clients", settings.clients?.place), ("mix", settings.mix?.place),
            ("think", settings.think.value.isNone ? nil : settings.think.place),
        ]
        for (name, place) in own {
            guard let place else { continue }
            throw refuse("each group of users has its own \(name); leave \(name) out", at: place)
        }
        let groups = matrix.population.map(\.value)
        trial.clients = groups.reduce(0) { $0 + $1.clients }
        guard trial.clients <= UserGroup.mostClients else {
            throw refuse(
                "the groups have \(trial.clients) clients together; at most \(UserGroup.mostClients) go",
                at: first.place)
        }
        for (group, place) in zip(groups, matrix.population.map(\.place)) {
            do throws(WorkloadError) {
                _ = try OperationMix(parsing: "\(group.mix)", allowedKinds: entry.service.kinds)
                _ = try KeySampler(
                    group.keys ?? trial.workload.keys, keyCount: trial.workload.keyCount,
                    clientCount: trial.clients * trial.inFlight)
            } catch {
                throw refuse("\(error)", at: place)
            }
        }
        do throws(WorkloadError) {
            trial.workload.mix = try OperationMix(parsing: Self.mix(of: groups))
        } catch {
            throw refuse("\(error)", at: first.place)
        }
        trial.population = groups
    }

    /// Weights in ten-thousandths of all clients, at least one each.
    private static func mix(of groups: [UserGroup]) -> String {
        let all = Double(groups.reduce(0) { $0 + $1.clients })
        var weights: [(kind: String, share: Double)] = []
        for group in groups {
            let total = Double(group.mix.shares.reduce(0) { $0 + UInt64($1.weight) })
            for share in group.mix.shares {
                let part = Double(group.clients) / all * Double(share.weight) / total
                if let place = weights.firstIndex(where: { $0.kind == share.kind }) {
                    weights[place].share += part
                } else {
                    weights.append((share.kind, part))
                }
            }
        }
        return weights.map { "\($0.kind)=\(max(1, Int(($0.share * 10_000).rounded())))" }.joined(separator: ",")
    }
}
