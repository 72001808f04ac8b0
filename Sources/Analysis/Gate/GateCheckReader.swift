import Harness
import ProtocolKit
import Yams

/// Reads one entry of a gate file's `checks`.
struct GateCheckReader {
    static let keys: [GateCheck.Kind: [String]] = [
        .exact: ["name", "kind", "require", "systems", "nodes", "seeds", "operations"],
        .stored: ["name", "kind", "require", "scenario", "trials"],
        .paired: ["name", "kind", "scenario", "trials", "metrics", "margin", "resolution", "budget", "blocks"],
    ]

    let file: GateFile
    let place: ScenarioPlace
    let pairs: [(key: Placed<String>, node: Node)]

    init(_ file: GateFile, _ node: Node) throws(ScenarioError) {
        self.file = file
        place = file.yaml.place(node)
        pairs = try file.yaml.mapping(node, what: "a check")
    }

    func check() throws(ScenarioError) -> GateCheck {
        let kind = try kind()
        let valid = Self.keys[kind] ?? []
        for (key, _) in pairs where !valid.contains(key.value) { throw file.yaml.unknown(key, valid: valid) }
        let subject: GateCheck.Subject =
            switch kind {
            case .exact: .exact(try exact())
            case .stored: .stored(try stored())
            case .paired: .paired(try paired())
            }
        return GateCheck(name: try file.yaml.word(pairs, "name") ?? kind.rawValue, place: place, subject: subject)
    }

    func kind() throws(ScenarioError) -> GateCheck.Kind {
        let names = GateCheck.Kind.allCases.map(\.rawValue)
        guard let text = try single("kind") else {
            throw ScenarioError("kind: is missing; it is \(names.joined(separator: ", "))", at: place)
        }
        guard let kind = GateCheck.Kind(rawValue: text.value) else {
            throw ScenarioError(
                "no kind of check '\(text.value)'\(NearestName.question(for: text.value, among: names)) "
                    + "Valid: \(names.joined(separator: ", "))", at: text.place)
        }
        return kind
    }

    // MARK: Kinds

    func exact() throws(ScenarioError) -> ExactCheck {
        let systems = try systems()
        guard !systems.isEmpty else { throw missing("systems", "the systems to simulate, as [raft, 2pc], or all") }
        var nodes: [Placed<Int>] = []
        for text in try strings("nodes") {
            guard let count = Quantity.count(text.value), (1...1000).contains(count) else {
                throw ScenarioError("nodes can't be '\(text.value)': whole numbers from 1 to 1000", at: text.place)
            }
            nodes.append(Placed(count, at: text.place))
        }
        try checkNodes(systems, nodes)
        let seeds = try seeds()
        let conditions = try conditions { metric, place throws(ScenarioError) in
            try checkExact(metric, place, hasSeeds: seeds != nil)
        }
        for (condition, place) in zip(conditions, try strings("require").map(\.place)) {
            guard condition.metric.isOfToolchain, condition.bound == .baseline(factor: 1, offset: 0) else { continue }
            throw ScenarioError(
                "\(condition.metric.name) needs a band: it changes a little with the order of what is simulated, as in "
                    + "\(condition.metric.name) <= baseline + 64", at: place)
        }
        return ExactCheck(
            systems: systems, nodes: nodes, seeds: seeds,
            operations: try operations() ?? ExactCheck.usualOperations, conditions: conditions)
    }

    func stored() throws(ScenarioError) -> StoredCheck {
        let check = StoredCheck(
            scenario: try scenario(),
            conditions: try conditions { metric, place throws(ScenarioError) in
                guard !Metric.simulated.contains(where: { $0.name == metric.name }) else {
                    throw ScenarioError("\(metric.name) comes from the simulator: kind: exact has it", at: place)
                }
            })
        for (threshold, place) in zip(check.conditions, try strings("require").map(\.place)) {
            if case .audit = threshold.bound {
                throw ScenarioError("'\(threshold)': what the paper states is for kind: exact", at: place)
            }
        }
        let fewest = StoredCheck.fewestRepetitions
        for matrix in check.scenario?.matrices ?? []
        where check.needsBaseline && matrix.repetitions.value < fewest {
            throw ScenarioError(
                "a comparison with a baseline needs repetitions: \(fewest) or more, or one slow trial is an alarm",
                at: matrix.repetitions.place == .builtIn ? matrix.place : matrix.repetitions.place)
        }
        return check
    }

