import Glibc

/// Processor time and context switches of the calling thread, since it began.
struct ThreadUsage {
    var user: UInt64
    var system: UInt64
    var voluntary: UInt64
    var involuntary: UInt64

    // RUSAGE_THREAD of <sys/resource.h>, which Glibc's module leaves out.
    private static let rusageThread: Int32 = 1

    static func now() -> ThreadUsage {
        var usage = rusage()
        getrusage(rusageThread, &usage)
        return ThreadUsage(
            user: nanoseconds(usage.ru_utime), system: nanoseconds(usage.ru_stime),
            voluntary: UInt64(truncatingIfNeeded: usage.ru_nvcsw),
            involuntary: UInt64(truncatingIfNeeded: usage.ru_nivcsw))
    }

    private static func nanoseconds(_ time: timeval) -> UInt64 {
        UInt64(truncatingIfNeeded: time.tv_sec) &* 1_000_000_000 &+ UInt64(truncatingIfNeeded: time.tv_usec) &* 1_000
    }
}
