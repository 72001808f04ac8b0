import ByteCoding
import ProtocolKit
import RESP
import Testing
import Workload

@testable import Commit

@Suite("Messages and commands of two-phase commit")
struct CommitCodecTests {
    static let samples: [TwoPhaseMessage] = [
        CommitBench.begin(1 << 60, age: 3, .post(Posting(account: 0, delta: -1), nil), oldest: 2),
        CommitBench.begin(1, .post(Posting(account: 5, delta: 1 << 32), Posting(account: 6, delta: -(1 << 32)))),
        CommitBench.begin(2, .open(first: 1, count: 1 << 20, balance: 0)),
        CommitBench.begin(3, .read(first: 0, count: 1_000)), .prepareRead(id: 1, stamp: .max), .commit(id: 1),
        .abort(id: .max), CommitBench.yes(4), CommitBench.no(5, .locksLost),
        .vote(TwoPhaseMessage.Ballot(id: TransactionID(6), vote: .readOnly, acknowledged: [1, 2, 3])),
        .values(id: 1, stamp: 2, values: [.min, 0, .max]), .acknowledge([]), .acknowledge([7, 8]), .inquire(id: 9),
    ]

    @Test("a message is read back as it was written", arguments: samples)
    func messages(message: TwoPhaseMessage) throws {
        #expect(try TwoPhaseMessage(decoding: message.encoded()) == message)
    }

    @Test("a cut message and one with something behind it are refused", arguments: samples)
    func truncated(message: TwoPhaseMessage) throws {
        let bytes = message.encoded()
        for count in 0..<bytes.count {
            #expect(throws: WireError.self) { try TwoPhaseMessage(decoding: bytes[0..<count]) }
        }
        #expect(throws: WireError.self) { try TwoPhaseMessage(decoding: Bytes(bytes.array + [0])) }
    }

    @Test("random and damaged bytes are refused or read, never trapped on", arguments: 0..<50)
    func random(seed: UInt64) {
        var random = SeededGenerator(seed: seed)
        for _ in 0..<200 {
            var bytes: [UInt8] = []
            for _ in 0..<random.below(60) { bytes.append(UInt8(random.below(256))) }
            if !bytes.isEmpty { bytes[0] = UInt8(random.below(11)) }
            _ = try? TwoPhaseMessage(decoding: Bytes(bytes))
            _ = try? PrepareRecord(decoding: Bytes(bytes))
            var damaged = Self.samples[random.below(Self.samples.count)].encoded().array
            damaged[random.below(damaged.count)] = UInt8(random.below(256))
            _ = try? TwoPhaseMessage(decoding: Bytes(damaged))
        }
    }

    @Test("a count that the bytes can't hold is refused before room is made for it")
    func counts() {
        var writer = ByteWriter()
        writer.write(UInt8(8))
        writer.write(UInt32(60_000))
        #expect(throws: WireError.truncated) { try TwoPhaseMessage(decoding: writer.bytes()) }
    }

    @Test(
        "a log record is read back as it was written",
        arguments: [
            AfterImage.balance(account: 1, balance: -5),
            .balances(account: 1, balance: 2, other: 3, otherBalance: 4), .open(first: 0, count: 9, balance: 1),
        ])
    func records(image: AfterImage) throws {
        let record = PrepareRecord(age: TransactionID(3), image: image)
        #expect(try PrepareRecord(decoding: record.encoded()) == record)
    }

    @Test(
        "a request is read back as it was written",
        arguments: [
            BankOperation.transfer(id: 1 << 40, from: 0, to: 16_777_215, amount: 1 << 32), .audit,
            .balances(first: 9, count: 1_000), .open(first: 0, count: 1 << 24, balance: 0),
        ])
    func requests(operation: BankOperation) throws {
        var writer = ByteWriter()
        BankRequest(operation).encode(into: &writer)
        guard case .command(let command, let consumed) = try RESPCommandParser().parse(writer.readable) else {
            Issue.record("not one command")
            return
        }
        #expect(consumed == writer.count)
        #expect(try BankRequest(command).operation == operation)
    }

    @Test(
        "a response is read back as it was written",
        arguments: [BankResult.committed, .values([]), .values([1, -1, .max])]
            + AbortReason.allCases.map { .aborted($0) })
    func responses(result: BankResult) throws {
        var writer = ByteWriter()
        BankResponse.result(result).encode(into: &writer)
        let (value, consumed) = try #require(try RESPValue.parse(writer.readable))
        #expect(consumed == writer.count)
        #expect(BankResponse(value) == .result(result))
    }

    @Test(
        "a malformed command is refused",
        arguments: [
            "TRANSFER 1 2 3", "TRANSFER 1 2 3 0", "TRANSFER 1 2 3 -4", "TRANSFER -1 2 3 4", "TRANSFER 1 x 3 4",
            "TRANSFER 1 16777216 3 4", "AUDIT 1", "BALANCE", "BALANCES 0 1001", "OPEN 16777215 2 1", "OPEN 0 1 -1",
            "PING",
        ])
    func malformed(line: String) {
        #expect(throws: CommandError.self) {
            try Array((line + "\r\n").utf8).withUnsafeBytes { region in
                guard case .command(let command, _) = try RESPCommandParser().parse(region) else { return }
                _ = try BankRequest(command)
            }
        }
    }
}
