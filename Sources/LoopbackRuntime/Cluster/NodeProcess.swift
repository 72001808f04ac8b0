import Glibc
import Measurement
import ProtocolKit

/// A node in a process of its own, from its parent's side.
///
/// The child says `ready <peer address> <client address>` on its standard output and is told `members <address>,<address>
/// ...` on its standard input, again whenever a member has moved. The end of its input tells it to stop, so a child never
/// outlives its parent.
final class NodeProcess: @unchecked Sendable {  // confined to the thread that runs the cluster
    let node: Int
    let process: pid_t
    let address: MemberAddress
    private let input: Int32
    private let output: Int32
    private var isRunning = true

    init(node: Int, executable: String, arguments: [String]) throws(RuntimeError) {
        self.node = node
        var toChild: [Int32] = [0, 0]
        var fromChild: [Int32] = [0, 0]
        guard pipe(&toChild) == 0, pipe(&fromChild) == 0 else { throw .socket(call: "pipe", reason: Socket.reason()) }
        for descriptor in toChild + fromChild { _ = fcntl(descriptor, F_SETFD, FD_CLOEXEC) }
        let spawned = Self.spawn([executable] + arguments, input: toChild[0], output: fromChild[1])
        close(toChild[0])
        close(fromChild[1])
        input = toChild[1]
        output = fromChild[0]
        guard let spawned else {
            close(input)
            close(output)
            throw .nodeFailed(node: UInt32(node), reason: "can't start \(executable): \(Socket.reason())")
        }
        process = spawned
        do throws(RuntimeError) {
            address = try Self.readReady(output, node: node)
        } catch {
            Glibc.kill(spawned, SIGKILL)
            waitpid(spawned, nil, 0)
            close(input)
            close(output)
            throw error
        }
    }

    /// Spawns with no blocked signals and default dispositions: a child of a Dispatch thread would inherit others.
    private static func spawn(_ words: [String], input: Int32, output: Int32) -> pid_t? {
        var actions = posix_spawn_file_actions_t()
        posix_spawn_file_actions_init(&actions)
        defer { posix_spawn_file_actions_destroy(&actions) }
        posix_spawn_file_actions_adddup2(&actions, input, 0)
        posix_spawn_file_actions_adddup2(&actions, output, 1)
        var attributes = posix_spawnattr_t()
        posix_spawnattr_init(&attributes)
        defer { posix_spawnattr_destroy(&attributes) }
        var none = sigset_t()
        var all = sigset_t()
        sigemptyset(&none)
        sigfillset(&all)
        posix_spawnattr_setsigmask(&attributes, &none)
        posix_spawnattr_setsigdefault(&attributes, &all)
        // A group of its own: Ctrl-C on a terminal reaches the parent, which then stops its children in order.
        posix_spawnattr_setpgroup(&attributes, 0)
        posix_spawnattr_setflags(
            &attributes, Int16(POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETPGROUP))
        var arguments: [UnsafeMutablePointer<CChar>?] = words.map { strdup($0) }
        arguments.append(nil)
        defer { for argument in arguments { free(argument) } }
        var process: pid_t = 0
        let result = posix_spawn(&process, words[0], &actions, &attributes, arguments, environ)
        if result != 0 { errno = result }
        return result == 0 ? process : nil
    }

    private static func readReady(_ output: Int32, node: Int) throws(RuntimeError) -> MemberAddress {
        var line: [UInt8] = []
        let deadline = MonotonicClock.now() + 30_000_000_000
        while line.last != 0x0A {
            var descriptor = pollfd(fd: output, events: Int16(POLLIN), revents: 0)
            guard MonotonicClock.now() < deadline, line.count < 4096 else {
                throw .nodeFailed(node: UInt32(node), reason: "it wasn't ready within 30 s")
            }
            guard poll(&descriptor, 1, 1000) > 0 else { continue }
            var byte: UInt8 = 0
            guard read(output, &byte, 1) == 1 else {
                throw .nodeFailed(node: UInt32(node), reason: "it ended before it was ready; its message is above")
            }
            line.append(byte)
        }
        let words = String(decoding: line.dropLast(), as: UTF8.self).split(separator: " ")
        guard words.count == 3, words[0] == "ready" else {
            throw .nodeFailed(node: UInt32(node), reason: "it said '\(String(decoding: line, as: UTF8.self))'")
        }
        return MemberAddress(
            id: NodeID(UInt32(node)), peer: try SocketAddress(parsing: String(words[1])),
            client: try SocketAddress(parsing: String(words[2])))
    }

    /// Tells the node where all members are.
    func tell(_ members: [MemberAddress]) {
        say("members " + members.map { "\($0.peer),\($0.client)" }.joined(separator: " "))
    }

    /// Cuts the node off from peers, in place of an earlier cut.
    func cut(_ cut: PeerCut) { say(cut.words) }

    private func say(_ line: String) {
        Array((line + "\n").utf8).withUnsafeBytes { _ = write(input, $0.baseAddress, $0.count) }
    }

    /// Stops the process from running, or lets it run again.
    func setPaused(_ isPaused: Bool) {
        guard isRunning else { return }
        Glibc.kill(process, isPaused ? SIGSTOP : SIGCONT)
    }

    /// Ends the process at once.
    func kill() {
        guard isRunning else { return }
        isRunning = false
        Glibc.kill(process, SIGKILL)
        reap()
    }

    /// Lets the process end in good order, and ends it at once if it doesn't within ten seconds.
    func stop() {
        guard isRunning else { return }
        isRunning = false
        // A paused process would not notice that its input has ended.
        Glibc.kill(process, SIGCONT)
        close(input)
        let deadline = MonotonicClock.now() + 10_000_000_000
        while MonotonicClock.now() < deadline {
            if waitpid(process, nil, WNOHANG) != 0 {
                close(output)
                return
            }
            Pause.milliseconds(2)
        }
        Glibc.kill(process, SIGKILL)
        waitpid(process, nil, 0)
        close(output)
    }

    private func reap() {
        waitpid(process, nil, 0)
        close(input)
        close(output)
    }
}
