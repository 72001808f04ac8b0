import ByteCoding
import ProtocolKit

/// The writes that this node's own clients wait for, in the order in which they came and will be delivered: numbered
/// from 1 over the node's life.
@usableFromInline
struct LocalWrites: Sendable {
    @usableFromInline
    struct Write: Sendable {
        @usableFromInline let token: RequestToken
        /// Whether the client asked for the zxid.
        @usableFromInline let isOrdered: Bool
        /// Kept by a follower, until it is proposed.
        @usableFromInline let payload: Bytes
        /// Its place in the history; zero until it is known.
        @usableFromInline var index: LogIndex

        @inlinable
        init(token: RequestToken, isOrdered: Bool, payload: Bytes, index: LogIndex) {
            self.token = token
            self.isOrdered = isOrdered
            self.payload = payload
            self.index = index
        }
    }

    @usableFromInline var waiting = Fifo<Write>()
    /// Writes up to this number are delivered, or given up.
    @usableFromInline var done = UInt64(0)
    /// Writes up to this number have a place.
    @usableFromInline var assigned = UInt64(0)

    @inlinable
    init() {}

    /// The number of the last.
    @inlinable
    var last: UInt64 { done &+ UInt64(waiting.count) }

    /// A leader's own client's write, which has its place at once.
    @inlinable
    mutating func append(_ token: RequestToken, isOrdered: Bool, at index: LogIndex) {
        waiting.append(Write(token: token, isOrdered: isOrdered, payload: Bytes(), index: index))
        assigned = last
    }

    /// A follower's client's write, which is to be forwarded.
    @inlinable
    mutating func append(_ token: RequestToken, isOrdered: Bool, payload: Bytes) {
        waiting.append(Write(token: token, isOrdered: isOrdered, payload: payload, index: .zero))
    }

    /// A forwarded write was proposed. They are proposed in order; what is known already is passed over.
    @usableFromInline
    mutating func assign(_ number: UInt64, to index: LogIndex) {
        guard number == assigned + 1, number > done, number <= last else { return }
        waiting[Int(number - done) - 1].index = index
        assigned = number
    }

    /// The write at a place of the history, if it is a local one; called in the order of the history.
    @inlinable
    mutating func take(_ index: LogIndex) -> Write? {
        guard !waiting.isEmpty, waiting[0].index == index, index != .zero else { return nil }
        let write = waiting[0]
        waiting.removeFirst()
        done &+= 1
        return write
    }

    /// The payloads of the writes after a number: at most `count`, and about `bytes` of them (at least one).
    @usableFromInline
    func payloads(after number: UInt64, count: Int, bytes: Int) -> ContiguousArray<Bytes> {
        var payloads: ContiguousArray<Bytes> = []
        var size = 0
        for offset in Int(number - done)..<waiting.count {
            let payload = waiting[offset].payload
            size += payload.count + 16
            if payloads.count == count || size > bytes && !payloads.isEmpty { break }
            payloads.append(payload)
        }
        return payloads
    }

    /// Gives up all of them.
    mutating func giveUp() {
        done = last
        assigned = done
        waiting.removeAll()
    }
}
