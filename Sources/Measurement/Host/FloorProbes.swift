import CLinux
import Glibc

enum TimeProbe {
    /// A hundred readings at a time, so that the reading around them doesn't count.
    static func clockRead(forNanoseconds budget: UInt64) -> MachineFloor.Cost {
        var samples: [Double] = []
        let end = MonotonicClock.now() + budget
        repeat {
            let start = MonotonicClock.now()
            for _ in 0..<99 { _ = MonotonicClock.now() }
            samples.append(Double(MonotonicClock.now() - start) / 100)
        } while samples.count < 20_000 && MonotonicClock.now() < end
        return .init(of: samples)
    }

    /// Sleeps of a millisecond, each until a moment fixed beforehand.
    static func timerLateness(forNanoseconds budget: UInt64) throws(MeasurementError) -> MachineFloor.Cost {
        let result = Handed<[Double]>([])
        let thread = try OwnThread {
            // The slack belongs to this thread alone and ends with it. Without it the lateness is merely greater.
            _ = clinux_set_timer_slack(1)
            let end = MonotonicClock.now() + budget
            repeat {
                let wanted = MonotonicClock.now() + 1_000_000
                var until = timespec(tv_sec: Int(wanted / 1_000_000_000), tv_nsec: Int(wanted % 1_000_000_000))
                while clock_nanosleep(CLOCK_MONOTONIC, Int32(TIMER_ABSTIME), &until, nil) == EINTR {}
                result.value.append(Double(MonotonicClock.now() - wanted))
            } while MonotonicClock.now() < end
        }
        thread.join()
        return .init(of: result.value)
    }
}

/// Appends and syncs of one log, or of three at once.
enum SyncProbe {
    static let recordBytes = 512
    static let fileBytes = 1 << 20

    static func measure(
        folder: String, files: Int, forNanoseconds budget: UInt64
    ) throws(MeasurementError) -> MachineFloor.Cost {
        var descriptors: [Int32] = []
        defer { for descriptor in descriptors { close(descriptor) } }
        for number in 0..<files { descriptors.append(try zeroFilledFile(folder, number)) }
        let results = descriptors.map { _ in Handed<Result<[Double], MeasurementError>>(.success([])) }
        var threads: [OwnThread] = []
        defer { for thread in threads { thread.join() } }
        for (descriptor, result) in zip(descriptors, results) {
            threads.append(
                try OwnThread { result.value = Result { () throws(MeasurementError) in try run(descriptor, budget) } })
        }
        while let thread = threads.popLast() { thread.join() }
        var samples: [Double] = []
        for result in results { samples += try result.value.get() }
        return .init(of: samples)
    }

    /// A file that has no name any more once it is open, so that nothing is left behind however this ends.
    private static func zeroFilledFile(_ folder: String, _ number: Int) throws(MeasurementError) -> Int32 {
        let path = "\(folder)/floor-\(getpid())-\(MonotonicClock.now())-\(number)"
        let descriptor = open(path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else { throw .last("open", path: path) }
        let unlinked = unlink(path) == 0 ? nil : MeasurementError.last("unlink", path: path)
        let zeros = [UInt8](repeating: 0, count: fileBytes)
        let written = write(descriptor, zeros, fileBytes)
        let failure =
            unlinked
            ?? (written < 0
                ? .last("write", path: path)
                : written < fileBytes
                    ? .system(call: "write", code: ENOSPC, path: path)
                    : fsync(descriptor) != 0 ? .last("fsync", path: path) : nil)
        if let failure {
            close(descriptor)
            throw failure
        }
        return descriptor
    }

    private static func run(_ descriptor: Int32, _ budget: UInt64) throws(MeasurementError) -> [Double] {
        var samples: [Double] = []
        let record = [UInt8](repeating: 0xA5, count: recordBytes)
        var offset = 0
        let begin = MonotonicClock.now()
        repeat {
            let start = MonotonicClock.now()
            guard pwrite(descriptor, record, recordBytes, off_t(offset)) == recordBytes else { throw .last("pwrite") }
            guard fdatasync(descriptor) == 0 else { throw .last("fdatasync") }
            samples.append(Double(MonotonicClock.now() - start))
            offset = (offset + recordBytes) % fileBytes
        } while MonotonicClock.now() - begin < budget
        return samples
    }
}

/// Two threads that wake each other in turn.
enum HandOverProbe {
    private final class Turn: @unchecked Sendable {  // every access to `whose` holds `mutex`
        private let mutex = UnsafeMutablePointer<pthread_mutex_t>.allocate(capacity: 1)
        private let changed = UnsafeMutablePointer<pthread_cond_t>.allocate(capacity: 1)
        private var whose = 0

        init() {
            pthread_mutex_init(mutex, nil)
            pthread_cond_init(changed, nil)
        }

        deinit {
            pthread_cond_destroy(changed)
            pthread_mutex_destroy(mutex)
            changed.deallocate()
            mutex.deallocate()
        }

        /// Waits until it is `mine`'s turn or all is over (a negative turn); false when over.
        func wait(_ mine: Int) -> Bool {
            pthread_mutex_lock(mutex)
            defer { pthread_mutex_unlock(mutex) }
            while whose != mine && whose >= 0 { pthread_cond_wait(changed, mutex) }
            return whose >= 0
        }

        func give(_ next: Int) {
            pthread_mutex_lock(mutex)
            whose = next
            pthread_cond_signal(changed)
            pthread_mutex_unlock(mutex)
        }
    }

    static func measure(forNanoseconds budget: UInt64) throws(MeasurementError) -> MachineFloor.Cost {
        let turn = Turn()
        let other = try OwnThread { while turn.wait(1) { turn.give(0) } }
        var samples: [Double] = []
        let end = MonotonicClock.now() + budget
        repeat {
            let start = MonotonicClock.now()
            turn.give(1)
            _ = turn.wait(0)
            samples.append(Double(MonotonicClock.now() - start) / 2)
        } while samples.count < 20_000 && MonotonicClock.now() < end
        turn.give(-1)
        other.join()
        return .init(of: samples)
    }
}
