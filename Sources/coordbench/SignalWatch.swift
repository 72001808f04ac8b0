import Dispatch
import Glibc
import Harness

/// Turns SIGINT (Ctrl-C) and SIGTERM into a request to stop, for as long as it lives. A second one ends the process.
final class SignalWatch {
    private let sources: [any DispatchSourceSignal]

    init(_ interruption: Interruption, says message: String) {
        sources = [SIGINT, SIGTERM].map { number in
            // The default action would end the process before the source sees the signal.
            signal(number, SIG_IGN)
            let queue = DispatchQueue(label: "coordbench.signals")
            let source = DispatchSource.makeSignalSource(signal: number, queue: queue)
            source.setEventHandler(handler: Self.handler(interruption, message))
            source.activate()
            return source
        }
    }

    deinit {
        for source in sources { source.cancel() }
    }

    private nonisolated static func handler(_ interruption: Interruption, _ message: String) -> @Sendable () -> Void {
        {
            if interruption.request() {
                Terminal.note(message)
            } else {
                _exit(ExitStatus.interrupted.rawValue)
            }
        }
    }
}
