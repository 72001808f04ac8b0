import Foundation
import Harness
import ProtocolKit
import Simulation
import Workload

/// Which faults a user wants.
enum RequestedFaults {
    case all
    case none
    case kinds([FaultRates.Kind], mishaps: [String])
    case script([ScheduledFault])

    /// Kinds of the network's own, beside those that strike now and then.
    static let mishaps = ["loss", "duplicate", "reorder"]

    /// Every kind's name.
    static var names: [String] { FaultRates.Kind.allCases.map(\.name) + mishaps }

    init(parsing text: String) throws {
        if text.contains("@") {
            self = .script(try FaultScript.read(text))
        } else if text == "all" {
            self = .all
        } else if text == "none" {
            self = .none
        } else {
            var kinds: [FaultRates.Kind] = []
            var mishaps: [String] = []
            for part in text.split(separator: ",", omittingEmptySubsequences: false).map(String.init) {
                if let kind = FaultRates.Kind.allCases.first(where: { $0.name == part }) {
                    kinds.append(kind)
                } else if Self.mishaps.contains(part) {
                    mishaps.append(part)
                } else {
                    throw ScenarioError(
                        "no fault '\(part)'\(NearestName.question(for: part, among: Self.names)) There are: "
                            + "\(Self.names.joined(separator: ", ")); all, none, or a script: '@1s kill 0; @2s restart 0'",
                        at: .commandLine("--fault"))
                }
            }
            self = .kinds(kinds, mishaps: mishaps)
        }
    }
}

/// Rules of the runtime that can be left out, to see a checker notice.
enum RuntimeMutation: String, CaseIterable {
    /// Syncs are announced before they are done.
    case announceBeforeSync = "announce-before-sync"
    /// Damage on a disk isn't noticed.
    case ignoreChecksum = "ignore-checksum"
}

/// What is to be simulated, whatever the system's type; checked.
struct SimulateRequest {
    let flags: SimulateFlags
    let variant: Variant
    let seeds: ClosedRange<UInt64>
    let mix: OperationMix?
    let faults: RequestedFaults
    let regions: RegionMatrix
    let delay: DelayDistribution?
    let runtimeMutation: RuntimeMutation?
    /// A planted fault of the system.
    let mutation: String?

    init(_ flags: SimulateFlags, _ variant: Variant, _ entry: ClusterEntry) throws {
        self.flags = flags
        self.variant = variant
        runtimeMutation = flags.mutation.flatMap(RuntimeMutation.init)
        mutation = runtimeMutation == nil ? flags.mutation : nil
        try Self.checkOptions(variant, mutation, entry)
        seeds = try ClosedRange<UInt64>(parsing: flags.seeds)
        mix = try flags.workload.map { try OperationMix(parsing: $0, allowedKinds: entry.service.kinds) }
        faults = try RequestedFaults(parsing: flags.fault)
        regions = try flags.regionMatrix.map(Self.matrix) ?? .lan
        delay = try flags.delay.map(Self.distribution)
        try check(entry.descriptor)
    }

    /// Names the runtime's planted faults too where a fault isn't known.
    private static func checkOptions(
        _ variant: Variant, _ mutation: String?, _ entry: ClusterEntry
    ) throws(OptionError) {
        do throws(OptionError) {
            try entry.checkOptions(variant.options, mutation)
        } catch {
            guard case .unknownMutation(let name, let valid) = error else { throw error }
            throw .unknownMutation(name, valid: valid + RuntimeMutation.allCases.map(\.rawValue))
        }
    }

    private func check(_ descriptor: SystemDescriptor) throws(ScenarioError) {
        if let nodes = flags.nodes, !descriptor.nodeRange.contains(nodes) {
            throw ScenarioError(
                "\(descriptor.name) can't run on \(nodes) nodes; it takes \(descriptor.nodeRange.lowerBound) to "
                    + "\(descriptor.nodeRange.upperBound)", at: .commandLine("--nodes"))
        }
        let bounds = [
            ("--operations", flags.operations, 1...100_000), ("--clients", flags.clients, 1...64),
            ("--users", flags.users, 1...64), ("--keys", flags.keys, 1...1_000_000),
        ]
        for (flag, value, range) in bounds where !range.contains(value) {
            throw ScenarioError(
                "\(value) \(flag.dropFirst(2)); \(range.lowerBound) to \(range.upperBound) are possible",
                at: .commandLine(flag))
        }
        guard case .script(let script) = faults else { return }
        let nodes = flags.nodes ?? descriptor.defaultNodes
        for item in script {
            if let stranger = item.fault.nodes.first(where: { Int($0.rawValue) >= nodes }) {
                throw ScenarioError(
                    "'\(item.fault)' names node \(stranger); there are 0 to \(nodes - 1)", at: .commandLine("--fault"))
            }
        }
    }

