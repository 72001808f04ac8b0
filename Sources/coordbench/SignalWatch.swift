import Dispatch
import Glibc
import Harness

/// Turns SIGINT (Ctrl-C), SIGTERM and SIGHUP (a terminal that is closed) into a request to stop, for as long as it lives. A
/// second one ends the process.
///
/// A handler writes into a pipe that a Dispatch source reads. Dispatch's own signal sources need the signals blocked on
/// every thread, and node processes would inherit that; handlers, they don't.
final class SignalWatch {
    /// Where the handler writes to; set once, before the handler is.
    private nonisolated(unsafe) static var pipeEnd: Int32 = -1

    /// Those that it takes: a closed terminal is ignored where the process was started so, as `nohup` does.
    private let signals: [Int32]
    private let source: any DispatchSourceRead

    init(_ interruption: Interruption, says message: String) {
        var ends: [Int32] = [-1, -1]
        precondition(pipe(&ends) == 0, "no pipe for signals")
        for end in ends {
            _ = fcntl(end, F_SETFD, FD_CLOEXEC)
            _ = fcntl(end, F_SETFL, O_NONBLOCK)
        }
        Self.pipeEnd = ends[1]
        signals = [SIGINT, SIGTERM] + (Self.isIgnored(SIGHUP) ? [] : [SIGHUP])
        let queue = DispatchQueue(label: "coordbench.signals")
        source = DispatchSource.makeReadSource(fileDescriptor: ends[0], queue: queue)
        source.setEventHandler(handler: Self.handler(interruption, message, reading: ends[0]))
        source.activate()
        // Whoever started this process may have left them blocked, as Dispatch's threads do.
        var wanted = sigset_t()
        sigemptyset(&wanted)
        for number in signals { sigaddset(&wanted, number) }
        pthread_sigmask(SIG_UNBLOCK, &wanted, nil)
        for number in signals {
            signal(number) { _ in
                var byte: UInt8 = 1
                _ = Glibc.write(SignalWatch.pipeEnd, &byte, 1)
            }
        }
    }

    deinit {
        for number in signals { signal(number, SIG_DFL) }
        source.cancel()
    }

    private static func isIgnored(_ number: Int32) -> Bool {
        var action = sigaction()
        sigaction(number, nil, &action)
        return unsafeBitCast(action.__sigaction_handler.sa_handler, to: Int.self)
            == unsafeBitCast(SIG_IGN, to: Int.self)
    }

    private nonisolated static func handler(
        _ interruption: Interruption, _ message: String, reading descriptor: Int32
    ) -> @Sendable () -> Void {
        {
            var byte: UInt8 = 0
            while Glibc.read(descriptor, &byte, 1) == 1 {
                guard interruption.request() else { _exit(ExitStatus.interrupted.rawValue) }
                Terminal.note(message)
            }
        }
    }
}
