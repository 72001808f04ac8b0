import ArgumentParser
import Glibc
import Harness
import Verification

/// `coordbench check`
struct CheckCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "check",
        abstract: "Judges a recorded history: is it what such a store may do?",
        discussion: """
            Reads the histories of Jepsen and its kin, EDN maps or log lines, and JSON; the form is told by the file. \
            A history of another store can so be judged by the checkers that judge every measurement here.

              coordbench check history.edn --model cas-register
              coordbench check etcd.log --model cas-register --failed-cas mismatch
              coordbench check kv.txt --model kv --consistency sequential --svg violation.svg
              jq -c '.[]' history.json | coordbench check - --model register --format json

            Models: \(HistoryModel.listing)

            An event is {:process 0, :type :invoke, :f :read, :value nil}, in EDN or JSON; types are invoke, ok, fail \
            (it certainly had no effect) and info (nobody knows). With keys, the value is [key value], or there is a \
            :key. In a log, a line with a process, a type, a function and a value is an event. JSON may instead have \
            one operation on a line:

              {"client":3,"op":"put","key":"k7","value":12,"outcome":"ok","invoked":1000,"returned":2400}

            Exit codes: 0 correct, 4 violated, 5 unknown, 65 if the file can't be read as a history.
            """)

    @Argument(help: "The file; '-' is standard input.", completion: .file())
    var file: String

    @Option(help: "What the operations are done to: \(HistoryModel.allCases.map(\.rawValue).joined(separator: ", ")).")
    var model: HistoryModel

    @Option(help: "What was promised: \(ConsistencyModel.allCases.map(\.rawValue).joined(separator: ", ")).")
    var consistency = ConsistencyModel.linearizable

    @Option(help: "How to print it: text or json.")
    var format = ListFormat.text

    @Option(help: "A file for a drawing of the violation, if there is one.", completion: .file(extensions: ["svg"]))
    var svg: String?

    @Option(help: "How long judging may take; past it the verdict is unknown.")
    var budget = "60s"

    @Option(help: "What :fail of a cas means: nothing (it had no effect) or mismatch (the value was another one).")
    var failedCas = HistoryReader.FailedCompareAndSet.nothing

    @Flag(help: "Take events in the order of the file, whatever times and indices they name.")
    var ignoreTimes = false

    @Option(help: "Most operations to read; a longer history is unknown.")
    var mostOperations = 10_000_000

    func run() throws {
        guard let budget = Quantity.duration(budget), budget > 0 else {
            throw ScenarioError(
                "budget can't be '\(budget)': a number with a unit, such as 60s", at: .commandLine("--budget"))
        }
        guard (1...100_000_000).contains(mostOperations) else {
            throw ScenarioError(
                "\(mostOperations) operations; 1 to 100000000 are possible", at: .commandLine("--most-operations"))
        }
        let check = HistoryCheck(
            reader: HistoryReader(
                model: model, failedCompareAndSet: failedCas, limit: mostOperations, ignoresTimes: ignoreTimes),
            consistency: consistency, budget: .nanoseconds(Int64(clamping: budget)))
        let finding = try check.run(file)
        if let svg, let counterexample = finding.verdict.counterexample {
            try AtomicFile.write(counterexample.svg, to: svg)
        }
        switch format {
        case .json: try Terminal.write(JSONText.of(finding))
        case .text: try Terminal.write(finding.text)
        }
        if !finding.verdict.isCorrect {
            throw EndedWith(status: finding.verdict.isViolated ? .violated : .inconclusive)
        }
    }
}

extension HistoryModel {
    /// Each model with its operations.
    static var listing: String {
        """
        register (:read, :write); cas-register (and :cas [old new]); kv (:get, :put, :delete, :cas and :append of a \
        text, on keys); append (:append a value, :read the list); mutex (:acquire, :release).
        """
    }
}

extension HistoryModel: ExpressibleByArgument {}
extension ConsistencyModel: ExpressibleByArgument {}
extension HistoryReader.FailedCompareAndSet: ExpressibleByArgument {}

