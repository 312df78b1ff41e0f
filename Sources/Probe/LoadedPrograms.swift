// SPDX-License-Identifier: Apache-2.0

import CPidns
import LibBPF

/// Owns the object's programs and maps after they are loaded and attached by a plan.
struct LoadedPrograms: ~Copyable {
  let object: BPFObject
  let plan: ProgramPlan
  /// The collectors that the kernel refuses, and why. None of their programs is attached.
  let refused: [Collector: BPFError]
  private let hooks: [Link]

  /// Entries of `details` for each entry of `namespaces`: most namespaces have a few exit codes and errnos.
  private static let detailsPerPart: UInt64 = 8

  /// Loads and attaches all programs, except those of a collector if the kernel refuses to attach one of them.
  init(_ plan: ProgramPlan, _ configuration: KernelCounters.Configuration) throws(BPFError) {
    let object = try BPFObject(embedded: EmbeddedObject.counters, name: "pidns")
    let entries = configuration.mapEntries
    for map: CounterMap in [.namespaces, .exits, .signalExemplars, .identities] {
      try object.map(map).resize(to: entries)
    }
    try object.map(CounterMap.details).resize(to: UInt32(clamping: UInt64(entries) * Self.detailsPerPart))
    if plan.isSplit { try object.map(CounterMap.cgroups).resize(to: max(1, plan.constants.parts)) }
    try object.map(CounterMap.marks).resize(to: RedundantPrograms.wordsOfMarks)
    for map in plan.mapsOnDemand { try object.map(map).allocateOnDemand() }
    for map in plan.unusedMaps { try object.disableMap(map.rawValue) }
    try object.setConstants(plan.constants, in: BPFObject.configurationSection)
    try object.loadOnly(plan.required + plan.optional.map(\.name) + plan.iterators.map(\.rawValue))
    for program in plan.optional {
      if let function = program.function { try object.setAttachTarget(function, of: program.name) }
    }
    try object.load()

    var hooks: [Link] = []
    for name in plan.required { hooks.append(try object.attach(name)) }
    var optionalHooks: [(collector: Collector, hook: Link)] = []
    var refused: [Collector: BPFError] = [:]
    for program in plan.optional {
      do throws(BPFError) {
        optionalHooks.append((program.collector, try object.attach(program.name)))
      } catch {
        refused[program.collector] = error
      }
    }
    self.hooks = hooks + optionalHooks.filter { refused[$0.collector] == nil }.map(\.hook)
    self.refused = refused
    self.plan = plan
    self.object = object
  }

  /// Attaches an iterator: over the tasks, or over a map's entries.
  func attach(_ iterator: CounterIterator, over map: BPFMap? = nil) throws(BPFError) -> Link {
    guard let map else { return try object.attachIterator(iterator.rawValue) }
    return try object.attachIterator(iterator.rawValue, over: map)
  }

  /// Finds a map; nil for one that no program uses.
  func mapIfUsed(_ map: CounterMap) throws(BPFError) -> BPFMap? {
    plan.unusedMaps.contains(map) ? nil : try object.map(map)
  }

  /// The programs, and whether each is attached.
  var programs: [(name: String, isAttached: Bool)] {
    (plan.required + plan.iterators.map(\.rawValue)).map { ($0, true) }
      + plan.optional.map { program in
        (program.name, refused[program.collector] == nil)
      }
  }
}
