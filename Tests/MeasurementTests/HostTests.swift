import Foundation
import Testing

@testable import Measurement

@Suite("Host and process")
struct HostTests {
    @Test("the monotonic clock never falls, and processor time is counted while a thread works")
    func clocks() {
        let start = MonotonicClock.now()
        let cpu = MonotonicClock.threadCPU()
        while MonotonicClock.threadCPU() < cpu + 2_000_000 {}
        #expect(MonotonicClock.now() > start)
        // Between 2020 and 2100.
        #expect((1_577_836_800_000_000_000...4_102_444_800_000_000_000).contains(MonotonicClock.wall()))
    }

    @Test("work of this process shows in its usage, and the view through /proc agrees")
    func usage() throws {
        let before = ResourceUsage.ofThisProcess()
        let cpu = MonotonicClock.threadCPU()
        while MonotonicClock.threadCPU() < cpu + 30_000_000 {}
        let used = ResourceUsage.ofThisProcess().since(before)
        #expect(used.processorNanoseconds >= 30_000_000)
        let own = ResourceUsage.ofThisProcess()
        let seen = try ResourceUsage.of(process: getpid())
        #expect(seen.processorNanoseconds >= own.processorNanoseconds)
        #expect(seen.peakResidentBytes > 1 << 20)
        #expect(own.peakResidentBytes > 1 << 20)
    }

    @Test("a process that isn't there is an error")
    func noProcess() {
        #expect(throws: MeasurementError.self) { try ResourceUsage.of(process: 1 << 30) }
    }

    @Test("steal and pressure are read from the kernel's texts")
    func activity() throws {
        let stat = "cpu  100 20 30 400 50 6 7 8 9 10\ncpu0 1 2 3\n"
        let pressure = "some avg10=0.00 avg60=0.00 avg300=0.00 total=1234\nfull avg10=0.00 total=5\n"
        let before = try HostActivity(stat: stat, pressure: pressure)
        let tick = ResourceUsage.nanosecondsPerTick
        #expect(before.totalNanoseconds == 621 * tick)
        #expect(before.idleNanoseconds == 450 * tick)
        #expect(before.stealNanoseconds == 8 * tick)
        #expect(before.processorPressureNanoseconds == 1_234_000)
        let after = try HostActivity(stat: "cpu  110 20 30 400 50 6 7 18 9 10\n", pressure: nil)
        #expect(after.since(before).stealShare == 0.5)
        #expect(after.since(before).processorPressureNanoseconds == nil)
        #expect(throws: MeasurementError.self) { try HostActivity(stat: "intr 1 2", pressure: nil) }
        #expect(try HostActivity.now().totalNanoseconds > 0)
    }

    @Test("host facts name the machine, read back from JSON, and differ only where they differ")
    func facts() throws {
        let facts = try HostFacts.current(folder: "/proc")
        #expect(facts.processorCount >= 1)
        #expect(facts.memoryBytes > 1 << 28)
        #expect(!facts.kernel.isEmpty && !facts.kernel.contains("\n"))
        #expect(try JSONDecoder().decode(HostFacts.self, from: JSONEncoder().encode(facts)) == facts)
        var other = facts
        other.memoryBytes += facts.memoryBytes / 1000
        #expect(facts.difference(from: other).isEmpty)
        other.kernel = "0.1"
        other.isOptimizedBuild.toggle()
        #expect(facts.difference(from: other).map(\.fact) == ["kernel", "build"])
        #expect(throws: MeasurementError.self) { try HostFacts.current(folder: "/no/such/folder") }
    }

    @Test("an allocation counter reads what it is given, and nothing where there is none")
    func allocations() {
        #expect(AllocationCounter.unavailable.read() == nil)
        let counts = AllocationCounts(allocations: 5, bytes: 60)
        #expect(AllocationCounter { counts }.read() == counts)
        #expect(counts.since(AllocationCounts(allocations: 2, bytes: 70)) == AllocationCounts(allocations: 3, bytes: 0))
    }
}

@Suite("Machine floor")
struct MachineFloorTests {
    func cost(_ median: Double) -> MachineFloor.Cost {
        .init(medianNanoseconds: median, p99Nanoseconds: median, samples: 1)
    }

    @Test("the floor is half a round trip a message delay and a sync a sync delay, dearer with more disks busy")
    func floor() {
        let floor = MachineFloor(
            loopbackRoundTrip: cost(40), sync: cost(100), syncAmongThree: cost(150), clockRead: cost(1),
            timerLateness: cost(1), threadHandOver: cost(1))
        #expect(floor.floorNanoseconds(messageDelays: 4, syncDelays: 0, disksBusy: 3) == 80)
        #expect(floor.floorNanoseconds(messageDelays: 4, syncDelays: 1, disksBusy: 1) == 180)
        #expect(floor.floorNanoseconds(messageDelays: 4, syncDelays: 1, disksBusy: 3) == 230)
        #expect(floor.floorNanoseconds(messageDelays: 0, syncDelays: 2, disksBusy: 5) == 400)
    }

    @Test("every step of the machine is measured and leaves no file behind")
    func measured() throws {
        let folder = FileManager.default.temporaryDirectory.appending(path: "floor-\(UUID().uuidString)").path
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(atPath: folder) }
        let floor = try MachineFloor.measure(folder: folder, budgetNanoseconds: 60_000_000)
        for cost in [
            floor.loopbackRoundTrip, floor.sync, floor.syncAmongThree, floor.clockRead, floor.timerLateness,
            floor.threadHandOver,
        ] {
            #expect(cost.samples >= 1)
            #expect(cost.medianNanoseconds > 0)
            #expect(cost.p99Nanoseconds >= cost.medianNanoseconds)
        }
        #expect(try FileManager.default.contentsOfDirectory(atPath: folder).isEmpty)
    }

    @Test("a folder that isn't there is an error that names it")
    func noFolder() {
        let error = #expect(throws: MeasurementError.self) {
            try MachineFloor.measure(folder: "/no/such/folder", budgetNanoseconds: 6_000)
        }
        #expect(error?.description.contains("/no/such/folder") == true)
    }
}
