/// How much has been allocated since some moment.
public struct AllocationCounts: Sendable, Codable, Equatable {
    /// Calls that gave memory out.
    public let allocations: UInt64
    /// Bytes given out.
    public let bytes: UInt64

    /// A reading.
    public init(allocations: UInt64, bytes: UInt64) {
        self.allocations = allocations
        self.bytes = bytes
    }

    /// What came since an earlier reading; a counter that fell counts as zero.
    public func since(_ earlier: AllocationCounts) -> AllocationCounts {
        AllocationCounts(
            allocations: allocations >= earlier.allocations ? allocations - earlier.allocations : 0,
            bytes: bytes >= earlier.bytes ? bytes - earlier.bytes : 0)
    }
}

/// Reads how many bytes the allocator has given the calling thread since it began.
public typealias AllocatedBytes = @Sendable () -> UInt64

/// Reads the process's allocator, if it counts. The executable links the allocator and hands this down, so that
/// libraries need to know none.
public struct AllocationCounter: Sendable {
    private let reading: @Sendable () -> AllocationCounts?

    /// A counter that reads through `reading`, which returns nil where there is nothing to read.
    public init(_ reading: @escaping @Sendable () -> AllocationCounts?) {
        self.reading = reading
    }

    /// There is no counting allocator.
    public static let unavailable = AllocationCounter { nil }

    /// The counts now, or nil.
    public func read() -> AllocationCounts? { reading() }
}
