import Glibc

/// What a process has used of the machine since it began, or between two readings.
public struct ResourceUsage: Sendable, Codable, Equatable {
    /// Processor time in user mode, nanoseconds. Of another process to 10 ms, the kernel's tick.
    public var userNanoseconds: UInt64
    /// Processor time in the kernel, nanoseconds. Of another process to 10 ms.
    public var systemNanoseconds: UInt64
    /// Processor time in all, from the scheduler's exact clock.
    public var processorNanoseconds: UInt64
    /// Times a thread gave the processor up to wait. Of another process without the threads that have ended.
    public var voluntarySwitches: UInt64
    /// Times a thread was made to give the processor up. Of another process without the threads that have ended.
    public var involuntarySwitches: UInt64
    /// The most memory it ever had resident, bytes; a difference keeps the later reading's.
    public var peakResidentBytes: UInt64

    /// Of this process, ended threads included.
    public static func ofThisProcess() -> ResourceUsage {
        var usage = rusage()
        getrusage(RUSAGE_SELF.rawValue, &usage)
        func nanoseconds(_ time: timeval) -> UInt64 {
            UInt64(time.tv_sec) * 1_000_000_000 + UInt64(time.tv_usec) * 1_000
        }
        return ResourceUsage(
            userNanoseconds: nanoseconds(usage.ru_utime), systemNanoseconds: nanoseconds(usage.ru_stime),
            processorNanoseconds: MonotonicClock.processCPU(), voluntarySwitches: UInt64(usage.ru_nvcsw),
            involuntarySwitches: UInt64(usage.ru_nivcsw), peakResidentBytes: UInt64(usage.ru_maxrss) * 1024)
    }

    /// Of another process, from /proc. Throws if it is gone or may not be looked at.
    public static func of(process: pid_t) throws(MeasurementError) -> ResourceUsage {
        let (user, system) = try processorTicks(of: process)
        var clock = clockid_t()
        let code = clock_getcpuclockid(process, &clock)
        guard code == 0 else { throw .system(call: "clock_getcpuclockid", code: code, path: "process \(process)") }
        let statusPath = "/proc/\(process)/status"
        let status = try ProcFile.text(statusPath)
        guard let peak = ProcFile.number("VmHWM", in: status) else {
            throw .unreadable(path: statusPath, reason: "no VmHWM; the process has ended")
        }
        var voluntary: UInt64 = 0
        var involuntary: UInt64 = 0
        for thread in try ProcFile.names(in: "/proc/\(process)/task") {
            // A thread may end between the listing and the reading.
            guard let text = try? ProcFile.text("/proc/\(process)/task/\(thread)/status") else { continue }
            voluntary += ProcFile.number("voluntary_ctxt_switches", in: text) ?? 0
            involuntary += ProcFile.number("nonvoluntary_ctxt_switches", in: text) ?? 0
        }
        return ResourceUsage(
            userNanoseconds: user, systemNanoseconds: system, processorNanoseconds: MonotonicClock.read(clock),
            voluntarySwitches: voluntary, involuntarySwitches: involuntary, peakResidentBytes: peak * 1024)
    }

    /// Fields 14 and 15 of /proc/PID/stat (proc(5)), counted from behind the name, which may itself hold parentheses.
    private static func processorTicks(of process: pid_t) throws(MeasurementError) -> (user: UInt64, system: UInt64) {
        let path = "/proc/\(process)/stat"
        let text = try ProcFile.text(path)
        guard let nameEnd = text.lastIndex(of: ")") else { throw .unreadable(path: path, reason: "no process name") }
        let fields = text[nameEnd...].dropFirst(2).split(separator: " ")
        guard fields.count > 12, let user = UInt64(fields[11]), let system = UInt64(fields[12]) else {
            throw .unreadable(path: path, reason: "no processor times")
        }
        let tick = nanosecondsPerTick
        return (user * tick, system * tick)
    }

    static var nanosecondsPerTick: UInt64 { 1_000_000_000 / UInt64(max(1, sysconf(Int32(_SC_CLK_TCK)))) }

