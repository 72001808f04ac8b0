import Dispatch
import Synchronization

/// A request to stop that may come at any moment, from any thread: Ctrl-C.
///
/// What runs long asks ``isRequested`` now and then, or says with ``onRequest(_:)`` what ends it early. What was
/// measured until then is kept.
public final class Interruption: Sendable {
    private let requested = Atomic(false)
    private let handlers = Mutex<[@Sendable () -> Void]>([])

    /// Nothing requested yet.
    public init() {}

    /// Whether a stop was asked for.
    public var isRequested: Bool { requested.load(ordering: .acquiring) }

    /// Asks to stop; only the first time has an effect. Handlers run on the calling thread.
    ///
    /// - Returns: whether it was the first time.
    @discardableResult
    public func request() -> Bool {
        let taken = handlers.withLock { list -> [@Sendable () -> Void]? in
            guard requested.compareExchange(expected: false, desired: true, ordering: .acquiringAndReleasing).exchanged
            else { return nil }
            defer { list = [] }
            return list
        }
        taken?.forEach { $0() }
        return taken != nil
    }

    /// Runs `handler` once when a stop is asked for; at once if it already was.
    public func onRequest(_ handler: @escaping @Sendable () -> Void) {
        let isLate = handlers.withLock { list -> Bool in
            if isRequested { return true }
            list.append(handler)
            return false
        }
        if isLate { handler() }
    }

    /// Waits on the calling thread until a stop is asked for.
    public func wait() {
        let asked = DispatchSemaphore(value: 0)
        onRequest { asked.signal() }
        asked.wait()
    }
}
