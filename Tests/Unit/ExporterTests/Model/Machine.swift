// SPDX-License-Identifier: Apache-2.0

import Containers
import Platform
import Probe

/// The events of a namespace's number or of a series, by line: the metric, and the labels beside those of the series.
typealias Tally = [String: UInt64]

/// A machine with namespaces, cgroups and containers, and the maps that the BPF programs write.
///
/// It is the ground truth: `done` has each event once, under the number of its namespace.
struct Machine {
  /// The maps of one layout of the programs.
  struct Maps {
    let id: UInt32
    var counts: [NamespacePart: EventCounts] = [:]
    var identities: [PIDNamespace: NamespaceIdentity] = [:]
    var cgroups: [UInt64: PartCgroup] = [:]
  }

  private struct Namespace {
    let key: PIDNamespace
    var cgroup: UInt64
    var identity: NamespaceIdentity
    /// The processes that stay in other cgroups.
    var guests: [UInt64: UInt64] = [:]
  }

  /// `--cgroups.max`; 0 with `--cgroups.split=none`.
  private(set) var partLimit: Int
  /// The programs count in the last ones. Earlier ones wait for the exporter to carry their counts over.
  var layouts = [Maps(id: 1)]
  private var lastLayout: UInt32 = 1
  private(set) var done: [UInt32: Tally] = [:]
  /// Every name that a container in a namespace ever had.
  private(set) var names: [UInt32: Set<Container.Names>] = [:]
  private(set) var namesVersion: UInt64 = 0
  private var resolutions: [String: ContainerResolver.Resolution] = [:]
  private var live: [UInt32: Namespace] = [:]
  private var generation: UInt64 = 0
  private var cgroups: [String: UInt64] = [:]
  private var lastCgroup: UInt64 = 100
  /// In seconds since boot.
  var time = 1000

  init(partLimit: Int) {
    self.partLimit = partLimit
    for path in Step.paths where path.hasPrefix("/x.service") {
      resolutions[path] = .init(Container(names: .init(unit: "x.service")), .final)
    }
    begin(1, in: "/", isOld: true)
  }

  /// Processes of the namespaces now, by inum.
  var processes: [UInt32: UInt64] {
    live.mapValues { 1 + $0.guests.values.reduce(0, +) }
  }

  /// All parts that may have an event now or later.
  var livingParts: Set<NamespacePart> {
    var parts = Set(
      layouts.flatMap { $0.counts.keys }.filter { part in
        live[part.namespace.inum]?.key == part.namespace
      })
    for namespace in live.values { parts.insert(NamespacePart(namespace.key)) }
    return parts
  }

  // MARK: Steps

  mutating func begin(_ inum: UInt32, in path: String, isOld: Bool) {
    guard live[inum] == nil else { return }
    generation += 1
    let key = PIDNamespace(inum: inum, generation: generation)
    let cgroup = cgroup(at: path)
    live[inum] = Namespace(
      key: key, cgroup: cgroup,
      identity: NamespaceIdentity(
        level: inum == 1 ? 0 : 1, initPID: inum, initComm: "sh", initIsNew: !isOld,
        initStart: UInt64(time) * 1_000_000_000, cgroupPath: path, cgroupID: cgroup))
    if !isOld { count(inum, nil, .fork) }
  }

  mutating func exec(_ inum: UInt32, in path: String) {
    guard live[inum] != nil else { return }
    let cgroup = cgroup(at: path)
    live[inum]?.cgroup = cgroup
    live[inum]?.identity.cgroupPath = path
    live[inum]?.identity.cgroupID = cgroup
    live[inum]?.identity.initComm = path
    live[inum]?.identity.initIsNew = false
    writeIdentity(inum)
    count(inum, nil, .exec)
  }

  mutating func run(_ inum: UInt32, in path: String?, _ deed: Deed) {
    guard live[inum] != nil else { return }
    count(inum, path.map { cgroup(at: $0) }, deed)
  }

