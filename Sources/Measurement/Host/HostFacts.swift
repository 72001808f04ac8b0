import CLinux
import Glibc

/// The machine and build that figures come from. Figures whose facts differ are not compared without saying so.
public struct HostFacts: Sendable, Codable, Equatable {
    /// The processor's name.
    public var processorModel: String
    /// How many processors this process may use.
    public var processorCount: Int
    /// The memory of the machine, bytes.
    public var memoryBytes: UInt64
    /// The kernel's release.
    public var kernel: String
    /// The distribution's name and version.
    public var operatingSystem: String
    /// The frequency governor of the first processor; nil where there is none to see (most virtual machines).
    public var frequencyGovernor: String?
    /// The type of the file system that logs are written to.
    public var fileSystem: String
    /// The compiler's version, as far as a program can ask for it.
    public var swiftVersion: String
    /// Whether this was built with optimisation; figures of a debug build are refused.
    public var isOptimizedBuild: Bool

    /// Facts of their parts.
    public init(
        processorModel: String, processorCount: Int, memoryBytes: UInt64, kernel: String, operatingSystem: String,
        frequencyGovernor: String?, fileSystem: String, toolchain: Toolchain
    ) {
        self.processorModel = processorModel
        self.processorCount = processorCount
        self.memoryBytes = memoryBytes
        self.kernel = kernel
        self.operatingSystem = operatingSystem
        self.frequencyGovernor = frequencyGovernor
        self.fileSystem = fileSystem
        swiftVersion = toolchain.swiftVersion
        isOptimizedBuild = toolchain.isOptimizedBuild
    }

    /// The facts of this machine, for logs in `folder`. Throws if that can't be asked about or /proc can't be read.
    public static func current(folder: String) throws(MeasurementError) -> HostFacts {
        let processors = try ProcFile.text("/proc/cpuinfo")
        let memory = try ProcFile.text("/proc/meminfo")
        let release = (try? ProcFile.text("/etc/os-release")) ?? ""
        let governor = try? ProcFile.text("/sys/devices/system/cpu/cpu0/cpufreq/scaling_governor")
        return HostFacts(
            processorModel: ProcFile.field("model name", separator: ":", in: processors) ?? "unknown",
            processorCount: usableProcessors(),
            memoryBytes: (ProcFile.number("MemTotal", in: memory) ?? 0) * 1024,
            kernel: ProcFile.trimmed((try? ProcFile.text("/proc/sys/kernel/osrelease"))?[...] ?? "unknown"),
            operatingSystem: ProcFile.field("PRETTY_NAME", separator: "=", in: release) ?? "unknown",
            frequencyGovernor: governor.map { ProcFile.trimmed($0[...]) },
            fileSystem: try fileSystemType(of: folder), toolchain: .current)
    }

    private static func usableProcessors() -> Int {
        // Hexadecimal digits with commas between them, a bit for each processor.
        guard let status = try? ProcFile.text("/proc/self/status"),
            let mask = ProcFile.field("Cpus_allowed", separator: ":", in: status)
        else { return sysconf(Int32(_SC_NPROCESSORS_ONLN)) }
        return mask.reduce(0) { $0 + ($1.hexDigitValue ?? 0).nonzeroBitCount }
    }

    /// The name of the file system that holds `folder`, by the magic numbers of statfs(2).
    static func fileSystemType(of folder: String) throws(MeasurementError) -> String {
        var magic: UInt32 = 0
        guard clinux_filesystem_magic(folder, &magic) == 0 else { throw .last("statfs", path: folder) }
        switch magic {
        case 0xEF53: return "ext4"
        case 0x5846_5342: return "xfs"
        case 0x9123_683E: return "btrfs"
        case 0x0102_1994: return "tmpfs"
        case 0x794C_7630: return "overlay"
        case 0x6969: return "nfs"
        case 0x2FC1_2FC1: return "zfs"
        case 0xF2F5_2010: return "f2fs"
        case 0x0102_1997: return "9p"
        case 0x6573_5546: return "fuse"
        case let other: return "0x\(String(other, radix: 16))"
        }
    }

    /// A fact in which two records differ.
    public struct Difference: Sendable, Codable, Equatable, CustomStringConvertible {
        /// The fact's name.
        public let fact: String
        /// Its value in the other, earlier record.
        public let before: String
        /// Its value here.
        public let now: String

        /// A difference of its parts.
        public init(fact: String, before: String, now: String) {
            self.fact = fact
            self.before = before
            self.now = now
        }

        /// "kernel: 6.1 before, 6.6 now"
        public var description: String { "\(fact): \(before) before, \(now) now" }
    }

    /// What differs from `other`, in a fixed order; memory only from 1 % on.
    public func difference(from other: HostFacts) -> [Difference] {
        var differences: [Difference] = []
        func compare(_ fact: String, _ before: String, _ now: String) {
            if before != now { differences.append(Difference(fact: fact, before: before, now: now)) }
        }
        compare("processor", other.processorModel, processorModel)
        compare("processors", "\(other.processorCount)", "\(processorCount)")
        let memories = [Double(other.memoryBytes), Double(memoryBytes)]
        if abs(memories[0] - memories[1]) > 0.01 * memories.max()! {
            compare("memory", "\(other.memoryBytes) bytes", "\(memoryBytes) bytes")
        }
        compare("kernel", other.kernel, kernel)
        compare("operating system", other.operatingSystem, operatingSystem)
        compare("governor", other.frequencyGovernor ?? "none", frequencyGovernor ?? "none")
        compare("file system", other.fileSystem, fileSystem)
        compare("Swift", other.swiftVersion, swiftVersion)
        compare("build", other.isOptimizedBuild ? "release" : "debug", isOptimizedBuild ? "release" : "debug")
        return differences
    }
}