    func paired() throws(ScenarioError) -> PairedCheck {
        guard let scenario = try scenario() else { throw missing("scenario", "a scenario file, or trials:") }
        var metrics: [Metric] = []
        var texts = try strings("metrics")
        if texts.isEmpty { texts = PairedCheck.usualMetrics.map { Placed($0, at: place) } }
        for text in texts {
            let figures = Metric.all.filter { $0.nature == .measured && $0.direction != .neither }
            guard let metric = figures.first(where: { $0.name == text.value || $0.aliases.contains(text.value) }) else {
                let names = figures.flatMap { [$0.name] + $0.aliases }
                throw ScenarioError(
                    "no metric '\(text.value)' that is better one way\(NearestName.question(for: text.value, among: names))"
                        + " Documentation/metrics.md lists them", at: text.place)
            }
            metrics.append(metric)
        }
        var check = PairedCheck(scenario: scenario, metrics: metrics)
        if let margin = try share("margin") { check.margin = margin }
        check.resolution = try share("resolution")
        if let length = try length() { check.length = length }
        return check
    }

    // MARK: Parts

    func scenario() throws(ScenarioError) -> Scenario? {
        let trials = pairs.first { $0.key.value == "trials" }
        let name = try file.yaml.word(pairs, "name") ?? "gate"
        let scenario: Scenario
        if let path = try single("scenario") {
            guard trials == nil else {
                throw ScenarioError("scenario: and trials: exclude each other", at: path.place)
            }
            let full = path.value.hasPrefix("/") ? path.value : Self.folder(of: file.path) + path.value
            do throws(ScenarioError) {
                scenario = try ScenarioFile.read(full)
            } catch {
                throw ScenarioError("\(error)", at: path.place)
            }
        } else if let trials {
            var matrices: [TrialMatrix] = []
            for entry in trials.node.sequence.map(Array.init) ?? [trials.node] {
                var matrix = TrialMatrix(at: file.yaml.place(entry))
                try file.yaml.fill(&matrix, from: entry, what: "an entry of trials")
                matrices.append(matrix)
            }
            guard !matrices.isEmpty else { throw ScenarioError("trials is an empty list", at: trials.key.place) }
            scenario = Scenario(name: name, matrices: matrices)
        } else {
            return nil
        }
        _ = try Plan([scenario], catalogue: file.catalogue)
        return scenario
    }

    /// The systems that are named; `all` for every one that has nodes, also those that come to be.
    func systems() throws(ScenarioError) -> [Placed<Variant>] {
        let texts = try strings("systems")
        if texts.count == 1, texts[0].value == "all" {
            return file.catalogue.entries.filter { $0.cluster != nil }
                .map { Placed(Variant(system: $0.descriptor.name), at: texts[0].place) }
        }
        var systems: [Placed<Variant>] = []
        for text in texts {
            let system = try variant(text)
            guard !systems.contains(where: { $0.value == system }) else {
                throw ScenarioError("systems has '\(text.value)' twice", at: text.place)
            }
            systems.append(Placed(system, at: text.place))
        }
        return systems
    }

    func variant(_ text: Placed<String>) throws(ScenarioError) -> Variant {
        do {
            let variant = try Variant(parsing: text.value)
            try file.catalogue.cluster(named: variant.system).checkOptions(variant.options, nil)
            return variant
        } catch {
            throw ScenarioError("\(error)", at: text.place)
        }
    }

    func checkNodes(_ systems: [Placed<Variant>], _ nodes: [Placed<Int>]) throws(ScenarioError) {
        for system in systems {
            for count in nodes {
                do {
                    let entry = try file.catalogue.cluster(named: system.value.system)
                    let range = entry.descriptor.nodeRange
                    guard range.contains(count.value) else {
                        throw ScenarioError(
                            "\(system.value.system) can't run on \(count.value) nodes; it takes \(range.lowerBound) to "
                                + "\(range.upperBound)", at: count.place)
                    }
                    try entry.checkNodes(system.value.options, count.value)
                } catch let error as ScenarioError {
                    throw error
                } catch {
                    throw ScenarioError("\(system.value): \(error)", at: count.place)
                }
            }
        }
    }

    func checkExact(_ metric: Metric, _ place: ScenarioPlace, hasSeeds: Bool) throws(ScenarioError) {
        if ExactCheck.seedMetrics.contains(metric.name) {
            guard !hasSeeds else { return }
            throw ScenarioError("\(metric.name) needs seeds: to simulate, as seeds: 1..20", at: place)
        }
        guard !ExactCheck.costMetrics.contains(metric.name) else { return }
        let valid = (ExactCheck.costMetrics + ExactCheck.seedMetrics).joined(separator: ", ")
        throw ScenarioError(
            "\(metric.name) isn't exact: kind: stored or paired is for what is measured; exact are \(valid)", at: place)
    }

    func conditions(
        _ check: (Metric, ScenarioPlace) throws(ScenarioError) -> Void
    ) throws(ScenarioError) -> [Threshold] {
        var conditions: [Threshold] = []
        for text in try strings("require") {
            do throws(ThresholdError) {
                conditions.append(try Threshold(parsing: text.value, for: .require))
            } catch {
                throw ScenarioError("\(error)", at: text.place)
            }
            try check(conditions[conditions.count - 1].metric, text.place)
        }
        guard !conditions.isEmpty else { throw missing("require", "what must hold, as [latency_p99 < 5ms]") }
        return conditions
    }
}