/// Reads a history from a file and judges it.
struct HistoryCheck {
    var reader: HistoryReader
    var consistency: ConsistencyModel
    var budget: Duration

    func run(_ file: String) throws -> CheckFinding {
        let input = try HistoryFile(file)
        let start = ContinuousClock.now
        let history: ReadHistory
        do {
            history = try reader.read { () throws(HistoryError) -> [UInt8] in try input.next() }
        } catch {
            throw UnreadableHistory(file: file, error: error)
        }
        let read = ContinuousClock.now
        let verdict = judge(history)
        return CheckFinding(
            file: file, history: history, model: reader.model, consistency: consistency, verdict: verdict,
            reading: read - start, judging: ContinuousClock.now - read)
    }

    private func judge(_ history: ReadHistory) -> Verdict {
        if let obstacle = history.obstacle { return .unknown(reason: obstacle) }
        if !history.areSessionsTold, consistency == .sequential || consistency == .session {
            return .unknown(reason: "more than 65,535 processes, whose sessions can't be told apart")
        }
        return ConsistencyChecker.judge(
            history: history.operations, model: consistency, budget: .init(time: budget)
        ).verdict(names: history.names)
    }
}

/// A file that is read in pieces.
private final class HistoryFile {
    private let descriptor: Int32
    private static let pieceBytes = 1 << 20

    init(_ path: String) throws {
        descriptor = path == "-" ? dup(STDIN_FILENO) : open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else {
            throw RecordError.unreadable(path: path, reason: String(cString: strerror(errno)))
        }
    }

    deinit { close(descriptor) }

    /// The next piece, empty at the end.
    func next() throws(HistoryError) -> [UInt8] {
        while true {
            var count = 0
            let piece = [UInt8](unsafeUninitializedCapacity: Self.pieceBytes) { buffer, filled in
                count = read(descriptor, buffer.baseAddress, buffer.count)
                filled = max(0, count)
            }
            if count >= 0 { return piece }
            if errno == EINTR { continue }
            throw HistoryError(line: 0, String(cString: strerror(errno)), remedy: "can it be read?")
        }
    }
}

/// The file is no history, or not a whole one.
struct UnreadableHistory: Error, CustomStringConvertible {
    let file: String
    let error: HistoryError

    var description: String {
        let name = file == "-" ? "standard input" : file
        return error.line > 0
            ? "\(name):\(error.line): \(error.what); \(error.remedy)" : "\(name): \(error.what); \(error.remedy)"
    }
}

/// What a check came to, for people and programs.
struct CheckFinding: Codable {
    let file: String
    let form: String
    let model: String
    let consistency: ConsistencyModel
    let verdict: Verdict
    let operations: Int
    let keys: Int
    let processes: Int
    let readNanoseconds: UInt64
    let judgeNanoseconds: UInt64

    init(
        file: String, history: ReadHistory, model: HistoryModel, consistency: ConsistencyModel, verdict: Verdict,
        reading: Duration, judging: Duration
    ) {
        self.file = file
        form = history.format.rawValue
        self.model = model.rawValue
        self.consistency = consistency
        self.verdict = verdict
        operations = history.operations.count
        keys = history.names.keys.count
        processes = history.names.actors.count
        readNanoseconds = Self.nanoseconds(reading)
        judgeNanoseconds = Self.nanoseconds(judging)
    }

    private static func nanoseconds(_ duration: Duration) -> UInt64 {
        let (seconds, attoseconds) = duration.components
        return UInt64(clamping: seconds) * 1_000_000_000 + UInt64(clamping: attoseconds / 1_000_000_000)
    }

    var text: String {
        let basis =
            "\(operations) operations of \(processes) processes on \(keys) keys (\(form)), "
            + "read in \(Quantity.describe(nanoseconds: readNanoseconds)), "
            + "judged in \(Quantity.describe(nanoseconds: judgeNanoseconds))"
        switch verdict {
        case .correct: return "correct: \(consistency.rawValue), model \(model)\n\(basis)"
        case .unknown(let reason): return "unknown: \(reason)\n\(basis)"
        case .violated(let counterexample): return "violated: \(counterexample.text)\n\(basis)"
        }
    }
}
