#if canImport(Glibc)
    import Glibc
#else
    import Darwin
#endif

/// A growing output buffer of one owner: bytes are appended at the end and consumed from the front.
///
/// Messages are coded straight into the buffer that the socket is written from, so a message costs no buffer of its own.
/// Integers are little-endian.
public struct ByteWriter: ~Copyable {
    @usableFromInline var base: UnsafeMutableRawPointer
    @usableFromInline var capacity: Int
    @usableFromInline var head = 0
    @usableFromInline var tail = 0

    /// An empty buffer with room for `capacity` bytes before it grows.
    @inlinable
    public init(capacity: Int = 4096) {
        self.capacity = max(64, capacity)
        base = UnsafeMutableRawPointer.allocate(byteCount: self.capacity, alignment: 16)
    }

    @inlinable
    deinit {
        base.deallocate()
    }

    /// Number of bytes waiting to be consumed.
    @inlinable
    public var count: Int { tail &- head }

    /// Whether nothing waits.
    @inlinable
    public var isEmpty: Bool { tail == head }

    /// The waiting bytes; valid until the next change.
    @inlinable
    public var readable: UnsafeRawBufferPointer {
        UnsafeRawBufferPointer(start: base + head, count: tail &- head)
    }

    /// Takes `count` bytes off the front.
    @inlinable
    public mutating func consume(_ count: Int) {
        precondition(count >= 0 && count <= self.count, "consuming more than there is")
        head &+= count
        if head == tail {
            head = 0
            tail = 0
        }
    }

    /// Drops everything, keeping the room.
    @inlinable
    public mutating func removeAll() {
        head = 0
        tail = 0
    }

    /// Drops everything after the first `count` waiting bytes.
    @inlinable
    public mutating func truncate(to count: Int) {
        precondition(count >= 0 && count <= self.count, "truncating beyond the end")
        tail = head &+ count
    }

    /// Gives back room when a burst had made the buffer larger than `limit` and nothing waits.
    public mutating func shrink(to limit: Int) {
        guard isEmpty, capacity > limit else { return }
        base.deallocate()
        capacity = max(64, limit)
        base = UnsafeMutableRawPointer.allocate(byteCount: capacity, alignment: 16)
    }

    /// Makes room for `count` more bytes.
    @inlinable
    @inline(__always)
    public mutating func reserve(_ count: Int) {
        if capacity &- tail < count { grow(count) }
    }

    @usableFromInline
    @inline(never)
    mutating func grow(_ count: Int) {
        let live = tail - head
        if head >= live + count && capacity - live >= count {
            memmove(base, base + head, live)
        } else {
            var wanted = capacity * 2
            while wanted - live < count { wanted *= 2 }
            let larger = UnsafeMutableRawPointer.allocate(byteCount: wanted, alignment: 16)
            memcpy(larger, base + head, live)
            base.deallocate()
            base = larger
            capacity = wanted
        }
        head = 0
        tail = live
    }

    /// Lets `body` write up to `room` bytes at the end; it returns how many it wrote, negative for an error.
    @inlinable
    public mutating func fill(_ room: Int, _ body: (UnsafeMutableRawPointer) -> Int) -> Int {
        reserve(room)
        let count = body(base + tail)
        precondition(count <= room, "more bytes written than there was room")
        if count > 0 { tail &+= count }
        return count
    }

    /// Appends one byte.
    @inlinable
    @inline(__always)
    public mutating func write(_ value: UInt8) {
        reserve(1)
        base.storeBytes(of: value, toByteOffset: tail, as: UInt8.self)
        tail &+= 1
    }

    /// Appends an integer in little-endian order.
    @inlinable
    @inline(__always)
    public mutating func write<Number: FixedWidthInteger & BitwiseCopyable>(_ value: Number) {
        reserve(MemoryLayout<Number>.size)
        base.storeBytes(of: value.littleEndian, toByteOffset: tail, as: Number.self)
        tail &+= MemoryLayout<Number>.size
    }

    /// Appends bytes without their length.
    @inlinable
    public mutating func write(raw region: UnsafeRawBufferPointer) {
        guard let source = region.baseAddress, region.count > 0 else { return }
        reserve(region.count)
        memcpy(base + tail, source, region.count)
        tail &+= region.count
    }

    /// Appends bytes without their length.
    @inlinable
    public mutating func write(raw bytes: Bytes) {
        reserve(bytes.count)
        bytes.withUnsafeBytes { write(raw: $0) }
    }

    /// Appends the UTF-8 bytes of a literal, without their length.
    @inlinable
    public mutating func write(literal: StaticString) {
        write(raw: UnsafeRawBufferPointer(start: literal.utf8Start, count: literal.utf8CodeUnitCount))
    }

    /// Appends bytes after their length in 32 bits.
    @inlinable
    public mutating func write(_ bytes: Bytes) {
        write(UInt32(bytes.count))
        write(raw: bytes)
    }

    /// Overwrites four bytes at an offset from the first waiting byte: a length known only afterwards.
    @inlinable
    public mutating func patch(_ value: UInt32, at offset: Int) {
        precondition(offset >= 0 && offset + 4 <= count, "patching outside the buffer")
        base.storeBytes(of: value.littleEndian, toByteOffset: head &+ offset, as: UInt32.self)
    }

    /// Everything that waits, as a copy.
    @inlinable
    public func bytes() -> Bytes {
        Bytes(copying: readable)
    }
}
