import Harness
import Reporting
import Testing

/// Reads RFC 4180 text back, to test against: records of cells.
private func parsed(_ text: String) -> [[String]] {
    var rows: [[String]] = []
    var row: [String] = []
    var cell = ""
    var isQuoted = false
    var scalars = Array(text.unicodeScalars)[...]
    while let scalar = scalars.popFirst() {
        switch scalar {
        case "\"" where isQuoted && scalars.first == "\"":
            cell.append("\"")
            scalars.removeFirst()
        case "\"": isQuoted.toggle()
        case _ where isQuoted: cell.unicodeScalars.append(scalar)
        case ",":
            row.append(cell)
            cell = ""
        case "\r": break
        case "\n":
            rows.append(row + [cell])
            (row, cell) = ([], "")
        default: cell.unicodeScalars.append(scalar)
        }
    }
    return rows
}

@Suite struct CSVTests {
    private func rows(_ records: [TrialRecord]) -> [[String: String]] {
        let table = parsed(CSVReport.text(of: records))
        return table.dropFirst().map { Dictionary(uniqueKeysWithValues: zip(table[0], $0)) }
    }

    @Test("one row a trial and kind, then one of all kinds, as wide as the header") func shape() {
        let table = parsed(CSVReport.text(of: Fixtures.results.records))
        #expect(table[0] == Metric.all.map(\.name))
        #expect(table.allSatisfy { $0.count == table[0].count })
        let operation = table[0].firstIndex(of: "operation").map { column in table.dropFirst().map { $0[column] } }
        #expect(operation == ["get", "put", "all", "put", "all", "acquire", "all", "lookup", "all", "put", "all"])
    }

    @Test("the columns that others rely upon are there") func columns() {
        let promised = """
            system family runtime nodes durability arrival clients in_flight offered_per_s throughput_per_s errors \
            latency_p50_ns latency_p99_ns latency_p999_ns latency_max_ns service_p50_ns floor_multiple_p50 fairness_jain \
            server_cpu_us_per_op generator_cpu_us_per_op server_allocations_per_op messages_per_op syncs_per_op verdict \
            valid seed variant isolation operation fairness_min_share server_context_switches_per_op bytes_per_op \
            server_peak_memory_bytes repetition
            """.split(separator: " ").map(String.init)
        #expect(promised.filter { !CSVReport.columns.contains($0) } == [])
        #expect(Set(CSVReport.columns).count == CSVReport.columns.count)
    }

    @Test("a mixed trial's cells, column by column") func mixed() {
        let all = rows([Fixtures.raft])[2]
        let expected: [String: String] = [
            "trial": "1", "system": "raft", "variant": "raft[batch=64,reads=lease]", "family": "consensus",
            "runtime": "sockets", "nodes": "3", "isolation": "processes", "durability": "synced", "arrival": "closed",
            "clients": "16", "in_flight": "16", "offered_per_s": "", "mix": "get=50 put=50", "seed": "42",
            "window_s": "5", "operation": "all", "completed": "40000", "errors": "5", "offered": "40005", "failed": "2",
            "timed_out": "3", "dropped": "0", "unaccounted": "0",
            // (20,000 + 19,984) / 5 s: what ended inside the window.
            "throughput_per_s": "7996.8",
            // 4 s, 80,000 switches, 160,000 allocations and 12,000 messages over 39,984 operations.
            "server_cpu_us_per_op": "100.04", "server_context_switches_per_op": "2.0008",
            "server_allocations_per_op": "4.0016", "messages_per_op": "0.30012", "syncs_per_op": "0.22509",
            "bytes_per_op": "575.23", "server_peak_memory_bytes": "33554432", "floor_multiple_p50": "", "floor_ns": "",
            "wake_lateness_p99_ns": "", "verdict": "correct", "valid": "true", "overtakes": "", "lookup_ns": "",
        ]
        for (column, value) in expected.sorted(by: { $0.key < $1.key }) {
            #expect(all[column] == value, "\(column)")
        }
    }

    @Test("a kind's row has its own latencies and floor and leaves out what belongs to the trial") func kinds() throws {
        let rows = rows([Fixtures.raft])
        #expect(rows[0]["floor_ns"] == "20000")
        // Four delays of 10 µs and a sync among three at 116 µs.
        #expect(rows[1]["floor_ns"] == "156000")
        let median = try #require(rows[1]["latency_p50_ns"].flatMap(Double.init))
        let multiple = try #require(rows[1]["floor_multiple_p50"].flatMap(Double.init))
        #expect(abs(multiple - median / 156_000) < 1e-4)
        let low = try #require(rows[1]["latency_p50_low_ns"].flatMap(Double.init))
        let high = try #require(rows[1]["latency_p50_high_ns"].flatMap(Double.init))
        #expect(low <= median && median <= high && low < high)
        for column in ["messages_per_op", "server_cpu_us_per_op", "fairness_jain", "offered", "syncs_per_op"] {
            #expect(rows[1][column] == "", "\(column)")
            #expect(rows[2][column] != "", "\(column)")
        }
    }

    @Test("in memory no sync counts towards the floor; thin samples leave the bounds empty") func openLoop() {
        let row = rows([Fixtures.unreplicated])[0]
        #expect(row["floor_ns"] == "20000")
        #expect(row["offered_per_s"] == "500")
        #expect(row["arrival"] == "poisson")
        #expect(row["latency_p999_low_ns"] == "")
        #expect(row["latency_p999_ns"] != "")
        #expect(row["verdict"] == "violated")
        #expect(row["valid"] == "false")
        #expect(row["unaccounted"] == "1")
        #expect(row["notes"]?.hasPrefix("generator-limited: wake lateness") == true)
        #expect(row["server_cpu_us_per_op"] == "")
    }

    @Test("threads and functions leave a cluster's columns empty") func withoutCluster() {
        let rows = rows([Fixtures.mcs, Fixtures.jump])
        for column in ["isolation", "durability", "messages_per_op", "floor_ns"] {
            #expect(rows.allSatisfy { $0[column] == "" }, "\(column)")
        }
        #expect(rows[0]["overtakes"] == "0")
        #expect(rows[0]["longest_wait_ns"] == "7250")
        #expect(rows[0]["fairness_jain"] == "1")
        #expect(rows[2]["clients"] == "")
        #expect(rows[2]["lookup_ns"] == "48.25")
        #expect(rows[2]["keys_moved_fraction"] == "0.0909375")
        #expect(rows[2]["verdict"] == "unknown")
    }

    @Test("commas, quotes and line breaks come back as they were") func quoting() {
        var record = Fixtures.jump
        record.plan.group = "a \"b\", c\r\nd"
        #expect(rows([record])[0]["group"] == "a \"b\", c\r\nd")
        // The parser drops bare carriage returns only outside quotes, so the cell above proves the quoting.
        #expect(CSVReport.text(of: [record]).contains("\"a \"\"b\"\", c\r\nd\""))
    }
}
