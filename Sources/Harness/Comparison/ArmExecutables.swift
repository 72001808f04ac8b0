/// The programs that the arms' nodes are started from.
///
/// Two builds are copied first, A once more for its control, under paths of one length: so the arms differ in nothing but
/// what they do, the control shows what a copy's place on the disk makes of that, and a build that is renewed in the
/// meantime doesn't change the comparison. One build for all arms is used where it is.
struct ArmExecutables {
    private let paths: [PairedPlace.Arm: String]
    private let folder: String?

    /// - Throws: ``BuildError`` where a build can't be copied.
    init(_ design: PairedDesign, under dataFolder: String) throws {
        guard design.comparesBuilds else {
            paths = Dictionary(uniqueKeysWithValues: PairedPlace.Arm.allCases.map { ($0, design.a.executable) })
            folder = nil
            return
        }
        let folder = "\(dataFolder)/builds"
        var copies: [PairedPlace.Arm: String] = [:]
        do {
            for (arm, name) in [(PairedPlace.Arm.a, "1"), (.b, "2"), (.control, "3")] {
                let path = "\(folder)/\(name)/coordbench"
                try AtomicFile.makeFolder("\(folder)/\(name)")
                try BuildWorkshop.copy(design.side(of: arm).executable, to: path)
                copies[arm] = path
            }
        } catch {
            FileTree.remove(folder)
            throw error
        }
        paths = copies
        self.folder = folder
    }

    /// The program of an arm.
    func path(of arm: PairedPlace.Arm) -> String { paths[arm] ?? "" }

    /// Removes the copies.
    func remove() {
        if let folder { FileTree.remove(folder) }
    }
}
