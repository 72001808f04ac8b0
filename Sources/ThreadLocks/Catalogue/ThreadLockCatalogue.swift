/// The in-process locks that can be asked for by name.
public enum ThreadLockCatalogue {
    private static let spinLimit = ThreadLockOption(
        name: "spin-limit", defaultValue: 64, allowed: 0...1_000_000,
        meaning: "pause instructions in one wait before the waiter yields its processor instead")

    /// All of them, in the order in which they are listed.
    public static let entries: [ThreadLockEntry] = [
        ThreadLockEntry(
            name: "ttas", summary: "test-and-test-and-set with bounded exponential back-off",
            source: "Rudolph & Segall 1984; Anderson 1990",
            options: [
                ThreadLockOption(
                    name: "min-back-off", defaultValue: 4, allowed: 1...65_536,
                    meaning: "range of the first back-off, in pause instructions"),
                ThreadLockOption(
                    name: "max-back-off", defaultValue: 64, allowed: 1...65_536,
                    meaning: "where the range stops doubling, in pause instructions; at least min-back-off"),
                spinLimit,
            ],
            make: { values in
                TestAndTestAndSetLock(
                    .init(
                        minimumBackOff: values[0], maximumBackOff: max(values[0], values[1]), spinLimit: values[2]))
            }),
        ThreadLockEntry(
            name: "ticket", summary: "ticket lock with proportional back-off",
            source: "Reed & Kanodia 1979; Mellor-Crummey & Scott 1991",
            options: [
                ThreadLockOption(
                    name: "back-off", defaultValue: 4, allowed: 1...4_096,
                    meaning: "pause instructions for each thread ahead"),
                spinLimit,
            ],
            make: { values in TicketLock(.init(backOffPerWaiter: values[0], spinLimit: values[1])) }),
        ThreadLockEntry(
            name: "mcs", summary: "list-based queue lock, each thread spinning on its own node",
            source: "Mellor-Crummey & Scott 1991", options: [spinLimit],
            make: { values in MCSLock(.init(spinLimit: values[0])) }),
        ThreadLockEntry(
            name: "pthread", summary: "the platform's pthread_mutex_t of the default kind", source: "POSIX; glibc",
            options: [], make: { _ in PthreadLock() }),
    ]

    /// The entry called `name`, if there is one.
    public static func entry(named name: String) -> ThreadLockEntry? {
        entries.first { $0.name == name }
    }
}
