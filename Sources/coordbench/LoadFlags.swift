import ArgumentParser
import Harness

/// The settings of a scenario as flags: the same names, units and bounds, since the same code reads both.
struct LoadFlags: ParsableArguments {
    @Option(help: "Nodes of a cluster, or nodes to place keys on.")
    var nodes: [String] = []

    @Option(help: "How durable the logs are: memory, buffered or synced.")
    var durability: [String] = []

    @Option(help: "Where nodes run: processes (of their own) or shared (one process).")
    var isolation: [String] = []

    @Option(help: "Load servers that already run, host:port,...; any that speaks the Redis protocol.")
    var connect: [String] = []

    @Option(help: "Client connections, or threads that compete.")
    var clients: [String] = []

    @Option(help: "Operations under way per client.")
    var inFlight: [String] = []

    @Option(help: "Operations offered a second, 5000 or 20k/s: an open loop. Without it, a closed loop.")
    var rate: [String] = []

    @Option(
        help: "How operations arrive: closed, constant, poisson, burst:100 (so many at once) or trace:FILE (recorded).")
    var arrival: [String] = []

    @Option(help: "How an open loop's rate moves: steady, ramp:0.1..1, steps:0.25,0.5,1, spike:5@0.5+0.1, sine:0.5x3.")
    var shape: [String] = []

    @Option(help: "Pause between a user's operations in a closed loop: 1ms, exponential:1ms, uniform:1ms..3ms.")
    var think: [String] = []

    @Option(help: "Which keys: uniform, zipfian:0.99, hotspot:0.2,0.8, latest, sequential, single, conflict:10.")
    var keys: [String] = []

    @Option(help: "How many keys, locks or accounts, 10k.")
    var keyCount: [String] = []

    @Option(help: "Shares of the kinds of operation, get=50,put=50.")
    var mix: [String] = []

    @Option(help: "Bytes of a written value, 256, 4KiB or 64..1024.")
    var valueSize: [String] = []

    @Option(help: "How long a lock is held, 500us.")
    var hold: [String] = []

    @Option(help: "How long a lock's lease lasts, 10s.")
    var lease: [String] = []

    @Option(help: "The measured window, 10s.")
    var duration: [String] = []

    @Option(help: "Time before it, left out of all figures, 1s.")
    var warmUp: [String] = []

    @Option(help: "End after so many operations, even inside the window.")
    var requests: String?

    @Option(help: "After which an operation counts as timed out, 5s.")
    var timeout: [String] = []

    @Option(
        name: .customLong("fault"),
        help: "What strikes and when, '2s partition leader,c0|rest'; give it again for the next, '4s heal'.")
    var faults: [String] = []

    @Option(
        help: "A group of clients with a load of its own, '12 mix get think 1ms'; give it again for the next group.")
    var population: [String] = []

    @Option(
        help:
            "Search for the highest rate at which this holds, 'p99 < 5ms'; --rate is where to begin, 1000/s if not given."
    )
    var findMax: [String] = []

    @Option(help: "How close that search comes, 5%.")
    var findMaxTolerance: String?

    @Option(help: "How often every trial is run; repetitions are interleaved.")
    var repetitions: String?

    @Option(help: "The seed of everything drawn.")
    var seed: [String] = []

    @Flag(help: "Take down no history and judge nothing: the verdict is unknown.")
    var noJudge = false

    /// What was given, field by field.
    var fields: [(field: ScenarioField, values: [String])] {
        [
            (.nodes, nodes), (.durability, durability), (.isolation, isolation), (.connect, connect),
            (.clients, clients), (.inFlight, inFlight), (.rate, rate), (.arrival, arrival), (.shape, shape),
            (.think, think),
            (.keys, keys), (.keyCount, keyCount), (.mix, mix), (.valueSize, valueSize), (.hold, hold),
            (.lease, lease), (.duration, duration), (.warmUp, warmUp), (.requests, requests.map { [$0] } ?? []),
            (.timeout, timeout), (.faults, faults), (.population, population), (.findMax, findMax),
            (.findMaxTolerance, findMaxTolerance.map { [$0] } ?? []), (.repetitions, repetitions.map { [$0] } ?? []),
            (.seed, seed),
            (.judge, noJudge ? ["off"] : []),
        ]
    }
}
