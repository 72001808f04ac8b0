import Foundation
import Testing

@Suite("The command line")
struct UsageTests {
    @Test("without arguments teaches how to begin")
    func help() async throws {
        let result = try await Command.run([])
        #expect(result.status == 0)
        #expect(result.output == Snapshots.help, "\(result.output)")
    }

    @Test(
        "explains every command, with an example",
        arguments: [
            "list", "run", "report", "floor", "serve", "node", "simulate", "check", "compare", "gate", "baseline",
            "history", "calibrate",
        ])
    func commandHelp(name: String) async throws {
        let result = try await Command.run(["help", name])
        #expect(result.status == 0)
        #expect(result.output.contains("coordbench \(name)"), "\(result.output)")
        #expect(result.output.contains("USAGE: coordbench \(name)"))
        #expect(result.errors.isEmpty)
    }

    @Test("has a flag for every field of a scenario, and no other name for any")
    func flagsAndFields() async throws {
        let help = try await Command.run(["run", "--help"]).output
        for field in [
            "nodes", "durability", "isolation", "connect", "clients", "in-flight", "rate", "arrival", "think", "keys",
            "key-count", "mix", "value-size", "hold", "lease", "duration", "warm-up", "requests", "timeout",
            "repetitions", "seed", "no-judge", "shape", "fault", "population", "find-max", "find-max-tolerance",
        ] {
            #expect(help.contains("--\(field) ") || help.contains("--\(field)\n"), "\(field)")
        }
    }

    @Test(
        "that is wrong ends with 64 and says what was probably meant",
        arguments: [
            (["lisst"], "no command 'lisst'; did you mean 'list'?"),
            (["list", "rafft"], "no system 'rafft'; did you mean 'raft'?"),
            (["run", "rafft", "--dry-run"], "no system 'rafft'; did you mean 'raft'?"),
            (["run", "raft", "--cleints", "4"], "Did you mean '--clients'?"),
            (["run", "raft", "--clients", "many", "--dry-run"], "--clients: clients can't be 'many'"),
            (["run", "raft", "--duration", "10", "--dry-run"], "--duration: duration can't be '10'"),
            (["run", "raft", "--duration", "10parsecs", "--dry-run"], "a number with a unit (ns, us, ms, s, m, h)"),
            (["run", "raft", "--rate", "5 per s", "--dry-run"], "--rate: rate can't be '5 per s'"),
            (["run", "raft", "--rate", "-5", "--dry-run"], "--rate: rate can't be '-5'"),
            (["run", "raft", "--duration", "-1s", "--dry-run"], "--duration: duration can't be '-1s'"),
            (["simulate", "raft", "--seeds", "-5"], "--seeds: seeds can't be '-5'"),
            (["run", "raft[bach=1]", "--dry-run"], "raft has no option 'bach'"),
            (["run", "raft[batch=0]", "--dry-run"], "option batch can't be '0'"),
            (["run", "raft", "--mix", "fetch", "--dry-run"], "no operation 'fetch' here"),
            (["run", "raft", "--nodes", "0", "--dry-run"], "--nodes: nodes can't be '0'"),
            (["run", "raft", "--durability", "sinced", "--dry-run"], "did you mean 'synced'?"),
            (["run", "raft", "--fail-if", "p98 > 5ms"], "no metric 'p98'"),
            (["run", "raft", "--fail-if", "p99 > 5"], "needs a unit"),
            (["run", "raft", "--find-max", "p98 < 5ms", "--dry-run"], "--find-max: no metric 'p98'"),
            (
                ["run", "raft", "--find-max", "p99 < 5ms", "--arrival", "closed", "--dry-run"],
                "a closed loop has no rate"
            ),
            (["run", "raft", "--arrival", "trace:nowhere.txt", "--dry-run"], "--arrival: can't read nowhere.txt"),
            (["run", "raft", "--think", "normal:1ms", "--dry-run"], "exponential:1ms"),
            (["run", "raft", "nowhere.yaml"], "name one or the other"),
            (["run", "nowhere.yaml"], "nowhere.yaml:1:1: can't be opened"),
            (["run"], "Name a system or a scenario file"),
            (["run", "raft", "--dry-run", "--format", "csv"], "as text or json, not as csv"),
            (["run", "raft"], "This is a debug build"),
            (["list", "--family", "lock"], "is invalid for '--family"),
            (["serve", "raft", "--nodes", "1000"], "raft can't run on 1000 nodes"),
            (["node", "--system", "raft", "--id", "3", "--nodes", "2"], "--id 3 is none of the 2"),
            (["simulate", "raft", "--seeds", "5..1"], "--seeds: seeds can't be '5..1'"),
            (["simulate", "raft", "--mutation", "none-such"], "no planted fault 'none-such'"),
            (["simulate", "mcs"], "mcs has no nodes to start"),
        ])
    func wrong(arguments: [String], message: String) async throws {
        let result = try await Command.run(arguments)
        #expect(result.status == 64, "\(result.testDescription)")
        #expect(result.errors.contains(message), "\(result.testDescription)")
        #expect(result.output.isEmpty, "\(result.testDescription)")
    }

    @Test("writes completions for the usual shells", arguments: ["bash", "zsh", "fish"])
    func completions(shell: String) async throws {
        let result = try await Command.run(["--generate-completion-script", shell])
        #expect(result.status == 0)
        #expect(result.output.contains("in-flight"))
    }
}

enum Snapshots {
    /// What `coordbench` alone prints.
    static let help = """
        OVERVIEW: Measures coordination algorithms, and proves from the same run that
        what it measured was correct.

        Consensus, locks, placement on hash rings and atomic commit, over real sockets
        and real logs on this machine. Start with:

          coordbench list                            what can be measured
          coordbench run raft --duration 2s          a cluster, a load, a report
          coordbench run raft unreplicated --durability memory,synced
          coordbench serve raft --client-port 7000   to play with by redis-cli
          coordbench check history.edn --model kv    judges a history of any store
          coordbench compare 'raft[batch=1]' raft    which is better, and how surely
          coordbench gate gate.yaml                  may this change be merged?

        Results go to standard output, everything else to standard error.

        Exit codes: 0 done and correct; 3 a --fail-if condition holds, a comparison
        regressed or a gate failed; 4 a checker found a violation; 5 unknown or not
        valid; 64 usage, scenario or gate file; 65 damaged data; 69 something needed is
        missing; 70 a bug of coordbench; 73 can't create; 74 can't write; 130
        interrupted, with what was measured saved.

        USAGE: coordbench <subcommand>

        OPTIONS:
          --version               Show the version.
          -h, --help              Show help information.

        SUBCOMMANDS:
          list                    Shows what can be measured.
          run                     Runs trials, judges them and writes a report.
          compare                 Compares two systems, two builds or two runs, and
                                  says how sure it is.
          gate                    Judges whether a change may be let in, by a gate file.
          baseline                Keeps the figures that later ones are held against.
          history                 Shows a metric over runs, and where it changed.
          report                  Renders the report of a results folder again, from
                                  its records alone.
          floor                   Measures what this machine takes at the least for the
                                  steps that all algorithms are made of.
          serve                   Runs a cluster to play with, until Ctrl-C.
          node                    Runs one node of a cluster as a process of its own.
          simulate                Runs a system in virtual time under faults, one run a
                                  seed, and checks every step.
          check                   Judges a recorded history: is it what such a store
                                  may do?
          calibrate               Measures how often a paired gate is wrong on this
                                  machine.

          See 'coordbench help <subcommand>' for detailed help.

        """
}
