import ArgumentParser
import Glibc

/// Where text goes: results to standard output, everything else to standard error.
enum Terminal {
    /// Writes a result to standard output and makes sure that it got there.
    static func write(_ text: String) throws(OutputError) {
        var text = text
        // Not hasSuffix: a line of CSV ends in CR LF, which is one character.
        if text.utf8.last != UInt8(ascii: "\n") { text += "\n" }
        let whole = text.withUTF8 { bytes -> Bool in
            var rest = bytes[...]
            while !rest.isEmpty {
                let count = Glibc.write(
                    STDOUT_FILENO, UnsafeRawBufferPointer(UnsafeBufferPointer(rebasing: rest)).baseAddress, rest.count)
                if count < 0, errno == EINTR { continue }
                guard count > 0 else { return false }
                rest = rest.dropFirst(count)
            }
            return true
        }
        guard whole else { throw OutputError(reason: String(cString: strerror(errno))) }
    }

    /// Writes a line to standard error; a message that nobody reads is no error.
    static func note(_ text: String) {
        draw(text + "\n")
    }

    /// Writes to standard error as it is.
    static func draw(_ text: String) {
        var text = text
        text.withUTF8 { bytes in _ = Glibc.write(STDERR_FILENO, bytes.baseAddress, bytes.count) }
    }

    /// Whether standard error is a terminal, so that progress makes sense.
    static var showsProgress: Bool { isatty(STDERR_FILENO) == 1 }

    /// Whether standard output may be coloured: a terminal, and the user hasn't said no (no-color.org).
    static var isColoured: Bool {
        guard isatty(STDOUT_FILENO) == 1, getenv("NO_COLOR").map({ $0.pointee == 0 }) ?? true else { return false }
        return getenv("TERM").map { String(cString: $0) } != "dumb"
    }

    /// Columns of the terminal, or a usual number.
    static var width: Int {
        var size = winsize()
        for descriptor in [STDOUT_FILENO, STDERR_FILENO]
        where ioctl(descriptor, UInt(TIOCGWINSZ), &size) == 0 && size.ws_col >= 40 {
            return Int(size.ws_col)
        }
        return 120
    }

    /// Whether the environment asks for a quick look (`COORDBENCH_QUICK=1`).
    static var wantsQuickLook: Bool {
        getenv("COORDBENCH_QUICK").map { String(cString: $0) } == "1"
    }

    /// The path of this program.
    static var executable: String {
        var buffer = [UInt8](repeating: 0, count: Int(PATH_MAX))
        let count = buffer.withUnsafeMutableBytes { bytes in
            readlink("/proc/self/exe", bytes.baseAddress!.assumingMemoryBound(to: CChar.self), bytes.count)
        }
        guard count > 0 else { return CommandLine.arguments[0] }
        return String(decoding: buffer.prefix(count), as: UTF8.self)
    }
}

/// Standard output can't be written to.
struct OutputError: Error, CustomStringConvertible {
    let reason: String
    var description: String { "can't write the result to standard output: \(reason)" }
}

/// Figures of a build without optimisation mean nothing.
enum DebugBuild {
    /// Refuses to measure with one, unless that is wanted or only a quick look is.
    static func refuse(unless isAllowed: Bool) throws {
        #if DEBUG
            guard isAllowed || Terminal.wantsQuickLook else {
                throw ValidationError(
                    "This is a debug build, whose figures mean nothing. Build with 'swift build -c release', or take "
                        + "--allow-debug to see it work.")
            }
        #endif
    }
}
