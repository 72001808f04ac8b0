import ByteCoding
import ProtocolKit
import RESP

/// What clients ask of the coordinator.
///
/// | command | answer |
/// |---|---|
/// | `TRANSFER id from to amount` | `COMMITTED` or `ABORTED reason` |
/// | `AUDIT` | an array: the sum of each participant's accounts, all read at one instant |
/// | `BALANCES first count` | an array of balances, all read at one instant |
/// | `BALANCE account` | the same of one account |
/// | `OPEN first count balance` | `COMMITTED` or `ABORTED reason`; accounts that are open stay as they are |
///
/// The id names a transfer in histories; it doesn't make a second attempt harmless.
public struct BankRequest: Hashable, Sendable {
    /// What is asked.
    public let operation: BankOperation

    /// A request for an operation.
    public init(_ operation: BankOperation) { self.operation = operation }
}

extension BankRequest {
    /// Account numbers are below this.
    public static let accountLimit: UInt32 = 1 << 24
    /// Largest amount and opening balance.
    public static let amountLimit: Int64 = 1 << 32
    /// Most accounts read by one `BALANCES`.
    public static let rangeLimit: UInt32 = 1_000
}

extension BankRequest: ClientRequest {
    /// Reads one of the commands.
    public init(_ command: RESPCommand) throws(CommandError) {
        if command.matches("TRANSFER") {
            guard command.count == 5 else { throw .wrongArguments(usage: "TRANSFER id from to amount") }
            guard let id = command.integer(1), id >= 0 else { throw .notAnInteger(argument: "id") }
            let amount = try Self.number(command, 4, 1...Self.amountLimit, "amount (1 to 4294967296)")
            operation = .transfer(
                id: UInt64(id), from: try Self.account(command, 2), to: try Self.account(command, 3), amount: amount)
        } else if command.matches("AUDIT") {
            guard command.count == 1 else { throw .wrongArguments(usage: "AUDIT") }
            operation = .audit
        } else if command.matches("BALANCE") {
            guard command.count == 2 else { throw .wrongArguments(usage: "BALANCE account") }
            operation = .balances(first: try Self.account(command, 1), count: 1)
        } else if command.matches("BALANCES") {
            guard command.count == 3 else { throw .wrongArguments(usage: "BALANCES first count") }
            let count = try Self.number(command, 2, 1...Int64(Self.rangeLimit), "count (1 to 1000)")
            operation = .balances(first: try Self.account(command, 1), count: UInt32(count))
        } else if command.matches("OPEN") {
            guard command.count == 4 else { throw .wrongArguments(usage: "OPEN first count balance") }
            let first = try Self.account(command, 1)
            let count = try Self.number(command, 2, 1...Int64(Self.accountLimit - first), "count (up to 16777216)")
            let balance = try Self.number(command, 3, 0...Self.amountLimit, "balance (0 to 4294967296)")
            operation = .open(first: first, count: UInt32(count), balance: balance)
        } else {
            throw .unknownCommand(command.text(0))
        }
    }

    private static func number(
        _ command: RESPCommand, _ index: Int, _ range: ClosedRange<Int64>, _ what: StaticString
    ) throws(CommandError) -> Int64 {
        guard let number = command.integer(index), range.contains(number) else {
            throw .notAnInteger(argument: what)
        }
        return number
    }

    private static func account(_ command: RESPCommand, _ index: Int) throws(CommandError) -> UInt32 {
        UInt32(try number(command, index, 0...Int64(accountLimit) - 1, "account (0 to 16777215)"))
    }

    /// Appends the command.
    public func encode(into writer: inout ByteWriter) {
        switch operation {
        case .transfer(let id, let from, let to, let amount):
            writer.writeArrayHeader(5)
            writer.writeBulk("TRANSFER")
            writer.writeBulk(number: Int64(clamping: id))
            writer.writeBulk(number: Int64(from))
            writer.writeBulk(number: Int64(to))
            writer.writeBulk(number: amount)
        case .audit:
            writer.writeArrayHeader(1)
            writer.writeBulk("AUDIT")
        case .balances(let first, let count):
            writer.writeArrayHeader(3)
            writer.writeBulk("BALANCES")
            writer.writeBulk(number: Int64(first))
            writer.writeBulk(number: Int64(count))
        case .open(let first, let count, let balance):
            writer.writeArrayHeader(4)
            writer.writeBulk("OPEN")
            writer.writeBulk(number: Int64(first))
            writer.writeBulk(number: Int64(count))
            writer.writeBulk(number: balance)
        }
    }
}

extension ByteWriter {
    /// Appends a number as a bulk string of its digits, without allocating.
    mutating func writeBulk(number: Int64) {
        var digits = number < 0 ? 2 : 1
        var rest = number.magnitude / 10
        while rest > 0 {
            digits += 1
            rest /= 10
        }
        writeBulkHeader(digits)
        write(decimal: Int(number))
        writeLineEnd()
    }
}
