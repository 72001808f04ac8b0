import Testing

@testable import ProtocolKit

@Suite("A run's list")
struct RunListTests {
    /// More than a kilobyte, so that a piece has some hundreds.
    private struct Large: Sendable, Equatable {
        var number: Int
        var filling = InlineFilling()
    }

    private struct InlineFilling: Sendable, Equatable {
        var words = SIMD64<UInt64>(repeating: 0)
        var more = SIMD64<UInt64>(repeating: 0)
    }

    @Test("holds what was added, in order, over the bounds of its pieces", arguments: [0, 1, 2, 3])
    func order(pieces: Int) {
        let count = max(1, RunList<Large>.pieceCount * pieces + pieces - 1)
        var list = RunList<Large>()
        for number in 0..<count { list.append(Large(number: number)) }
        #expect(list.count == count)
        #expect(list.map(\.number) == Array(0..<count))
        #expect(list.all.map(\.number) == Array(0..<count))
        #expect(list.indices.allSatisfy { list[$0].number == $0 })
    }

    @Test("takes another's elements behind its own")
    func together() {
        var list = RunList<Large>()
        var other = RunList<Large>()
        for number in 0..<(RunList<Large>.pieceCount + 3) {
            list.append(Large(number: number))
            other.append(Large(number: -number))
        }
        let count = list.count
        list += other
        #expect(list.count == 2 * count)
        #expect(list[count].number == 0 && list[count + 5].number == -5)
        #expect(RunList<Large>().isEmpty && RunList<Large>().all.isEmpty)
    }
}
