import Glibc

/// Why something could not be measured.
public enum MeasurementError: Error, Equatable, Sendable, CustomStringConvertible {
    /// A system call failed with this errno, on this file where there is one.
    case system(call: String, code: Int32, path: String?)
    /// A file of /proc or /sys is not there or not as documented.
    case unreadable(path: String, reason: String)

    static func last(_ call: String, path: String? = nil) -> MeasurementError {
        .system(call: call, code: errno, path: path)
    }

    /// A sentence for a person.
    public var description: String {
        switch self {
        case .system(let call, let code, let path):
            "\(call)\(path.map { " of \($0)" } ?? "") failed: \(String(cString: strerror(code)))"
        case .unreadable(let path, let reason):
            "can't read \(path): \(reason)"
        }
    }
}
