import ArgumentParser
import Glibc
import Harness

/// The command and its subcommands.
struct Coordbench: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "coordbench",
        abstract: "Measures coordination algorithms, and proves from the same run that what it measured was correct.",
        discussion: """
            Consensus, locks, placement on hash rings and atomic commit, over real sockets and real logs on this \
            machine. Start with:

              coordbench list                            what can be measured
              coordbench run raft --duration 2s          a cluster, a load, a report
              coordbench run raft unreplicated --durability memory,synced
              coordbench serve raft --client-port 7000   to play with by redis-cli
              coordbench check history.edn --model kv    judges a history of any store
              coordbench compare 'raft[batch=1]' raft    which is better, and how surely
              coordbench gate gate.yaml                  may this change be merged?

            Results go to standard output, everything else to standard error.

            Exit codes: 0 done and correct; 3 a --fail-if condition holds, a comparison regressed or a gate failed; 4 a \
            checker found a violation; 5 unknown or not valid; 64 usage, scenario or gate file; 65 damaged data; 69 \
            something needed is missing; 70 a bug of coordbench; 73 can't create; 74 can't write; 130 interrupted, with \
            what was measured saved.
            """,
        version: ProgramVersion.current,
        subcommands: [
            ListCommand.self, RunCommand.self, CompareCommand.self, GateCommand.self, BaselineCommand.self,
            HistoryCommand.self, ReportCommand.self, FloorCommand.self, ServeCommand.self, NodeCommand.self,
            SimulateCommand.self, CheckCommand.self, CalibrateCommand.self,
        ])
}

/// Runs the command line on the main thread and ends the process with the documented code.
///
/// The main thread belongs to no pool, so that a command may block on it.
nonisolated func runCoordbench() -> Never {
    // Where one is closed, the next file or socket would take its place and be read or written as if it were that.
    for descriptor in STDIN_FILENO...STDERR_FILENO where fcntl(descriptor, F_GETFD) < 0 {
        _ = open("/dev/null", O_RDWR)
    }
    // A reader that goes away is an error of writing, not a silent death.
    signal(SIGPIPE, SIG_IGN)
    // For the nodes it starts, each a few threads: two arenas, and freed pages go back soon. A quarter less memory at the
    // same throughput. Whoever sets the variable keeps their own choice.
    setenv("MALLOC_CONF", "narenas:2,dirty_decay_ms:500", 0)
    do {
        try refuseUnknownCommand(CommandLine.arguments.dropFirst().first)
        var command = try Coordbench.parseAsRoot(joiningNegativeNumbers(in: Array(CommandLine.arguments.dropFirst())))
        try command.run()
        exit(ExitStatus.done.rawValue)
    } catch let ended as EndedWith {
        exit(ended.status.rawValue)
    } catch {
        guard let status = ExitStatus(for: error) else { exitAsParser(error) }
        Terminal.note("Error: \(error)")
        exit(status.rawValue)
    }
}

/// Writes `--rate -5` as `--rate=-5`. The argument parser takes the number for a flag and says that the value is missing;
/// now the field says what its values are.
nonisolated func joiningNegativeNumbers(in arguments: [String]) -> [String] {
    var joined: [String] = []
    for (place, argument) in arguments.enumerated() {
        let isNumber = argument.hasPrefix("-") && argument.dropFirst().first.map { $0.isNumber || $0 == "." } == true
        if isNumber, let flag = joined.last, flag.hasPrefix("--"), flag.count > 2, !flag.contains("="),
            !arguments[..<place].contains("--")
        {
            joined[joined.count - 1] = "\(flag)=\(argument)"
        } else {
            joined.append(argument)
        }
    }
    return joined
}

/// The argument parser suggests options and not commands.
private nonisolated func refuseUnknownCommand(_ word: String?) throws(CommandNameError) {
    let names = Coordbench.configuration.subcommands.map { $0.configuration.commandName ?? "" } + ["help"]
    guard let word, !word.hasPrefix("-"), !names.contains(word) else { return }
    throw CommandNameError(word: word, names: names)
}

/// There is no such subcommand.
struct CommandNameError: Error, CustomStringConvertible {
    let word: String
    let names: [String]
    var description: String {
        "no command '\(word)'\(NearestName.question(for: word, among: names)) There are: "
            + names.joined(separator: ", ")
    }
}

/// Lets the argument parser print help, version or what is wrong with the usage; an error of no known type is our bug.
private nonisolated func exitAsParser(_ error: any Error) -> Never {
    let code = Coordbench.exitCode(for: error).rawValue
    if code == ExitStatus.done.rawValue || code == ExitStatus.usage.rawValue { Coordbench.exit(withError: error) }
    Terminal.note("Error: \(error)\nThis is a bug of coordbench; please report it with the command.")
    exit(ExitStatus.software.rawValue)
}

/// Ends a command that has said all there is to say, with a code other than 0.
struct EndedWith: Error {
    let status: ExitStatus
}