  mutating func stay(_ inum: UInt32, in path: String) {
    guard live[inum] != nil else { return }
    let cgroup = cgroup(at: path)
    live[inum]?.guests[cgroup, default: 0] += 1
  }

  mutating func leave(_ inum: UInt32, in path: String) {
    guard let cgroup = cgroups[path] else { return }
    live[inum]?.guests[cgroup] = nil
  }

  mutating func remove(_ path: String) {
    guard let cgroup = cgroups[path],
      !live.values.contains(where: { $0.cgroup == cgroup || $0.guests[cgroup] != nil })
    else { return }
    cgroups[path] = nil
    for index in layouts.indices { layouts[index].cgroups[cgroup]?.isRemoved = true }
  }

  mutating func end(_ inum: UInt32) {
    guard inum != 1, live[inum] != nil else { return }
    count(inum, nil, .exit(0))
    if let key = live[inum]?.key {
      layouts[layouts.count - 1].identities[key]?.initEnd = UInt64(time) * 1_000_000_000
    }
    live[inum] = nil
  }

  /// Names a container. Only `/a` to `/c` are containers, by their path.
  mutating func name(_ path: String, _ name: String?) {
    guard Self.isContainer(path) else { return }
    // Of `/a` the name is final once it is known; of the others a runtime may change it.
    if path == "/a", resolutions[path] != nil { return }
    resolutions[path] = .init(
      Container(names: .init(container: name ?? Container.Names.unnamed), id: path),
      path == "/a" ? .final : .presumed)
    namesVersion += 1
  }

  /// Begins to count in other maps, which know as many parts of the earlier ones as they have room for:
  /// ``KernelCounters/takeOver``.
  mutating func addLayout(partLimit limit: Int?) {
    partLimit = limit ?? partLimit
    let before = layouts[layouts.count - 1]
    lastLayout += 1
    var maps = Maps(id: lastLayout)
    for part in before.counts.keys.filter({ !$0.isOfInit }).sorted(by: { $0.cgroup < $1.cgroup })
      .prefix(partLimit)
    { maps.counts[part] = EventCounts() }
    if partLimit > 0 { maps.cgroups = before.cgroups }
    layouts.append(maps)
  }

  /// Returns to the programs before the last ones, whose counts wait for the exporter then.
  mutating func revokeLayout() { layouts.swapAt(layouts.count - 1, layouts.count - 2) }

  /// Without a state, only the events in the maps are known.
  mutating func forgetDeleted() {
    done = [:]
    for (part, counts) in layouts.flatMap(\.counts) {
      done[part.namespace.inum, default: [:]].merge(counts.lines, uniquingKeysWith: +)
    }
  }

  // MARK: What the exporter asks for

  /// Names a namespace or a part of it, as a resolver does.
  mutating func resolve(
    _ identity: NamespaceIdentity, _ cgroup: PartCgroup?, _ known: ContainerResolver.Resolution?
  ) -> ContainerResolver.Resolution {
    let path = cgroup?.paths.first ?? identity.cgroupPath
    var resolution = resolutions[path] ?? .init(Container(), .final)
    if Self.isContainer(path), resolutions[path] == nil { resolution = .init(Container(id: path), .partial) }
    if cgroup != nil, Self.isContainer(identity.cgroupPath), resolution.container.id.isEmpty {
      // In no container itself, but its namespace is.
      return resolve(identity, nil, nil)
    }
    names[identity.initPID, default: []].insert(resolution.container.names)
    return resolution
  }

  /// Scans the tasks. Writes what the programs have not written yet: of namespaces and parts without an event.
  mutating func scan() -> [NamespacePart: TaskCounts] {
    var found: [NamespacePart: TaskCounts] = [:]
    for (inum, namespace) in live {
      writeIdentity(inum)
      found[NamespacePart(namespace.key), default: TaskCounts()] += TaskCounts(processes: 1, threads: 1)
      for (cgroup, number) in namespace.guests {
        found[admit(inum, cgroup, hasEvent: false), default: TaskCounts()] += TaskCounts(
          processes: number, threads: number)
      }
    }
    return found
  }

