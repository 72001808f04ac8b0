import ProtocolKit

/// One system that can be measured, whatever its kind.
public struct CatalogueEntry: Sendable {
    /// Name, source, options, number of nodes.
    public var descriptor: SystemDescriptor
    /// What clients do with it.
    public var service: ServiceFacts
    /// What kind of subject it is, and so what measures it.
    public let subject: PlannedTrial.Subject
    /// What starts its nodes and drives a load on them; nil for what has no nodes that exchange messages.
    public let cluster: ClusterEntry?
    /// Runs a trial on it; nil for a system that can only be planned.
    public let run: TrialRun?
    private let check: @Sendable (VariantOptions) throws(OptionError) -> Void

    /// A system whose nodes exchange messages.
    public init(cluster: ClusterEntry) {
        descriptor = cluster.descriptor
        service = cluster.service
        subject = .cluster
        self.cluster = cluster
        run = cluster.run
        check = { options throws(OptionError) in try cluster.checkOptions(options, nil) }
    }

    /// A system without messages, or one that runs elsewhere.
    ///
    /// - Parameters:
    ///   - run: runs a trial on it.
    ///   - check: a family's own check of options; where there is none they are checked against the descriptor.
    public init(
        descriptor: SystemDescriptor, service: ServiceFacts, subject: PlannedTrial.Subject,
        run: TrialRun? = nil, check: (@Sendable (VariantOptions) throws(OptionError) -> Void)? = nil
    ) {
        self.descriptor = descriptor
        self.service = service
        self.subject = subject
        cluster = nil
        self.run = run
        if let check {
            self.check = check
        } else {
            self.check = { options throws(OptionError) in _ = try ResolvedOptions(options, for: descriptor) }
        }
    }

    /// Checks a user's options.
    public func checkOptions(_ options: VariantOptions) throws(OptionError) { try check(options) }
}

/// What clients do with a system, as scenarios need to know it.
public struct ServiceFacts: Sendable, Hashable, Codable {
    /// The service's name: `key-value`, `lock`, `bank` ...
    public var name: String
    /// The kinds of operation, each with rows of its own.
    public var kinds: [String]
    /// The mix where the user names none.
    public var defaultMix: String

    /// Facts of their parts.
    public init(name: String, kinds: [String], defaultMix: String) {
        self.name = name
        self.kinds = kinds
        self.defaultMix = defaultMix
    }

    /// The facts of a service type.
    public init<Offer: Service>(_ offer: Offer.Type) {
        self.init(name: offer.name, kinds: offer.kinds, defaultMix: offer.defaultMix)
    }

    /// What a system serves of its service.
    public init<System: ClusterSystem>(_ system: System.Type) {
        self.init(name: System.Offer.name, kinds: system.operationKinds, defaultMix: system.defaultMix)
    }

    /// What is done with a lock among threads.
    public static let threadLock = ServiceFacts(name: "thread-lock", kinds: ["acquire"], defaultMix: "acquire")
    /// What is done with a placement function.
    public static let placement = ServiceFacts(name: "placement", kinds: ["lookup"], defaultMix: "lookup")
}
