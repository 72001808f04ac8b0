import ProtocolKit

extension CatalogueListing {
    /// All systems as a page: `Documentation/systems.md`.
    public var markdown: String {
        var lines = [
            "# What can be measured", "",
            "Made from the code that is measured, as `coordbench list NAME` prints it. The costs are those of one operation"
                + " without faults, batching or contention, the client's two messages among the delays; the simulator counts"
                + " them and they are equal (`coordbench simulate --audit`). Planted faults are rules left out on purpose:"
                + " `coordbench simulate NAME --mutation FAULT` shows them caught.",
        ]
        for family in SystemDescriptor.Family.allCases {
            let members = systems.filter { $0.family == family.rawValue }
            guard !members.isEmpty else { continue }
            lines += ["", "## \(family.rawValue.prefix(1).uppercased())\(family.rawValue.dropFirst())"]
            for system in members { lines += [""] + system.markdown }
        }
        return lines.joined(separator: "\n") + "\n"
    }
}

extension CatalogueListing.System {
    fileprivate var markdown: [String] {
        var lines = [
            "### `\(name)`", "", "\(summary.prefix(1).uppercased())\(summary.dropFirst()). Source: \(source).", "",
        ]
        var facts = "Operations: \(kinds.joined(separator: ", ")) (\(service))."
        if subject == "cluster" { facts += " Nodes: \(fewestNodes) to \(mostNodes), \(defaultNodes) unless given." }
        if let promise { facts += " Promises: **\(promise)**." }
        lines.append(facts)
        if !options.isEmpty {
            lines += ["", "| option | values | unless given | what it does |", "|---|---|---|---|"]
            lines += options.map {
                "| `\($0.name)` | \(cell($0.values)) | `\(cell($0.defaultValue))` | \(cell($0.help)) |"
            }
        }
        if !costs.isEmpty {
            lines += ["", "| operation | message delays | messages | sync delays | syncs |", "|---|--:|--:|--:|--:|"]
            lines += merged.map {
                "| \($0.kinds) | \($0.cost.messageDelays) | \($0.cost.messages) | \($0.cost.syncDelays) "
                    + "| \($0.cost.syncs) |"
            }
        }
        if !mutations.isEmpty {
            lines += ["", "| planted fault | breaks |", "|---|---|"]
            lines += mutations.map { "| `\($0.name)` | \(cell($0.breaks)) |" }
        }
        return lines
    }

    /// Kinds of the same cost together.
    private var merged: [(kinds: String, cost: OperationCost)] {
        var groups: [(kinds: String, cost: OperationCost)] = []
        for cost in costs {
            var plain = cost
            plain.kind = ""
            if let place = groups.firstIndex(where: { $0.cost == plain }) {
                groups[place].kinds += ", \(cost.kind)"
            } else {
                groups.append((cost.kind, plain))
            }
        }
        return groups
    }

    private func cell(_ text: String) -> String { text.replacing("|", with: "\\|") }
}
