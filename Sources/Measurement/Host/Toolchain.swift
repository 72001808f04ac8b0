/// What a program was built by and how. Some figures, such as what a step allocates, depend on this and on nothing else.
public struct Toolchain: Sendable, Codable, Hashable {
    /// The compiler's version, as far as a program can ask for it.
    public var swiftVersion: String
    /// Whether it was built with optimisation.
    public var isOptimizedBuild: Bool
    /// The processor's instruction set.
    public var architecture: String

    /// A toolchain of its parts.
    public init(swiftVersion: String, isOptimizedBuild: Bool, architecture: String) {
        self.swiftVersion = swiftVersion
        self.isOptimizedBuild = isOptimizedBuild
        self.architecture = architecture
    }

    /// What this program was built by.
    public static let current = Toolchain(
        swiftVersion: compilerVersion, isOptimizedBuild: isOptimized, architecture: instructionSet)

    /// Names and values, in a fixed order.
    public var facts: [(fact: String, value: String)] {
        [("swift", swiftVersion), ("build", isOptimizedBuild ? "release" : "debug"), ("architecture", architecture)]
    }

    /// The toolchain that ``facts`` were of; nil where one is missing.
    public init?(facts: [String: String]) {
        guard let swift = facts["swift"], let build = facts["build"], let architecture = facts["architecture"] else {
            return nil
        }
        self.init(swiftVersion: swift, isOptimizedBuild: build == "release", architecture: architecture)
    }

    /// What differs from `other`, in a fixed order.
    public func difference(from other: Toolchain) -> [HostFacts.Difference] {
        zip(other.facts, facts).filter { $0.value != $1.value }.map {
            HostFacts.Difference(fact: $0.fact, before: $0.value, now: $1.value)
        }
    }

    #if DEBUG
        private static let isOptimized = false
    #else
        private static let isOptimized = true
    #endif

    #if arch(x86_64)
        private static let instructionSet = "x86_64"
    #elseif arch(arm64)
        private static let instructionSet = "arm64"
    #else
        private static let instructionSet = "another"
    #endif

    #if compiler(>=6.4)
        private static let compilerVersion = "6.4 or later"
    #elseif compiler(>=6.3.1)
        private static let compilerVersion = "6.3.1 or a later 6.3"
    #elseif compiler(>=6.3)
        private static let compilerVersion = "6.3.0"
    #elseif compiler(>=6.2)
        private static let compilerVersion = "6.2"
    #else
        private static let compilerVersion = "6.1"
    #endif
}
