// swift-tools-version: 6.1
import PackageDescription

// The house: imports go downwards only, and the dependency lists below are the law.
let package = Package(
    name: "coordbench",
    platforms: [.macOS(.v15)],
    products: [
        .executable(name: "coordbench", targets: ["coordbench"]),
        .library(
            name: "CoordbenchKit",
            targets: [
                "ByteCoding", "Measurement", "Statistics", "Workload", "Verification", "RESP", "ProtocolKit",
                "ThreadLocks", "Placement", "Consensus", "Locks", "Commit", "Simulation", "LoopbackRuntime",
                "Harness", "Analysis", "Reporting",
            ]),
    ],
    dependencies: [
        .package(url: "https://github.com/apple/swift-argument-parser", from: "1.5.0"),
        .package(url: "https://github.com/jpsim/Yams", from: "6.0.0"),
    ],
    targets: [
        // C
        .target(name: "CLinux"),
        .systemLibrary(name: "CJemalloc", pkgConfig: "jemalloc", providers: [.apt(["libjemalloc-dev"])]),

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
        .target(name: "Consensus", dependencies: ["ByteCoding", "ProtocolKit", "Workload", "Verification"]),
        .target(name: "Locks", dependencies: ["ByteCoding", "ProtocolKit", "Consensus"]),
        .target(name: "Commit", dependencies: ["ByteCoding", "ProtocolKit", "Consensus"]),

        // running
        .target(name: "Simulation", dependencies: ["ByteCoding", "ProtocolKit", "Workload", "Verification"]),
        .target(name: "LoopbackRuntime", dependencies: ["CLinux", "ByteCoding", "RESP", "ProtocolKit", "Measurement"]),

        // measuring
        .target(
            name: "Harness",
            dependencies: [
                "ByteCoding", "RESP", "ProtocolKit", "Workload", "Verification", "Statistics", "Measurement",
                "ThreadLocks", "Placement", "Consensus", "Locks", "Commit", "LoopbackRuntime", "Simulation", "CLinux",
                .product(name: "Yams", package: "Yams"),
            ]),

        // reading
        .target(
            name: "Analysis",
            dependencies: [
                "Harness", "Measurement", "Statistics", "ProtocolKit", "Workload",
                .product(name: "Yams", package: "Yams"),
            ]),
        .target(
            name: "Reporting",
            dependencies: ["Analysis", "Harness", "Measurement", "Statistics", "Verification", "ProtocolKit"]),

        // command
        .executableTarget(
            name: "coordbench",
            dependencies: [
                "Analysis", "Harness", "LoopbackRuntime", "Reporting", "Simulation", "ThreadLocks", "Placement",
                "CJemalloc",
                .product(name: "ArgumentParser", package: "swift-argument-parser"),
            ]),

        // tests, by room
        .testTarget(name: "ByteCodingTests", dependencies: ["ByteCoding"]),
        .testTarget(name: "MeasurementTests", dependencies: ["Measurement"]),
        .testTarget(name: "StatisticsTests", dependencies: ["Statistics", "Workload"], exclude: ["Reference"]),
        .testTarget(name: "WorkloadTests", dependencies: ["Workload"]),
        .testTarget(name: "VerificationTests", dependencies: ["Verification", "Workload"]),
        .testTarget(name: "RESPTests", dependencies: ["RESP"]),
        .testTarget(name: "ProtocolKitTests", dependencies: ["ProtocolKit"]),
        .testTarget(name: "ThreadLocksTests", dependencies: ["ThreadLocks"]),
        .testTarget(name: "PlacementTests", dependencies: ["Placement", "Workload"]),
        .testTarget(
            name: "ConsensusTests",
            dependencies: ["Consensus", "ByteCoding", "ProtocolKit", "Simulation", "Verification", "Workload"]),
        .testTarget(name: "LocksTests", dependencies: ["Locks", "ProtocolKit", "Simulation", "Verification"]),
        .testTarget(name: "CommitTests", dependencies: ["Commit", "ProtocolKit", "Simulation", "Verification"]),
        .testTarget(
            name: "SimulationTests",
            dependencies: ["Simulation", "ByteCoding", "ProtocolKit", "RESP", "Verification", "Workload"]),
        .testTarget(
            name: "LoopbackRuntimeTests",
            dependencies: ["LoopbackRuntime", "ProtocolKit", "Consensus", "Locks", "Commit", "RESP"]),
        .testTarget(
            name: "HarnessTests",
            dependencies: [
                "Harness", "ByteCoding", "Consensus", "Locks", "Commit", "LoopbackRuntime", "Measurement", "Statistics",
                "Verification", "Workload",
                "ProtocolKit",
            ]),
        .testTarget(
            name: "AnalysisTests",
            dependencies: [
                "Analysis", "Harness", "Measurement", "Statistics", "Verification", "Workload", "ProtocolKit",
            ]),
        .testTarget(
            name: "ReportingTests",
            dependencies: [
                "Reporting", "Analysis", "Harness", "Measurement", "Statistics", "Verification", "Workload",
                "ProtocolKit",
            ],
            exclude: ["Golden"]),
        .testTarget(
            name: "CommandTests",
            dependencies: [
                "coordbench", "Analysis", "ByteCoding", "Harness", "Measurement", "RESP", "LoopbackRuntime",
                "ProtocolKit", "Consensus", "Statistics", "Verification", "Workload",
            ]),
    ],
    swiftLanguageModes: [.v6]
)