    private static func matrix(_ name: String) throws -> RegionMatrix {
        if let known = RegionMatrix.named(name) { return known }
        guard let text = try? String(contentsOfFile: name, encoding: .utf8) else {
            throw ScenarioError(
                "no region matrix '\(name)'; there are \(RegionMatrix.named.map(\.name).joined(separator: ", ")), or a "
                    + "file with lines such as 'paris tokyo: 225ms'", at: .commandLine("--region-matrix"))
        }
        do {
            return try RegionMatrix(parsing: text, name: name)
        } catch {
            let place =
                error.line.map { ScenarioPlace.file(path: name, line: $0, column: 1) }
                ?? .commandLine("--region-matrix \(name)")
            throw ScenarioError(error.reason, at: place)
        }
    }

    private static func distribution(_ text: String) throws(ScenarioError) -> DelayDistribution {
        if let known = DelayDistribution(parsing: text) { return known }
        let forms = DelayDistribution.forms.map { "'\($0)'" }.joined(separator: ", ")
        throw ScenarioError("no delay '\(text)'; write it as \(forms)", at: .commandLine("--delay"))
    }

    /// The options of a run, its seed apart.
    func options<System: ClusterSystem>(for system: System.Type) -> SimulationOptions {
        var options: SimulationOptions
        switch faults {
        case .none: options = SimulationOptions(for: system)
        case .all: options = .chaos(for: system)
        case .kinds(let kinds, let mishaps): options = Self.only(kinds, mishaps, .chaos(for: system))
        case .script(let script): options = .chaos(for: system).replaying(script)
        }
        options.variant = variant.options
        options.mutation = mutation
        options.disk.lieAboutSync = runtimeMutation == .announceBeforeSync
        options.disk.ignoresChecksums = runtimeMutation == .ignoreChecksum
        options.nodes = flags.nodes ?? options.nodes
        options.operations = flags.operations
        options.clients = flags.clients
        options.usersPerClient = flags.users
        options.workload.mix = mix ?? options.workload.mix
        options.workload.keyCount = flags.keys
        options.durability = flags.durability
        if regions != .lan { options.spread(over: regions) }
        if let delay { options.network.delay = delay }
        options.seed = seeds.lowerBound
        return options
    }

    /// Only some kinds of fault, and those for sure.
    private static func only(
        _ kinds: [FaultRates.Kind], _ mishaps: [String], _ chaos: SimulationOptions
    ) -> SimulationOptions {
        var options = chaos
        var rates = FaultRates()
        let usual = FaultRates.chaos
        for kind in kinds {
            rates[kind] = usual[kind].interval > 0 ? usual[kind] : FaultRates.Rate(every: .milliseconds(300))
        }
        options.faults = .random(rates, swarm: false)
        options.network.variesMishaps = false
        if !mishaps.contains("loss") { options.network.loss = 0 }
        if !mishaps.contains("duplicate") { options.network.duplication = 0 }
        if !mishaps.contains("reorder") { options.network.reordering = 0 }
        return options
    }

    /// What the user may not expect of the faults.
    func notes(_ world: FaultWorld) -> [String] {
        let wanted: [FaultRates.Kind]
        switch faults {
        case .none, .script: return []
        case .all: wanted = FaultRates.Kind.allCases.filter { FaultRates.chaos[$0].interval > 0 }
        case .kinds(let kinds, _): wanted = kinds
        }
        let omitted = wanted.filter { !world.allows($0) }.map(\.name)
        var notes: [String] = []
        if world.durability == .memory, world.allows(.crash) {
            notes.append("durability memory: a node that crashes forgets everything, so it is started as a replacement")
        }
        guard !omitted.isEmpty else { return notes }
        let reason =
            world.durability == .synced
            ? "\(variant.system) isn't asked to bear them" : "they have no meaning with durability \(world.durability)"
        return notes + ["left out: \(omitted.joined(separator: ", ")); \(reason)"]
    }
}

extension ClosedRange<UInt64> {
    /// The most seeds of one campaign.
    static var mostSeeds: UInt64 { 10_000_000 }

    /// Reads seeds as people write them: `7` or `1..100`.
    init(parsing text: String) throws(ScenarioError) {
        let parts = text.split(separator: "..", omittingEmptySubsequences: false).map { UInt64($0) }
        guard let first = parts.first ?? nil, parts.count <= 2, let last = parts.last ?? nil, first <= last,
            last - first < Self.mostSeeds
        else {
            throw ScenarioError(
                "seeds can't be '\(text)': a number or a range of at most \(Self.mostSeeds); for example 7, 1..100",
                at: .commandLine("--seeds"))
        }
        self = first...last
    }
}
