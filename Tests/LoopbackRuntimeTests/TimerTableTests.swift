import ProtocolKit
import Testing

@testable import LoopbackRuntime

@Suite("Timer table")
struct TimerTableTests {
    private func popAll(_ table: inout TimerTable, at now: UInt64) -> [UInt32] {
        var popped: [UInt32] = []
        while let timer = table.popDue(now) { popped.append(timer.rawValue) }
        return popped
    }

    @Test("due timers come in order of their deadlines, the others stay")
    func order() {
        var table = TimerTable()
        #expect(table.next == .max)
        for (timer, deadline) in [(1, 30), (2, 10), (3, 20), (4, 40)] {
            table.set(TimerID(UInt32(timer)), at: UInt64(deadline))
        }
        #expect(table.next == 10)
        #expect(popAll(&table, at: 9) == [])
        #expect(popAll(&table, at: 30) == [2, 3, 1])
        #expect(table.next == 40)
        #expect(popAll(&table, at: .max) == [4])
        #expect(table.next == .max)
    }

    @Test("setting a timer again replaces it, earlier and later")
    func replace() {
        var table = TimerTable()
        table.set(TimerID(1), at: 10)
        table.set(TimerID(2), at: 20)
        table.set(TimerID(1), at: 30)
        #expect(table.next == 20)
        table.set(TimerID(2), at: 5)
        #expect(table.next == 5)
        #expect(popAll(&table, at: 100) == [2, 1])
    }

    @Test("a cancelled timer doesn't come due")
    func cancel() {
        var table = TimerTable()
        table.set(TimerID(1), at: 10)
        table.set(TimerID(2), at: 20)
        table.cancel(TimerID(1))
        table.cancel(TimerID(7))
        #expect(table.next == 20)
        #expect(popAll(&table, at: 100) == [2])
    }
}

@Suite("Request queue")
struct RequestQueueTests {
    @Test("requests come out in the order they went in, through growth and wrap-around")
    func order() {
        var queue = RequestQueue()
        var next: UInt64 = 0
        var expected: UInt64 = 0
        #expect(queue.popFirst() == nil)
        for round in 0..<200 {
            for _ in 0..<(round % 13) {
                queue.append(RequestID(next))
                next += 1
            }
            for _ in 0..<(round % 7) where expected < next {
                #expect(queue.popFirst() == RequestID(expected))
                expected += 1
            }
        }
        while let id = queue.popFirst() {
            #expect(id == RequestID(expected))
            expected += 1
        }
        #expect(expected == next)
    }
}
