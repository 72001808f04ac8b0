import Glibc

/// A thread of its own for blocking work: Dispatch's shared pool grows by one thread a second when blocked.
struct OwnThread {
    private let handle: pthread_t

    private final class Body {
        let run: @Sendable () -> Void
        init(_ run: @escaping @Sendable () -> Void) { self.run = run }
    }

    init(_ run: @escaping @Sendable () -> Void) throws(MeasurementError) {
        var handle = pthread_t()
        let body = Unmanaged.passRetained(Body(run))
        let code = pthread_create(
            &handle, nil,
            { argument in
                Unmanaged<Body>.fromOpaque(argument!).takeRetainedValue().run()
                return nil
            }, body.toOpaque())
        guard code == 0 else {
            body.release()
            throw .system(call: "pthread_create", code: code, path: nil)
        }
        self.handle = handle
    }

    func join() {
        pthread_join(handle, nil)
    }
}

/// A value that one thread leaves for the one that joins it.
final class Handed<Value>: @unchecked Sendable {  // written before the thread ends, read after the join
    var value: Value
    init(_ value: Value) { self.value = value }
}
