import Testing

@testable import ProtocolKit

@Suite("Variants of a system")
struct VariantTests {
    @Test("read back as written", arguments: ["raft", "raft[batch=64]", "raft[batch=64,reads=lease]", "a-b[c=d=e]"])
    func roundTrip(text: String) throws {
        #expect(try Variant(parsing: text).description == text)
    }

    @Test("spaces around names and values don't matter")
    func spaces() throws {
        let variant = try Variant(parsing: "raft[ batch = 64 , reads = lease ]")
        #expect(variant.options["batch"] == "64")
        #expect(variant.options["reads"] == "lease")
        #expect(variant.options["none"] == nil)
        #expect(variant.description == "raft[batch=64,reads=lease]")
    }

    @Test(
        "what isn't one is refused",
        arguments: [
            "", "[a=b]", "raft[", "raft]", "raft[]", "raft[a]", "raft[a=]", "raft[=b]", "raft[a=b", "raft[a=b]x",
            "raft[a=b,]", "raft[,a=b]",
        ])
    func malformed(text: String) {
        #expect(throws: OptionError.malformed(text)) { try Variant(parsing: text) }
    }

    @Test("names and values of spaces alone are refused", arguments: ["raft[ =b]", "raft[a= ]"])
    func blank(text: String) {
        #expect(throws: OptionError.malformed(text)) { try Variant(parsing: text) }
    }

    @Test("an option given twice is refused")
    func repeated() {
        #expect(throws: OptionError.repeated("a")) { try Variant(parsing: "raft[a=1,a=2]") }
        #expect(throws: OptionError.repeated("a")) { try Variant(parsing: "raft[a=1, a=2]") }
    }
}

@Suite("Options checked against a system")
struct ResolvedOptionsTests {
    private let descriptor = SystemDescriptor(
        name: "sample", family: .consensus, summary: "", source: "",
        options: [
            OptionSpecification("batch", .integer(1...64), default: "8", help: ""),
            OptionSpecification("fast", .toggle, default: "off", help: ""),
            OptionSpecification("reads", .choice(["log", "lease"]), default: "log", help: ""),
        ], defaultNodes: 3, nodeRange: 1...9, mutations: [Mutation(name: "skip-sync", breaks: "durability")])

    private func resolve(_ text: String, mutation: String? = nil) throws -> ResolvedOptions {
        try ResolvedOptions(Variant(parsing: text).options, mutation: mutation, for: descriptor)
    }

    @Test("what isn't given has its default, what is given has its value")
    func values() throws {
        let plain = try resolve("sample")
        #expect(plain.integer("batch") == 8)
        #expect(!plain.isOn("fast"))
        #expect(plain.text("reads") == "log")
        let chosen = try resolve("sample[reads=lease,batch=64,fast=on]", mutation: "skip-sync")
        #expect(chosen.integer("batch") == 64)
        #expect(chosen.isOn("fast"))
        #expect(chosen.text("reads") == "lease")
    }

    @Test("an unknown option is refused with those that there are")
    func unknown() {
        #expect(throws: OptionError.unknownOption("size", system: "sample", valid: ["batch", "fast", "reads"])) {
            try resolve("sample[size=1]")
        }
    }

    @Test(
        "a value out of range is refused with those that are valid",
        arguments: [
            ("batch", "0", "1...64"), ("batch", "65", "1...64"), ("batch", "x", "1...64"), ("fast", "yes", "on, off"),
            ("reads", "index", "log, lease"),
        ])
    func invalid(option: String, value: String, valid: String) {
        #expect(throws: OptionError.invalidValue(option: option, value: value, valid: valid)) {
            try resolve("sample[\(option)=\(value)]")
        }
    }

    @Test("a planted fault that there isn't is refused with those that there are")
    func mutation() {
        let error = #expect(throws: OptionError.self) { try resolve("sample", mutation: "none") }
        #expect(error == .unknownMutation("none", valid: ["skip-sync"]))
        #expect(error?.description == "no planted fault 'none'; there are skip-sync")
    }
}
