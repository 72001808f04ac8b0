import Harness
import Measurement

/// Latency histograms as files of the HdrHistogram project's own forms.
public enum HistogramExport {
    /// One file.
    public struct File: Sendable, Hashable {
        /// The name.
        public var name: String
        /// The content.
        public var text: String
    }

    /// A trial's files: an interval log (`.hlog`) with a tag for each kind of operation, for latency from the intended
    /// start and for service time, and a percentile spectrum in milliseconds (`.hgrm`) of all kinds together.
    public static func files(of record: TrialRecord) -> [File] {
        let stem = ResultsFolder.fileStem(of: record.plan)
        let seconds = Double(record.windowNanoseconds) / 1e9
        var log = HistogramLog(
            startWallNanoseconds: record.started.nanosecondsSince1970,
            comments: [
                "coordbench \(word(record.programVersion)), \(word(record.plan.variant)), seed \(record.plan.seed)",
                "Values in nanoseconds; KIND from the intended start, KIND.service from the actual send",
            ])
        for operation in record.operations {
            log.append(operation.latency, tag: word(operation.kind), startSeconds: 0, lengthSeconds: seconds)
            if let service = operation.service {
                log.append(service, tag: "\(word(operation.kind)).service", startSeconds: 0, lengthSeconds: seconds)
            }
        }
        let spectrum = record.allOperations.latency.percentileSpectrumText()
        return [File(name: "\(stem).hlog", text: log.text), File(name: "\(stem).hgrm", text: spectrum)]
    }

    /// A text without what would break a tag or a comment's line.
    private static func word(_ text: String) -> String {
        String(text.map { $0 == "," || $0.isWhitespace ? "_" : $0 })
    }
}