  /// Deletes the entries of an ended part.
  mutating func delete(_ part: NamespacePart) {
    layouts[layouts.count - 1].counts[part] = nil
    if part.isOfInit { layouts[layouts.count - 1].identities[part.namespace] = nil }
  }

  // MARK: The programs

  private static func isContainer(_ path: String) -> Bool { ["/a", "/b", "/c", "/a/inner"].contains(path) }

  private mutating func cgroup(at path: String) -> UInt64 {
    if let cgroup = cgroups[path] { return cgroup }
    lastCgroup += 1
    cgroups[path] = lastCgroup
    return lastCgroup
  }

  private mutating func writeIdentity(_ inum: UInt32) {
    guard let namespace = live[inum] else { return }
    layouts[layouts.count - 1].identities[namespace.key] = namespace.identity
  }

  /// Returns the part of a cgroup, which is that of the init if it is the init's or there is no room.
  private mutating func admit(_ inum: UInt32, _ cgroup: UInt64?, hasEvent: Bool) -> NamespacePart {
    guard let namespace = live[inum] else { return NamespacePart(PIDNamespace(inum: inum, generation: 0)) }
    let last = layouts.count - 1
    if hasEvent, layouts[last].identities[namespace.key] == nil { writeIdentity(inum) }
    guard let cgroup, cgroup != namespace.cgroup else { return NamespacePart(namespace.key) }
    let part = NamespacePart(namespace.key, cgroup: cgroup)
    if layouts[last].counts[part] != nil { return part }
    guard layouts[last].counts.keys.count(where: { !$0.isOfInit }) < partLimit,
      let path = cgroups.first(where: { $0.value == cgroup })?.key
    else { return NamespacePart(namespace.key) }
    if layouts[last].cgroups[cgroup] == nil { layouts[last].cgroups[cgroup] = PartCgroup(paths: [path]) }
    layouts[last].counts[part] = EventCounts()
    return part
  }

  private mutating func count(_ inum: UInt32, _ cgroup: UInt64?, _ deed: Deed) {
    let part = admit(inum, cgroup, hasEvent: true)
    layouts[layouts.count - 1].counts[part, default: EventCounts()] += deed.counts
    for line in deed.lines { done[inum, default: [:]][line, default: 0] += 1 }
  }
}

extension Deed {
  /// The lines on a page that count it.
  var lines: [String] {
    let exits = "pidns_process_exits_total"
    return switch self {
    case .exec: ["pidns_process_execs_total"]
    case .fork: ["pidns_process_forks_total"]
    case .exit(let code):
      [exits + (code == 0 ? " completed" : " error"), "pidns_process_exit_codes_total \(code)"]
    case .die(let signal):
      [exits + " signaled", "pidns_process_signal_deaths_total \(Signal.name(signal))"]
    }
  }

  /// What the programs add.
  fileprivate var counts: EventCounts {
    var exits = ExitCounts()
    switch self {
    case .exec: return EventCounts(ProcessCounts(execs: 1))
    case .fork: return EventCounts(ProcessCounts(forks: 1))
    case .exit(let code):
      exits.byReason[code == 0 ? .completed : .error] = 1
      return EventCounts(exits: exits, details: [.exitCode(code): 1])
    case .die(let signal):
      exits.byReason[.signaled] = 1
      return EventCounts(exits: exits, details: [.signalDeath(signal): 1])
    }
  }
}

extension EventCounts {
  /// The lines on a page, with their values.
  fileprivate var lines: Tally {
    var lines = [
      "pidns_process_execs_total": counts.execs, "pidns_process_forks_total": counts.forks,
    ]
    for reason in ExitReason.allCases {
      lines["pidns_process_exits_total \(reason)"] = exits.byReason[reason]
    }
    for (detail, count) in details {
      switch detail {
      case .signalDeath(let signal): lines["pidns_process_signal_deaths_total \(Signal.name(signal))"] = count
      case .exitCode(let code): lines["pidns_process_exit_codes_total \(code)"] = count
      case .execFailure: break
      }
    }
    return lines
  }
}
