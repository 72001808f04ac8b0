import ByteCoding
import ProtocolKit
import Workload

/// A value of 256 bytes.
func sampleValue(_ seed: UInt64 = 1) -> Bytes {
    var random = SeededGenerator(seed: seed)
    return Bytes((0..<256).map { _ in UInt8(truncatingIfNeeded: random.next()) })
}

/// A key as the load generator's: short, and different for every number.
func sampleKey(_ number: Int) -> Bytes {
    Bytes("key:\(number)")
}

/// Something was answered that must not be: the figures would be those of an error path.
struct WrongAnswer: Error {
    let what: String
}
