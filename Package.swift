// swift-tools-version: 6.1
import PackageDescription

// The house: imports go downwards only, and the dependency lists below are the law.
let package = Package(
    name: "coordbench",
    platforms: [.macOS(.v15)],
    targets: [
        // C
        .target(name: "CLinux"),

        // base
        .target(name: "ByteCoding", dependencies: ["CLinux"]),
        .target(name: "Measurement", dependencies: ["CLinux"]),
        .target(name: "Statistics"),
        .target(name: "Workload"),
        .target(name: "Verification"),
        .target(name: "RESP", dependencies: ["ByteCoding"]),
        .target(name: "ProtocolKit", dependencies: ["ByteCoding", "RESP", "Workload", "Verification"]),

        // algorithms
        .target(name: "ThreadLocks", dependencies: ["CLinux"]),
        .target(name: "Placement", dependencies: ["Workload"]),
        .target(name: "Consensus", dependencies: ["ByteCoding", "ProtocolKit"]),
        .target(name: "Locks", dependencies: ["ByteCoding", "ProtocolKit", "Consensus"]),
        .target(name: "Commit", dependencies: ["ByteCoding", "ProtocolKit", "Consensus"]),

        // running
        .target(name: "Simulation", dependencies: ["ByteCoding", "ProtocolKit", "Workload", "Verification"]),
        .target(name: "LoopbackRuntime", dependencies: ["CLinux", "ByteCoding", "RESP", "ProtocolKit", "Measurement"]),

        // tests, by room
        .testTarget(name: "ByteCodingTests", dependencies: ["ByteCoding"]),
        .testTarget(name: "MeasurementTests", dependencies: ["Measurement"]),
        .testTarget(name: "StatisticsTests", dependencies: ["Statistics", "Workload"]),
        .testTarget(name: "WorkloadTests", dependencies: ["Workload"]),
        .testTarget(name: "VerificationTests", dependencies: ["Verification", "Workload"]),
        .testTarget(name: "RESPTests", dependencies: ["RESP"]),
        .testTarget(name: "ProtocolKitTests", dependencies: ["ProtocolKit"]),
        .testTarget(name: "ThreadLocksTests", dependencies: ["ThreadLocks"]),
        .testTarget(name: "PlacementTests", dependencies: ["Placement", "Workload"]),
        .testTarget(name: "ConsensusTests", dependencies: ["Consensus", "ProtocolKit", "Simulation", "Verification"]),
        .testTarget(name: "LocksTests", dependencies: ["Locks", "ProtocolKit", "Simulation", "Verification"]),
        .testTarget(name: "CommitTests", dependencies: ["Commit", "ProtocolKit", "Simulation", "Verification"]),
        .testTarget(name: "SimulationTests", dependencies: ["Simulation", "ProtocolKit"]),
        .testTarget(
            name: "LoopbackRuntimeTests",
            dependencies: ["LoopbackRuntime", "ProtocolKit", "Consensus", "Locks", "Commit", "RESP"]),
    ],
    swiftLanguageModes: [.v6]
)
