import Testing

@testable import ThreadLocks

@Suite("Locks by name")
struct ThreadLockVariantTests {
    @Test(
        "text makes a variant and a variant makes its text",
        arguments: ["ttas", "mcs", "pthread", "ticket[back-off=3]", "ttas[max-back-off=128,spin-limit=0]"])
    func roundTrip(text: String) throws {
        #expect(try ThreadLockVariant(text).description == text)
    }

    @Test("options at their defaults are left out, in the catalogue's order")
    func canonical() throws {
        let variant = try ThreadLockVariant("ttas[spin-limit=9,min-back-off=4]")
        #expect(variant.description == "ttas[spin-limit=9]")
        #expect(variant.values == [4, 64, 9])
    }

    @Test(
        "what isn't understood is named",
        arguments: [
            ("clh", .unknownLock(name: "clh", known: ["ttas", "ticket", "mcs", "pthread"])),
            ("mcs[", .malformed(text: "mcs[")), ("mcs[]", .malformed(text: "mcs[]")),
            ("mcs[spin-limit]", .malformed(text: "mcs[spin-limit]")),
            ("mcs[spin-limit=1]x", .malformed(text: "mcs[spin-limit=1]x")),
            ("pthread[spin-limit=1]", .unknownOption(lock: "pthread", option: "spin-limit", known: [])),
            ("mcs[spin=1]", .unknownOption(lock: "mcs", option: "spin", known: ["spin-limit"])),
            ("mcs[spin-limit=1,spin-limit=2]", .repeatedOption(lock: "mcs", option: "spin-limit")),
            (
                "mcs[spin-limit=-1]",
                .optionOutOfRange(lock: "mcs", option: "spin-limit", value: "-1", allowed: 0...1_000_000)
            ),
        ] as [(String, ThreadLockError)])
    func errors(text: String, expected: ThreadLockError) {
        #expect(throws: expected) { try ThreadLockVariant(text) }
        #expect(!expected.description.isEmpty)
    }
}
