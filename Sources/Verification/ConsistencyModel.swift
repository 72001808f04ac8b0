/// What a replicated store promises its clients about what they see, from the strongest down.
public enum ConsistencyModel: String, Sendable, Hashable, Codable, CaseIterable {
    /// Every operation takes effect at one moment between its invocation and its answer (Herlihy & Wing 1990).
    case linearizable
    /// There is one order of all operations that agrees with each client's own order (Lamport 1979).
    case sequential
    /// A read returns the value of the last write that had ended before it began, or of one that overlaps it (Lamport
    /// 1986, for many writers as Shao, Welch, Pierce & Lee 2011).
    case regular
    /// Each client reads its own writes, never an older state than it has read before, and its writes take effect in
    /// its order (Terry et al. 1994).
    case session
    /// Only that replicas agree once writes have ceased; a read returns something that was written.
    case eventual
}
