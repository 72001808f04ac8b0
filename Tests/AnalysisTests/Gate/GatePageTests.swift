import Foundation
import Harness
import Testing

@testable import Analysis

@Suite("The page on gates")
struct GatePageTests {
    private static let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .deletingLastPathComponent().deletingLastPathComponent()

    /// The page's blocks of YAML.
    private func blocks() throws -> [String] {
        let page = try String(contentsOf: Self.root.appendingPathComponent("Documentation/gating.md"), encoding: .utf8)
        return page.components(separatedBy: "```yaml\n").dropFirst().compactMap {
            $0.components(separatedBy: "\n```").first.map { $0 + "\n" }
        }
    }

    @Test("shows a gate file that is read as it stands, of all three kinds")
    func example() throws {
        let text = try #require(try blocks().first)
        let place = Self.root.appendingPathComponent("Benchmarks/Gates/example.yaml").path
        let gate = try GateFile.parse(text, path: place)
        #expect(Set(gate.checks.map(\.kind)) == Set(GateCheck.Kind.allCases))
    }

    @Test("has workflows for two CI servers that are YAML, gate and keep JUnit's file or the summary")
    func workflows() throws {
        let workflows = try blocks().dropFirst()
        #expect(workflows.count == 2)
        for workflow in workflows {
            let root = try ScenarioFile(path: "workflow.yaml").compose(workflow)
            let top = try ScenarioFile(path: "workflow.yaml").mapping(root, what: "a workflow").map(\.key.value)
            #expect(top.contains("jobs") || top.contains("gate"))
            #expect(workflow.contains("coordbench gate gate.yaml --output gate"))
            #expect(workflow.contains("--candidate git:HEAD"))
            #expect(workflow.contains("junit: gate/junit.xml") || workflow.contains("GITHUB_STEP_SUMMARY"))
        }
    }
}
