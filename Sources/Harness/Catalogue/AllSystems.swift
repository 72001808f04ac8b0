import Commit
import Consensus
import Locks
import ProtocolKit

extension SystemCatalogue {
    /// Every system of this build.
    public static let all: SystemCatalogue = {
        var catalogue = SystemCatalogue()
        ClusterFamilies.register(in: &catalogue)
        for entry in threadLocks + placementFunctions + external { catalogue.add(entry) }
        return catalogue
    }()

    /// Servers that run elsewhere: no family's own, reached by address.
    static let external = [
        CatalogueEntry(
            descriptor: SystemDescriptor(
                name: "resp", family: .consensus,
                summary: "any server that speaks the Redis protocol; needs connect: host:port",
                source: "Redis serialization protocol specification, version 2", defaultNodes: 1, nodeRange: 1...64),
            service: ServiceFacts(name: "key-value", kinds: ["get", "put"], defaultMix: "get=50,put=50"),
            subject: .external)
    ]
}

/// The families of systems whose nodes exchange messages.
public enum ClusterFamilies {
    /// Hands every cluster system of this build to `registry`, with its type.
    public static func register<Registry: SystemRegistry>(in registry: inout Registry) {
        registerConsensus(&registry)
        registerLocks(&registry)
        registerCommit(&registry)
    }
}
