// swift-tools-version: 6.1
import PackageDescription

// A package of its own, so that whoever depends on coordbench's libraries doesn't inherit the benchmark framework.
let package = Package(
    name: "coordbench-micro",
    platforms: [.macOS(.v15)],
    dependencies: [
        .package(name: "coordbench", path: "../.."),
        // Without its traits: they replace malloc and the reference counting of the runtime by slower ones of their own.
        .package(url: "https://github.com/ordo-one/benchmark", from: "1.38.1", traits: []),
    ],
    targets: [
        .systemLibrary(name: "CAllocator", pkgConfig: "jemalloc", providers: [.apt(["libjemalloc-dev"])]),
        .executableTarget(
            name: "HotPaths",
            dependencies: [
                "CAllocator",
                .product(name: "CoordbenchKit", package: "coordbench"),
                .product(name: "Benchmark", package: "benchmark"),
            ],
            path: "Benchmarks/HotPaths",
            plugins: [.plugin(name: "BenchmarkPlugin", package: "benchmark")]),
    ],
    swiftLanguageModes: [.v6]
)
