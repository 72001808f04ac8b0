import ProtocolKit
import Workload

/// Reads the values of one field; what it refuses, it refuses with the bounds and an example.
struct FieldReader {
    /// Why a text was refused, without its place.
    struct Refusal: Error {
        let reason: String
        init(_ reason: String) { self.reason = reason }
    }

    typealias Reading<Value> = (String) throws(Refusal) -> Value

    let field: ScenarioField

    init(_ field: ScenarioField) { self.field = field }

    func one<Value>(_ text: Placed<String>, _ read: Reading<Value>) throws(ScenarioError) -> Value {
        do throws(Refusal) {
            return try read(text.value)
        } catch {
            throw ScenarioError(error.reason, at: text.place)
        }
    }

    func each<Value: Sendable>(
        _ texts: [Placed<String>], _ read: Reading<Value>
    ) throws(ScenarioError) -> [Placed<Value>] {
        var values: [Placed<Value>] = []
        for text in texts { values.append(Placed(try one(text, read), at: text.place)) }
        return values
    }

    private func refuse(_ text: String, _ wanted: String) -> Refusal {
        Refusal("\(field.rawValue) can't be '\(text)': \(wanted); for example \(field.example)")
    }

    func count(_ range: ClosedRange<Int>) -> Reading<Int> {
        { text throws(Refusal) in
            guard let value = Quantity.count(text), range.contains(value) else {
                throw refuse(text, "a whole number from \(range.lowerBound) to \(range.upperBound) is needed")
            }
            return value
        }
    }

    func duration(_ range: ClosedRange<UInt64>) -> Reading<UInt64> {
        { text throws(Refusal) in
            guard let value = Quantity.duration(text) else {
                throw refuse(text, "a number with a unit (ns, us, ms, s, m, h) is needed")
            }
            guard range.contains(value) else {
                let (low, high) = (range.lowerBound, range.upperBound)
                throw refuse(
                    text, "from \(Quantity.describe(nanoseconds: low)) to \(Quantity.describe(nanoseconds: high))")
            }
            return value
        }
    }

    func rate(_ text: String) throws(Refusal) -> Double {
        guard let value = Quantity.rate(text), value <= 10_000_000 else {
            throw refuse(text, "operations a second are needed, above 0 and at most 10M")
        }
        return value
    }

    /// A law of arrival: a word, the size of a burst, or a trace's file.
    func arrival(_ text: String) throws(Refusal) -> TrialMatrix.ArrivalLaw {
        let parts = text.split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false).map(String.init)
        switch (parts[0], parts.count) {
        case ("closed", 1): return .closed
        case ("constant", 1): return .constant
        case ("poisson", 1): return .poisson
        case ("burst", 2):
            guard let size = Quantity.count(parts[1]), (1...1_000_000).contains(size) else {
                throw refuse(text, "a burst has from 1 to 1M operations")
            }
            return .burst(size)
        case ("trace", 2):
            guard !parts[1].isEmpty else { throw refuse(text, "a trace has a file") }
            return .trace(parts[1])
        default:
            let valid = ["closed", "constant", "poisson", "burst:100", "trace:FILE"]
            throw Refusal(
                "arrival can't be '\(text)'\(NearestName.question(for: parts[0], among: valid)) "
                    + "Valid: \(valid.joined(separator: ", "))")
        }
    }

    func think(_ text: String) throws(Refusal) -> ThinkTime {
        do throws(WorkloadError) {
            return try ThinkTime(parsing: text, duration: Quantity.duration)
        } catch {
            throw Refusal("\(error)")
        }
    }

    func objective(_ text: String) throws(Refusal) -> SaturationObjective {
        do throws(ThresholdError) {
            return try SaturationObjective(parsing: text)
        } catch {
            throw Refusal("\(error)")
        }
    }

    /// A share, `0.05` or `5%`.
    func tolerance(_ text: String) throws(Refusal) -> Double {
        let isPercent = text.hasSuffix("%")
        guard let number = Double(isPercent ? String(text.dropLast()) : text),
            case let share = isPercent ? number / 100 : number, share >= 0.001, share <= 1
        else { throw refuse(text, "a share from 0.1% to 100% is needed") }
        return share
    }

    func word<Word: RawRepresentable & CaseIterable>(_ text: String) throws(Refusal) -> Word
    where Word.RawValue == String {
        guard let word = Word(rawValue: text) else {
            let valid = Word.allCases.map(\.rawValue)
            throw Refusal(
                "\(field.rawValue) can't be '\(text)'\(NearestName.question(for: text, among: valid)) "
                    + "Valid: \(valid.joined(separator: ", "))")
        }
        return word
    }

    func toggle(_ text: String) throws(Refusal) -> Bool {
        switch text {
        case "on", "true", "yes": return true
        case "off", "false", "no": return false
        default: throw refuse(text, "on or off is needed")
        }
    }

    func seed(_ text: String) throws(Refusal) -> UInt64 {
        guard let value = UInt64(text), value < UInt64(Int64.max) else {
            throw refuse(text, "a whole number below 2^63 is needed")
        }
        return value
    }

    func variant(_ text: String) throws(Refusal) -> Variant {
        do throws(OptionError) {
            return try Variant(parsing: text)
        } catch {
            throw Refusal("\(error)")
        }
    }

    /// Only the form; which names there are depends on the system.
    func mix(_ text: String) throws(Refusal) -> String {
        _ = try workload { text throws(WorkloadError) in try OperationMix(parsing: text) }(text)
        return text
    }

    func size(_ text: String) throws(Refusal) -> SizeDistribution {
        var parts: [String] = []
        for part in text.split(separator: "..", omittingEmptySubsequences: false) {
            guard let bytes = Quantity.bytes(String(part)) else {
                throw refuse(text, "a number of bytes or a range of two is needed")
            }
            parts.append("\(bytes)")
        }
        let plain = parts.joined(separator: "..")
        return try workload { text throws(WorkloadError) in try SizeDistribution(parsing: text) }(plain)
    }

    func workload<Value>(_ parse: @escaping (String) throws(WorkloadError) -> Value) -> Reading<Value> {
        { text throws(Refusal) in
            do throws(WorkloadError) {
                return try parse(text)
            } catch {
                throw Refusal("\(error)")
            }
        }
    }

    /// A time after the window's start and a fault that real nodes can suffer.
    func fault(_ text: String) throws(Refusal) -> TimedFault {
        let fault: TimedFault
        do throws(FaultTextError) {
            fault = try TimedFault(parsing: text)
        } catch {
            throw refuse(text, "\(error)")
        }
        guard fault.isForRealNodes else {
            throw refuse(
                text,
                "real runs can kill, restart, pause, resume, partition, one-way and heal; 'coordbench simulate' does "
                    + "the others")
        }
        return fault
    }

    /// `host:port`; an IPv6 host stands in brackets.
    func address(_ text: String) throws(Refusal) -> String {
        guard let colon = text.lastIndex(of: ":"), colon != text.startIndex,
            let port = Int(text[text.index(after: colon)...]), (1...65_535).contains(port)
        else { throw refuse(text, "host:port is needed, the port from 1 to 65535") }
        return text
    }
}
