import ProtocolKit
import Testing

@Suite("The text of faults")
struct FaultTextTests {
    @Test("is read back as it is written", arguments: Fault.forms)
    func roundTrip(form: String) throws {
        let fault = try Fault(parsing: form)
        #expect(try Fault(parsing: "\(fault)") == fault)
    }

    @Test("says what is possible where it isn't understood")
    func unknown() throws {
        let error = #expect(throws: FaultTextError.self) { try Fault(parsing: "explode 3") }
        #expect(error?.description.contains("'kill 0'") == true)
    }

    @Test(
        "is refused with the form that is meant",
        arguments: [
            ("kill", "kill 0"), ("kill x", "node's number"), ("partition 0,1", "partition 0,c1|rest"),
            ("loss 2", "0 to 1"),
            ("one-way 0", "0>1"), ("delay 0>1 5", "5ms"), ("disconnect 1 0", "c1"), ("slow disk 0 10", "x10"),
            ("clock jump 0 soon", "a time"),
        ])
    func refused(text: String, hint: String) throws {
        let error = #expect(throws: FaultTextError.self) { try Fault(parsing: text) }
        #expect(error?.description.contains(hint) == true)
    }
}
