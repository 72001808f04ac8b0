import ProtocolKit
import Testing
import Workload

@testable import Commit

@Suite("Bank load")
struct BankSourceTests {
    @Test("transfers touch two participants, whatever their number", arguments: [2, 3, 30, 841, 842, 2_000])
    func spread(accounts: Int) throws {
        var options = WorkloadOptions(mix: try OperationMix(parsing: "transfer"), keyCount: accounts)
        options.seed = 3
        var source = BankSource(user: 1, users: 2, options: options)
        var ids: Set<UInt64> = []
        for _ in 0..<2_000 {
            guard case .transfer(let id, let from, let to, let amount) = source.next() else {
                Issue.record("only transfers were asked for")
                return
            }
            #expect(ids.insert(id).inserted)
            #expect(Int(from) < accounts && Int(to) < accounts && (1...100).contains(amount))
            for participants in 2...8 {
                let sharding = Sharding(participants: participants)
                #expect(sharding.participant(of: from) != sharding.participant(of: to))
            }
        }
    }

    @Test("the mix decides how many audits there are")
    func mix() throws {
        let options = WorkloadOptions(mix: try OperationMix(parsing: "transfer=1,audit=1"), keyCount: 10)
        var source = BankSource(user: 0, users: 1, options: options)
        let audits = (0..<1_000).filter { _ in source.next() == .audit }.count
        #expect((400...600).contains(audits))
    }

    @Test("the epilogue reads every account once")
    func epilogue() throws {
        let options = WorkloadOptions(mix: try OperationMix(parsing: "transfer"), keyCount: 2_500)
        var read: [UInt32] = []
        for case .balances(let first, let count) in BankSource.epilogue(options: options) {
            read += Array(first..<first + count)
        }
        #expect(read == Array(0..<2_500))
    }
}
