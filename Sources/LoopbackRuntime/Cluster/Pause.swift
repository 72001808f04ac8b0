import Glibc

/// Waiting on a thread of one's own, between two looks at a condition.
public enum Pause {
    /// Sleeps; signals don't end it early.
    public static func milliseconds(_ count: Int) {
        var left = timespec(tv_sec: count / 1000, tv_nsec: count % 1000 * 1_000_000)
        var rest = timespec()
        while nanosleep(&left, &rest) != 0 && errno == EINTR { left = rest }
    }
}
