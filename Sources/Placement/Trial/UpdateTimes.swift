/// How long building and updating take, and what came of it.
struct UpdateTimes<Function: PlacementFunction> {
    let build: UInt64
    let add: UInt64
    let remove: UInt64
    /// The function with the newcomer.
    let grown: Function
    /// The function without the leaver.
    let shrunk: Function

    /// Builds, adds and removes as often as asked, each time from the same start.
    static func measure(
        _ function: Function, _ configuration: Function.Configuration, newcomer: PlacementNode, leaver: PlacementNode,
        repetitions: Int
    ) throws(PlacementError) -> UpdateTimes {
        let nodes = function.nodes
        var builds: [UInt64] = []
        var adds: [UInt64] = []
        var removes: [UInt64] = []
        var grown = function
        var shrunk = function
        for _ in 0..<repetitions {
            let start = monotonicNanoseconds()
            let built = try Function(nodes: nodes, configuration: configuration)
            builds.append(monotonicNanoseconds() - start)
            // Copies share storage until they are written: the copying is part of what is timed, once an update.
            grown = built
            let adding = monotonicNanoseconds()
            try grown.add(newcomer)
            adds.append(monotonicNanoseconds() - adding)
            shrunk = built
            let removing = monotonicNanoseconds()
            try shrunk.remove(leaver.id)
            removes.append(monotonicNanoseconds() - removing)
        }
        return UpdateTimes(
            build: median(builds), add: median(adds), remove: median(removes), grown: grown, shrunk: shrunk)
    }

    private static func median(_ times: [UInt64]) -> UInt64 {
        times.sorted()[times.count / 2]
    }

    /// Keys that the updated functions place elsewhere than functions built anew from the same nodes.
    func mismatchesAfterRebuild(
        _ configuration: Function.Configuration, _ keyHashes: [UInt64]
    ) throws(PlacementError) -> Int {
        var mismatches = 0
        for updated in [grown, shrunk] {
            let anew = try Function(nodes: updated.nodes, configuration: configuration)
            for hash in keyHashes where updated.node(forKeyHash: hash) != anew.node(forKeyHash: hash) {
                mismatches += 1
            }
        }
        return mismatches
    }
}
