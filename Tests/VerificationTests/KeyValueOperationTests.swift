import Testing
import Verification

@Suite("Key-value history records")
struct KeyValueOperationTests {
    @Test("a record takes 40 bytes")
    func size() {
        #expect(MemoryLayout<KeyValueOperation>.stride == 40)
        #expect(MemoryLayout<KeyValueOperation>.size == 40)
    }

    @Test("an indeterminate operation never returns")
    func indeterminate() {
        let put = KeyValueOperation.put(1, 7, .indeterminate, by: 0, (10, 20))
        #expect(!put.hasReturned)
        #expect(put.returnedNanoseconds == KeyValueOperation.never)
        #expect(!put.precedes(.get(1, returning: 0, by: 1, (30, 40))))
    }

    @Test("equal times are concurrent")
    func touching() {
        let put = KeyValueOperation.put(1, 7, by: 0, (10, 20))
        #expect(!put.precedes(.get(1, returning: 0, by: 1, (20, 40))))
        #expect(put.precedes(.get(1, returning: 0, by: 1, (21, 40))))
    }

    @Test("integers go through their identity unchanged", arguments: [0, 1, -1, 1 << 61 - 1, -(1 << 61)] as [Int64])
    func integers(value: Int64) {
        let identity = ValueIdentity.integer(value)
        #expect(ValueIdentity.integerValue(identity) == value)
        #expect(!ValueIdentity.isWritten(identity))
    }

    @Test("written, foreign and list identities are no integers")
    func ranges() {
        for identity in [
            1, ValueIdentity.largestWritten, ValueIdentity.foreign(digest: 0), ValueIdentity.foreign(digest: .max),
            ValueIdentity.list([1, 2]), ValueIdentity.list(1...1000),
        ] {
            #expect(ValueIdentity.integerValue(identity) == nil)
        }
        #expect(!ValueIdentity.isWritten(ValueIdentity.foreign(digest: 0)))
        #expect(!ValueIdentity.isWritten(ValueIdentity.list([1, 2])))
    }

    @Test("a list's identity depends on pieces, order and count")
    func lists() {
        #expect(ValueIdentity.list([]) == ValueIdentity.absent)
        #expect(ValueIdentity.list([5]) == 5)
        #expect(ValueIdentity.list([5, 6]) != ValueIdentity.list([6, 5]))
        #expect(ValueIdentity.list([5, 6, 7]) == ValueIdentity.appending(7, to: ValueIdentity.list([5, 6])))
        #expect(ValueIdentity.pieceCount(ValueIdentity.list(1...300)) == 300)
    }
}
