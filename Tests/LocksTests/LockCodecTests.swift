import ByteCoding
import ProtocolKit
import RESP
import Testing
import Workload

@testable import Locks

@Suite("Lock commands")
struct LockCodecTests {
    static let samples: [LockRequest] = [
        .acquire(name: ShortName("lock:", 0), owner: ShortName("user:", .max), leaseMilliseconds: 3_600_000),
        .release(name: ShortName("lock:", 10), owner: ShortName("user:", 9), token: UInt64(Int64.max)),
        .cancel(name: ShortName("l", 1), owner: ShortName("o", 2)),
        .fencedWrite(name: ShortName("lock:", 4_294_967_295), token: 0),
    ]

    @Test("a request is read back as it was written", arguments: samples)
    func requests(request: LockRequest) throws {
        #expect(try Self.parse(request) == request)
    }

    @Test(
        "a response is read back as it was written",
        arguments: [
            LockResponse.granted(LockGrant(token: 7, arrival: 1 << 41, waitedMicroseconds: 0)), .withdrawn, .number(1),
            .number(0), .number(-5),
        ])
    func responses(response: LockResponse) throws {
        var writer = ByteWriter()
        response.encode(into: &writer)
        let (value, consumed) = try #require(try RESPValue.parse(writer.readable))
        #expect(consumed == writer.count)
        #expect(LockResponse(value) == response)
    }

    @Test("a cut request is incomplete, never a shorter one", arguments: samples)
    func truncated(request: LockRequest) throws {
        var writer = ByteWriter()
        request.encode(into: &writer)
        for count in 1..<writer.count {
            let part = UnsafeRawBufferPointer(rebasing: writer.readable[0..<count])
            guard case .needMore = try RESPCommandParser().parse(part) else {
                Issue.record("\(count) bytes of \(writer.count) are a command")
                return
            }
        }
    }

    @Test(
        "a malformed command is refused with the reason",
        arguments: [
            "LOCK", "LOCK a b", "LOCK a b 0", "LOCK a b 3600001", "LOCK a b x", "UNLOCK a b", "UNLOCK a b -1",
            "CANCEL a", "FENCEDSET a", "FENCEDSET a 1.5", "LOCK abcdefghijklmnopqrstuvwx b 1", "GET a",
        ])
    func malformed(line: String) throws {
        #expect(throws: CommandError.self) { try Self.parse(line: line) }
    }

    @Test("random bytes are refused or read, never trapped on", arguments: 0..<50)
    func random(seed: UInt64) throws {
        var random = SeededGenerator(seed: seed)
        let words = ["LOCK", "unlock", "Cancel", "FENCEDSET", "", "\u{0}", "9223372036854775807", "-1", "a"]
        for _ in 0..<200 {
            var line = ""
            for _ in 0..<random.below(6) { line += words[random.below(words.count)] + " " }
            _ = try? Self.parse(line: line)
            var bytes: [UInt8] = []
            for _ in 0..<random.below(40) { bytes.append(UInt8(random.below(256))) }
            bytes.withUnsafeBytes { region in
                if let step = try? RESPCommandParser().parse(region), case .command(let command, _) = step {
                    _ = try? LockRequest(command)
                }
                if let found = try? RESPValue.parse(region) { _ = LockResponse(found.value) }
                var reader = ByteReader(region)
                _ = try? LockHardState(from: &reader)
            }
        }
    }

    @Test("names keep every byte up to 23 of them and no more")
    func names() {
        for count in 0...30 {
            let bytes = (0..<count).map { UInt8(97 + $0 % 26) }
            let name = bytes.withUnsafeBytes { ShortName($0) }
            if (1...23).contains(count) {
                #expect(name?.description == String(decoding: bytes, as: UTF8.self))
            } else {
                #expect(name == nil)
            }
        }
        #expect(ShortName("lock:", 1_234_567_890).description == "lock:1234567890")
        #expect(ShortName("lock:", 0).description == "lock:0")
    }

    static func parse(_ request: LockRequest) throws -> LockRequest? {
        var writer = ByteWriter()
        request.encode(into: &writer)
        guard case .command(let command, let consumed) = try RESPCommandParser().parse(writer.readable),
            consumed == writer.count
        else { return nil }
        return try LockRequest(command)
    }

    static func parse(line: String) throws -> LockRequest? {
        try Array((line + "\r\n").utf8).withUnsafeBytes { region in
            guard case .command(let command, _) = try RESPCommandParser().parse(region) else { return nil }
            return try LockRequest(command)
        }
    }
}
