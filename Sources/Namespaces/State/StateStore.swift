// SPDX-License-Identifier: Apache-2.0

package import Platform

/// The file of `--state.file`: the ledger and the scrapers, as a process needs them that continues the pinned counts.
///
/// A state is of certain counts: those of a boot, and of the map with a number.
package struct StateStore: ~Copyable {
  /// 10,240 namespaces with long names take 10 MB.
  private static let limit = 256 << 20

  /// What a state belongs to.
  package struct Origin: Equatable, Sendable {
    var boot: String
    /// The map that the ledger has read last.
    package var map: UInt32
    var level: LabelLevel
    /// Earlier maps, all of whose counts are in the ledger, while they are pinned.
    package var absorbed: [UInt32] = []

    /// - Parameters:
    ///   - map: The number of the map of counts.
    ///   - level: The labels that distinguish series.
    package init(map: UInt32, level: LabelLevel) {
      boot = ProcFile.read("/proc/sys/kernel/random/boot_id")?.filter { !$0.isWhitespace } ?? ""
      self.map = map
      self.level = level
    }
  }

  /// What was found at the start.
  package enum Finding {
    /// The state of these counts.
    case state(SavedState, of: Origin)
    /// No file.
    case none
    /// A state of earlier counts, or of other labels, which is replaced.
    case ofOthers(String)
    /// A file that was renamed, and why.
    case setAside(String)
  }

  /// Shared with the thread that writes it.
  private final class File: Sendable {
    let durable: DurableFile
    init(_ durable: consuming DurableFile) { self.durable = durable }

    /// Returns why it cannot be replaced; nil if it was.
    func replace(with bytes: [UInt8]) -> DurableFile.Failure? {
      do {
        try durable.replace(with: bytes)
        return nil
      } catch {
        return error
      }
    }
  }

  private let file: File
  package var origin: Origin

  /// The folder, to be kept writable.
  package var folder: (path: String, descriptor: Int32) {
    (file.durable.folder.path, file.durable.folder.descriptor)
  }

  package init(_ file: consuming DurableFile, origin: Origin) {
    self.file = File(file)
    self.origin = origin
  }

  /// Reads the file into an empty state. Renames a file that is of no use.
  ///
  /// - Parameter earlier: Maps whose counts will be absorbed: their state is good, too.
  /// - Throws: `DurableFile.Failure` if it can neither be read nor renamed.
  package func load(
    into state: consuming SavedState, earlier: [UInt32] = []
  ) throws(DurableFile.Failure) -> Finding {
    guard let bytes = try file.durable.read(upTo: Self.limit) else { return .none }
    var state = state
    var found = origin
    do throws(StateError) {
      var archive = try StateArchive(reading: bytes, now: Self.now)
      try found.code(&archive)
      if let difference = origin.difference(to: found, earlier) { return .ofOthers(difference) }
      try state.code(&archive)
      try archive.finish()
    } catch {
      try file.durable.setAside()
      return .setAside(error.description)
    }
    return .state(state, of: found)
  }

  /// Replaces the file.
  ///
  /// - Parameter work: Writes it, so that the caller does not wait for a file system that does not answer. If it answers later, the
  ///   file has this state then. nil to wait.
  /// - Returns: The size of the file.
  package func save(
    _ state: consuming SavedState, by work: TimeLimitedWork? = nil
  ) throws(DurableFile.Failure) -> Int {
    var archive = StateArchive(now: Self.now)
    var (state, origin) = (state, origin)
    do throws(StateError) {
      try origin.code(&archive)
      try state.code(&archive)
    } catch {
      // Writing does not fail.
    }
    let bytes = archive.file
    let file = file
    let failure: DurableFile.Failure? =
      switch work {
      case .none: file.replace(with: bytes)
      // Two levels: no answer, or an answer without a failure.
      case .some(let work): work.run { file.replace(with: bytes) } ?? .noAnswer
      }
    if let failure { throw failure }
    return bytes.count
  }

  private static var now: (instant: ContinuousClock.Instant, boot: Int64) {
    (.now, Int64(Clock.bootSeconds * 1e9))
  }
}

extension StateStore.Origin {
  fileprivate mutating func code(_ archive: inout StateArchive) throws(StateError) {
    try archive.code(&boot)
    try archive.code(&map)
    try archive.code(&absorbed, blank: 0) { archive, map throws(StateError) in try archive.code(&map) }
    var name = level.rawValue
    try archive.code(&name)
    guard let level = LabelLevel(rawValue: name) else { throw .broken }
    self.level = level
  }

  fileprivate func difference(to other: Self, _ earlier: [UInt32]) -> String? {
    if other.boot != boot { return "it is of an earlier boot" }
    if other.map != map && !earlier.contains(other.map) {
      return "it is of counts that are not pinned any more"
    }
    return other.level == level ? nil : "--labels.level was \(other.level.rawValue)"
  }
}

/// What a state contains.
package struct SavedState {
  package var ledger: Ledger
  package var scrapers: ScraperRecords

  package init(ledger: Ledger, scrapers: ScraperRecords = ScraperRecords()) {
    self.ledger = ledger
    self.scrapers = scrapers
  }

  mutating func code(_ archive: inout StateArchive) throws(StateError) {
    try ledger.code(&archive)
    try scrapers.code(&archive)
  }
}

/// How the state file fares.
package struct StateStatus: Equatable, Sendable {
  /// When it was written last, in seconds since the epoch; 0 if it was not.
  package var time = 0.0
  /// Its size then.
  package var bytes = 0
  /// How often it could not be written.
  package var failures: UInt64 = 0
  /// Why it could not be written last; nil if it was.
  package var failure: String?

  package init() {}
}
