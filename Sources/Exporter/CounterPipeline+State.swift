// SPDX-License-Identifier: Apache-2.0

import Containers
import LibBPF
import Logging
import Namespaces
import Platform
import Probe

/// What a pipeline takes over from an earlier process.
extension CounterPipeline {
  /// Has the programs count, if they are pinned, and no others.
  static func takeOver(
    _ kernel: inout KernelCounters, _ pins: borrowing PinFolder?
  ) throws(BPFError) -> KernelCounters.Change {
    switch pins {
    case .some(let pins): return try kernel.takeOver(from: pins)
    case .none: return KernelCounters.Change()
    }
  }

  static func watch(_ pins: borrowing PinFolder?, of kernel: borrowing KernelCounters) throws(BPFError)
    -> PinWatch?
  {
    switch pins {
    case .some(let pins): return try kernel.watch(pins)
    case .none: return nil
    }
  }

  /// Names containers before the pod watch has started. Where there is one, nothing is known yet, and the ledger waits for
  /// the first poll.
  static func names(_ configuration: Configuration) -> Ledger.Name {
    guard configuration.kubernetes == nil else {
      return { _, _, _ in ContainerResolver.Resolution(Container(), .partial) }
    }
    let resolver = ContainerResolver(pods: nil, local: configuration.localNames)
    return { resolver.resolve($0, $1, $2) }
  }

  static func openStateFile(_ configuration: Configuration) throws(ExporterError) -> DurableFile? {
    guard let path = configuration.stateFile else { return nil }
    do {
      return try DurableFile(path)
    } catch .inUse {
      throw ExporterError(
        "--state.file: another process uses \(path); stop that one first, or give this one another file")
    } catch {
      throw ExporterError("--state.file: the folder of \(path) \(error); \(error.advice)")
    }
  }

  static func store(_ file: consuming DurableFile?, of map: UInt32, _ level: LabelLevel) -> StateStore? {
    switch consume file {
    case .some(let file): StateStore(file, origin: StateStore.Origin(map: map, level: level))
    case .none: nil
    }
  }

  static func folder(of state: borrowing StateStore?) -> (path: String, descriptor: Int32)? {
    switch state {
    case .some(let state): state.folder
    case .none: nil
    }
  }

  /// Reads what an earlier process has saved, and adds what programs of other layouts have counted. Removes their pins once
  /// that is saved.
  ///
  /// - Returns: The state to continue; nil to start at 0.
  static func restore(
    _ empty: Ledger, _ state: inout StateStore?, _ pins: borrowing PinFolder?,
    _ change: KernelCounters.Change,
    isInherited: Bool, name: Ledger.Name, _ logger: Logger
  ) throws(ExporterError) -> SavedState? {
    guard var store = state.take() else { return nil }
    let (saved, origin) = try load(empty, store, change, isInherited: isInherited, logger)
    guard !change.earlier.isEmpty else {
      state = consume store
      return saved
    }
    let before = origin?.map
    let absorbed = Set(origin?.absorbed ?? [])
    store.origin.absorbed = change.earlier.flatMap(\.maps).filter(absorbed.contains)
    var result = saved ?? SavedState(ledger: empty)
    // First the maps that the ledger knows. It continues with the others.
    for earlier in change.earlier.sorted(by: { first, _ in first.isOfMap(before) }) {
      // Absorbed, and perhaps removed by half.
      if earlier.maps.isEmpty || !earlier.maps.isDisjoint(with: absorbed) {
        remove(earlier.layout, pins, logger)
        continue
      }
      let isComplete = earlier.reading != nil && !change.hasGap && change.uncertainCPUs == 0
      if let reading = earlier.reading {
        absorb(reading, into: &result, isContinued: earlier.isOfMap(before), name)
      } else if earlier.isOfMap(before) {
        result.ledger.abandonMaps()
      }
      if isComplete {
        result.ledger.handovers.complete &+= 1
      } else {
        result.ledger.handovers.incomplete &+= 1
      }
      log(earlier, change, logger)
      if let map = earlier.map { store.origin.absorbed.append(map) }
      do {
        _ = try store.save(result)
        remove(earlier.layout, pins, logger)
      } catch {
        // The next process removes them.
        logger.error(
          "state not written; pins of another layout stay until the next start; free space on its disk, or make its folder writable",
          metadata: ["error": "\(error)"])
      }
    }
    state = consume store
    return result
  }

  /// Reads the file.
  private static func load(
    _ empty: Ledger, _ store: borrowing StateStore, _ change: KernelCounters.Change, isInherited: Bool,
    _ logger: Logger
  ) throws(ExporterError) -> (SavedState?, StateStore.Origin?) {
    let finding: StateStore.Finding
    do {
      finding = try store.load(into: SavedState(ledger: empty), earlier: change.earlier.flatMap(\.maps))
    } catch {
      throw ExporterError("--state.file: \(error); make it readable to this user, or remove it")
    }
    switch finding {
    case .state(let saved, let origin):
      logger.info("state read; series continue", metadata: ["poll": "\(saved.ledger.poll)"])
      return (saved, origin)
    case .none:
      if isInherited || !change.earlier.isEmpty {
        logger.warning(
          "no state of the pinned counts; series of ended PID namespaces are lost, others start at 0; keep --state.file in one place"
        )
      }
    case .ofOthers(let reason):
      logger.warning(
        "state is not of these counts; series start at 0; keep --state.file and --bpf.pin of one exporter together",
        metadata: ["reason": "\(reason)"])
    case .setAside(let reason):
      logger.error(
        "state not usable, renamed to .broken; series of ended PID namespaces are lost, others start at 0; report it with this file if it repeats",
        metadata: ["reason": "\(reason)"])
    }
    return (nil, nil)
  }

  private static func absorb(
    _ reading: KernelCounters.Reading, into state: inout SavedState, isContinued: Bool, _ name: Ledger.Name
  ) {
    let scraped = ScrapedPolls(
      oldest: state.scrapers.scrapers.map(\.poll).min() ?? .max, newest: state.ledger.poll)
    let now = Ledger.Moment(.now, epoch: Clock.epochSeconds, boot: Clock.bootNanoseconds)
    state.ledger.absorb(reading, at: now, isContinued: isContinued, scraped: scraped, name: name)
  }

  private static func log(
    _ earlier: KernelCounters.EarlierCounts, _ change: KernelCounters.Change, _ logger: Logger
  ) {
    let layout: Logger.Metadata = ["layout": "\(earlier.layout)"]
    if earlier.reading == nil {
      logger.warning(
        "counts of another layout cannot be read; events since its exporter's last poll are missing; no action is needed",
        metadata: layout)
    } else if change.hasGap {
      logger.warning(
        "counts of another layout carried over; events at the moment of the change may be missing or counted twice; no action is needed",
        metadata: layout)
    } else if change.uncertainCPUs > 0 {
      logger.warning(
        "counts of another layout carried over; on CPUs that this process may not use, an event at the moment of the change may be missing or counted twice; allow it all CPUs (cpuset, CPUAffinity=) before an upgrade",
        metadata: layout.merging(["cpus": "\(change.uncertainCPUs)"]) { first, _ in first })
    } else {
      logger.info("counts of another layout carried over", metadata: layout)
    }
  }

  private static func remove(_ layout: String, _ pins: borrowing PinFolder?, _ logger: Logger) {
    switch pins {
    case .none: return
    case .some(let pins):
      do {
        try pins.remove(layout: layout)
      } catch {
        logger.warning(
          "pins of another layout cannot be removed, and stay until the next start; make the folder of --bpf.pin writable",
          metadata: ["error": "\(error)"])
      }
    }
  }
}
