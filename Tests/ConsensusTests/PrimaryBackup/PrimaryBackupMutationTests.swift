import ProtocolKit
import Simulation
import Testing

@testable import Consensus

/// Every planted fault is seen: most by chance under random faults, and those that need a coincidence by a schedule
/// written out by hand. The unmutated protocol passes the same seeds and schedules.
@Suite("Primary-backup's planted faults")
struct PrimaryBackupMutationTests {
    /// Faults of every kind in every seed, the whole cluster losing power often, and disks slow enough that a crash
    /// finds something unsynced.
    private static func harsh(_ variant: String) throws -> SimulationOptions {
        var options = SimulationOptions.chaos(for: PrimaryBackupSystem.self)
        options.variant = try Variant(parsing: variant).options
        var rates = FaultRates.chaos
        rates[.blackout] = FaultRates.Rate(every: .milliseconds(400), lasting: .milliseconds(5)...(.milliseconds(100)))
        options.faults = .random(rates, swarm: false)
        options.disk.maximumSyncNanoseconds = .milliseconds(40)
        return options
    }

    @Test(
        "a planted fault is caught by random faults within twenty seeds",
        arguments: [
            (PrimaryBackupMutation.acknowledgeBeforeBackups, "primary-backup", "committed-is-held-by-members"),
            (.dropWithoutViewChange, "primary-backup", "committed-is-held-by-members"),
            (.promiseNotPersisted, "primary-backup", "promises-are-kept"),
            (.viewNotPersisted, "primary-backup", "promises-are-kept"),
            (.skipSync, "primary-backup", "committed-is-held-by-members"),
            (.readWithoutCheck, "primary-backup", "linearizable"),
            (.readBeforeCaughtUp, "primary-backup", "linearizable"),
            (.staleCandidate, "primary-backup[copies=one]", "primary-completeness"),
            (.admitUnsynchronised, "primary-backup[copies=one]", "primary-completeness"),
        ])
    func caught(mutation: PrimaryBackupMutation, variant: String, by property: String) throws {
        var options = try Self.harsh(variant)
        options.mutation = mutation.rawValue
        let summary = try SimulationCampaign.run(
            PrimaryBackupSystem.self, seeds: 1...20, options: options, stopsAtFailure: true)
        let outcome = try #require(summary.failures.first).outcome
        #expect(outcome.description.hasPrefix("violated: \(property)"), "\(outcome)")
    }

    @Test("the protocol as it is passes the same seeds", arguments: ["primary-backup", "primary-backup[copies=one]"])
    func unmutated(variant: String) throws {
        let summary = try SimulationCampaign.run(
            PrimaryBackupSystem.self, seeds: 1...20, options: try Self.harsh(variant))
        #expect(summary.passed == 20, "\((summary.failures + summary.unknown).map { "\($0.seed) \($0.outcome)" })")
    }

    /// Node 2 hears nothing from node 0 for a while; then node 0, which may be the primary, crashes.
    private static let lagging = {
        var options = SimulationOptions(for: PrimaryBackupSystem.self)
        options.variant = VariantOptions([("mode", "async")])
        options.operations = 200
        options.faults = .script([
            ScheduledFault(at: .milliseconds(300), .oneWay(from: [NodeID(0)], to: [NodeID(2)])),
            ScheduledFault(at: .milliseconds(450), .kill(NodeID(0))),
            ScheduledFault(at: .milliseconds(451), .heal),
        ])
        return options
    }()

    @Test("of two backups the one with the longer log takes over; the other would lose what it lacks")
    func shortestLogWins() throws {
        var options = Self.lagging
        let sound = try SimulationCampaign.run(PrimaryBackupSystem.self, seeds: 1...10, options: options)
        #expect(sound.passed == 10, "\(sound.failures.map { "\($0.seed) \($0.outcome)" })")
        #expect(sound.coverage[.failedOver] > 0)
        options.mutation = PrimaryBackupMutation.shortestLogWins.rawValue
        let mutated = try SimulationCampaign.run(
            PrimaryBackupSystem.self, seeds: 1...20, options: options, stopsAtFailure: true)
        let outcome = try #require(mutated.failures.first).outcome
        #expect(outcome.description.hasPrefix("violated: linearizable"), "\(outcome)")
    }

    private func options(_ mutation: PrimaryBackupMutation?) -> PrimaryBackupOptions {
        var options = PrimaryBackupOptions()
        options.mutation = mutation
        return options
    }

    @Test(
        "a backup that takes updates of an epoch that it has promised to leave loses what the later primary holds",
        arguments: [nil, PrimaryBackupMutation.noViewCheck])
    func noViewCheck(mutation: PrimaryBackupMutation?) {
        // Node 0 was primary of epoch 3 with all; node 1 has become primary of epoch 4, with node 2's promise.
        var old = SteppedBackup(options: options(mutation))
        old.takeOffice()
        old.match(1, from: 1)
        old.request(.put(key: "k", value: "old"))
        old.persist()
        let view = SteppedBackup.view(4, 1, 1, 2)
        var backup = SteppedBackup(2, options: options(mutation), promised: 4, view: view, log: [3, 4])
        var committed = CommittedIsHeldByMembers()
        var later = SteppedBackup(1, options: options(mutation), promised: 3, log: [3])
        later.loseHope()
        later.promise(from: 2, end: (3, 1), promised: 3)
        later.persist()
        later.promise(from: 2, end: (3, 1))
        later.persist()
        later.receive(.viewAcceptance(later.node.accepted.number), from: 2)
        later.match(2, from: 2)
        #expect(later.node.commitIndex == LogIndex(2))
        #expect(committed.check([nil, later.node, backup.node], changed: 1) == nil)

        for update in old.node.log.records.isEmpty ? [] : [Update(epoch: 3, after: 1, of: 3, [3])] {
            backup.receive(.update(update), from: 0)
        }
        let wrong = committed.check([nil, later.node, backup.node], changed: 2)
        #expect((wrong != nil) == (mutation != nil))
    }

    @Test(
        "a lease that runs from a late answer outlives the backup's promise: a stale read",
        arguments: [nil, PrimaryBackupMutation.leaseFromReply])
    func lease(mutation: PrimaryBackupMutation?) throws {
        var options = options(mutation)
        options.reads = .lease
        var old = SteppedBackup(options: options)
        old.takeOffice()
        old.match(1, from: 1)
        old.heartbeat()
        let sentAt = old.nanoseconds
        let heartbeat = try #require(old.updates(to: 1).last)

        // Node 1 hears the heartbeat at once; its answer takes most of a timeout.
        var backup = SteppedBackup(1, options: options, promised: 3, view: old.node.accepted, log: [3])
        backup.nanoseconds = sentAt
        backup.receive(.update(heartbeat), from: 0)
        old.nanoseconds = sentAt + SteppedBackup.timeout * 8 / 10
        old.match(1, from: 1)

        // Its promise over, it becomes primary with node 2 and acknowledges a write.
        backup.nanoseconds = sentAt
        backup.loseHope()
        backup.nanoseconds = sentAt + SteppedBackup.timeout
        backup.promise(from: 2, view: old.node.accepted, end: (3, 1), promised: 3)
        backup.persist()
        backup.promise(from: 2, view: old.node.accepted, end: (3, 1))
        backup.persist()
        #expect(backup.node.role == .primary)

        old.nanoseconds = sentAt + SteppedBackup.timeout * 12 / 10
        old.request(.get(key: "k"))
        #expect(old.replies == (mutation == nil ? [] : [.absent]))
    }
}