    /// What was used since an earlier reading of the same process; what fell (threads that ended) counts as zero.
    public func since(_ earlier: ResourceUsage) -> ResourceUsage {
        func rise(_ field: KeyPath<ResourceUsage, UInt64>) -> UInt64 {
            self[keyPath: field] >= earlier[keyPath: field] ? self[keyPath: field] - earlier[keyPath: field] : 0
        }
        return ResourceUsage(
            userNanoseconds: rise(\.userNanoseconds), systemNanoseconds: rise(\.systemNanoseconds),
            processorNanoseconds: rise(\.processorNanoseconds), voluntarySwitches: rise(\.voluntarySwitches),
            involuntarySwitches: rise(\.involuntarySwitches), peakResidentBytes: peakResidentBytes)
    }
}

/// What the whole machine was doing, to tell a noisy host.
public struct HostActivity: Sendable, Codable, Equatable {
    /// Time of all processors together since boot, nanoseconds, to 10 ms.
    public var totalNanoseconds: UInt64
    /// Of that, idle or waiting for a disk.
    public var idleNanoseconds: UInt64
    /// Of that, taken by the hypervisor for someone else.
    public var stealNanoseconds: UInt64
    /// Time in which at least one task waited for a processor (PSI, "some"); nil where the kernel does not tell.
    public var processorPressureNanoseconds: UInt64?

    /// The counters now.
    public static func now() throws(MeasurementError) -> HostActivity {
        try HostActivity(
            stat: ProcFile.text("/proc/stat"), pressure: try? ProcFile.text("/proc/pressure/cpu"))
    }

    /// Reads the texts of /proc/stat and /proc/pressure/cpu.
    init(stat: String, pressure: String?) throws(MeasurementError) {
        let fields = stat.split(separator: "\n").first.map { $0.split(separator: " ") } ?? []
        let ticks = fields.dropFirst().compactMap { UInt64($0) }
        // user nice system idle iowait irq softirq steal guest guest_nice; guest time is in user time already.
        guard fields.first == "cpu", ticks.count >= 8 else {
            throw .unreadable(path: "/proc/stat", reason: "no cpu line with a steal field")
        }
        let tick = ResourceUsage.nanosecondsPerTick
        totalNanoseconds = ticks[..<8].reduce(0, +) * tick
        idleNanoseconds = (ticks[3] + ticks[4]) * tick
        stealNanoseconds = ticks[7] * tick
        processorPressureNanoseconds = pressure.flatMap { text in
            text.split(separator: "\n").first { $0.hasPrefix("some ") }?.split(separator: " ")
                .first { $0.hasPrefix("total=") }.flatMap { UInt64($0.dropFirst(6)) }.map { $0 * 1_000 }
        }
    }

    private init(total: UInt64, idle: UInt64, steal: UInt64, pressure: UInt64?) {
        totalNanoseconds = total
        idleNanoseconds = idle
        stealNanoseconds = steal
        processorPressureNanoseconds = pressure
    }

    /// What was counted since an earlier reading; a counter that fell counts as zero.
    public func since(_ earlier: HostActivity) -> HostActivity {
        func rise(_ now: UInt64, _ before: UInt64) -> UInt64 { now >= before ? now - before : 0 }
        var pressure: UInt64?
        if let now = processorPressureNanoseconds, let before = earlier.processorPressureNanoseconds {
            pressure = rise(now, before)
        }
        return HostActivity(
            total: rise(totalNanoseconds, earlier.totalNanoseconds),
            idle: rise(idleNanoseconds, earlier.idleNanoseconds),
            steal: rise(stealNanoseconds, earlier.stealNanoseconds), pressure: pressure)
    }

    /// Adds what was counted in another stretch of time.
    public mutating func add(_ other: HostActivity) {
        totalNanoseconds &+= other.totalNanoseconds
        idleNanoseconds &+= other.idleNanoseconds
        stealNanoseconds &+= other.stealNanoseconds
        if let mine = processorPressureNanoseconds, let theirs = other.processorPressureNanoseconds {
            processorPressureNanoseconds = mine &+ theirs
        } else {
            processorPressureNanoseconds = nil
        }
    }

    /// The share of all processor time that was stolen, 0...1.
    public var stealShare: Double {
        totalNanoseconds == 0 ? 0 : Double(stealNanoseconds) / Double(totalNanoseconds)
    }
}
