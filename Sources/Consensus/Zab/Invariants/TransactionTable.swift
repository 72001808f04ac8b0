/// Something for each of a run's transactions: epochs and the numbers in them are dense, so that it needn't be hashed for.
struct TransactionTable<Element: Sendable>: Sendable {
    private var epochs: [[Element?]] = []

    subscript(zxid: Zxid) -> Element? {
        get {
            let (epoch, number) = Self.place(of: zxid)
            guard epoch < epochs.count, number < epochs[epoch].count else { return nil }
            return epochs[epoch][number]
        }
        set {
            let (epoch, number) = Self.place(of: zxid)
            while epochs.count <= epoch { epochs.append([]) }
            while epochs[epoch].count <= number { epochs[epoch].append(nil) }
            epochs[epoch][number] = newValue
        }
    }

    private static func place(of zxid: Zxid) -> (epoch: Int, number: Int) {
        (Int(zxid.epoch.rawValue), Int(zxid.counter))
    }
}
