import Benchmark
import Consensus
import ProtocolKit

/// The pieces that every measured operation passes through. An operation is what the name says: a message of 64
/// entries, one command, one write.
let benchmarks: @Sendable () -> Void = {
    measure("Histogram: record a latency", scale: .mega) { HistogramRecording() }

    measure("AppendEntries of 64 x 256 B: encode") { AppendEntriesEncoding() }
    measure("AppendEntries of 64 x 256 B: decode") { AppendEntriesDecoding() }

    measure("RESP: parse SET of 256 B, of 64 pipelined") { CommandParsing() }
    measure("RESP: parse SET of 256 B and code it for the log") { CommandCoding() }
    measure("RESP: parse reply OK, of 64 pipelined") { ReplyParsing(.ok) }
    measure("RESP: parse reply of 256 B, of 64 pipelined") { ReplyParsing(.bulk(sampleValue())) }

    measure("Log: stage a record of 256 B") { try LogStaging() }
    measure("Log: append 256 B, buffered, 64 a write") { try LogWriting(.buffered, batch: 64) }
    measure("Log: append 256 B, synced, 64 a sync") { try LogWriting(.synced, batch: 64) }

    measure("Raft: write of 256 B through 3 nodes, 1 in flight") { RaftWriting(inFlight: 1) }
    measure("Raft: write of 256 B through 3 nodes, 64 in flight") { RaftWriting(inFlight: 64) }

    measure("KeyValueStore: put 256 B over a value") { KeyValuePutting() }
    measure("KeyValueStore: get 256 B") { KeyValueGetting() }

    measure("Keys: draw one of 1,000,000, zipfian 0.99", scale: .mega) { try KeyDrawing() }

    measure("Linearizability: judge one of 100,000 operations", scale: .mega, seconds: 5) { try HistoryJudging() }
}
