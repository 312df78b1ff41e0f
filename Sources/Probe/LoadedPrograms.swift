// SPDX-License-Identifier: Apache-2.0

import CPidns
import LibBPF

/// Owns the object's programs and maps after they are loaded and attached by a plan, or found attached by their pins.
struct LoadedPrograms: ~Copyable {
  let object: BPFObject
  let plan: ProgramPlan
  /// The collectors that the kernel refuses, and why. None of their programs is attached.
  let refused: [Collector: BPFError]
  private let hooks: [Link]
  /// The programs that were attached by an earlier process; nil if this one has attached its own.
  private let inherited: [String: PinnedObject]?
  /// Their attachments, which would end with the pins otherwise.
  private let inheritedLinks: [PinnedObject]
  /// The name of the layout, and the number of its programs in the map of gates. Only with pins: otherwise the name is empty.
  let layout: String
  let generation: UInt32

  /// Entries of `details` for each entry of `namespaces`: most namespaces have a few exit codes and errnos.
  private static let detailsPerPart: UInt64 = 8

  /// Whether an earlier process has attached the programs, which have counted since.
  var isInherited: Bool { inherited != nil }

  /// Loads and attaches all programs, except those of a collector if the kernel refuses to attach one of them.
  ///
  /// - Parameter pins: Where it is pinned. What is pinned there by the same plan is used instead.
  init(
    _ plan: ProgramPlan, _ configuration: KernelCounters.Configuration, pins: borrowing PinFolder?, cpus: Int
  ) throws(BPFError) {
    let layout = Self.isPinned(pins) ? PinnedLayout.name(of: plan, configuration) : ""
    let generation = PinnedLayout.generation(of: layout)
    let plan = Self.isPinned(pins) ? plan.pinned(as: generation) : plan
    let object = try Self.configured(plan, configuration, cpus: cpus)
    let found = try Self.find(layout, pins, plan, object)
    var handover = Handover()
    if let found {
      for (map, pinned) in found.maps { try object.map(map).reuse(pinned) }
      try object.loadOnly([CounterProgram.taskScan.rawValue])
    } else {
      handover = try Handover(from: pins, to: layout, plan, object)
      // Just before the load: libbpf 1.1 keeps the kernel's types that this reads, 6 MB, until then, and for ever without it.
      for program in plan.optional {
        if let function = program.function { try object.setAttachTarget(function, of: program.name) }
      }
    }
    try object.load()
    if found == nil { try handover.prepare(object, attempts: plan.attempts, cpus: cpus) }
    let attached = found == nil ? try Self.attach(plan, object) : Attached()
    if found == nil { try Self.pin(layout, pins, plan, object, attached.hooks) }
    hooks = attached.hooks.map(\.link)
    refused = found.map { $0.refused(of: plan) } ?? attached.refused
    inherited = found?.programs
    inheritedLinks = found?.links ?? []
    self.layout = layout
    self.generation = generation
    self.plan = plan
    self.object = object
  }

  private struct Attached {
    var hooks: [(name: String, link: Link)] = []
    var refused: [Collector: BPFError] = [:]
  }

  private static func attach(
    _ plan: ProgramPlan, _ object: borrowing BPFObject
  ) throws(BPFError) -> Attached {
    var attached = Attached()
    for name in plan.required { attached.hooks.append((name, try object.attach(name))) }
    var optional: [(program: ProgramPlan.OptionalProgram, link: Link)] = []
    for program in plan.optional {
      do throws(BPFError) {
        optional.append((program, try object.attach(program.name)))
      } catch {
        attached.refused[program.collector] = error
      }
    }
    for (program, link) in optional where attached.refused[program.collector] == nil {
      attached.hooks.append((program.name, link))
    }
    return attached
  }

  /// Opens the object with the programs, sizes and constants of a plan.
  private static func configured(
    _ plan: ProgramPlan, _ configuration: KernelCounters.Configuration, cpus: Int
  ) throws(BPFError) -> BPFObject {
    let object = try BPFObject(embedded: EmbeddedObject.counters, name: "pidns")
    let entries = configuration.mapEntries
    for map: CounterMap in [.namespaces, .signals, .identities] {
      try object.map(map).resize(to: entries)
    }
    try object.map(CounterMap.details).resize(to: UInt32(clamping: UInt64(entries) * detailsPerPart))
    if plan.isSplit { try object.map(CounterMap.cgroups).resize(to: max(1, plan.constants.parts)) }
    try object.map(CounterMap.marks).resize(to: RedundantPrograms.wordsOfMarks)
    try object.map(CounterMap.gates).resize(to: UInt32(cpus))
    for map in plan.mapsOnDemand { try object.map(map).allocateOnDemand() }
    for map in plan.unusedMaps { try object.disableMap(map.rawValue) }
    try object.setConstants(plan.constants, in: BPFObject.configurationSection)
    try object.loadOnly(plan.required + plan.optional.map(\.name) + [CounterProgram.taskScan.rawValue])
    return object
  }

  private static func isPinned(_ pins: borrowing PinFolder?) -> Bool {
    switch pins {
    case .some: true
    case .none: false
    }
  }

  private static func find(
    _ layout: String, _ pins: borrowing PinFolder?, _ plan: ProgramPlan, _ object: borrowing BPFObject
  ) throws(BPFError) -> PinnedLayout? {
    switch pins {
    case .some(let pins):
      for other in pins.layouts where other != layout { try PinnedLayout.check(other, in: pins) }
      guard pins.layouts.contains(layout) else { return nil }
      if let found = try PinnedLayout(layout, in: pins, plan, object) { return found }
      // Pins were removed. What is left is carried over to new programs, like the counts of another layout.
      try PinnedLayout.check(layout, in: pins)
      try pins.replace(layout)
      return nil
    case .none: return nil
    }
  }

  private static func pin(
    _ layout: String, _ pins: borrowing PinFolder?, _ plan: ProgramPlan, _ object: borrowing BPFObject,
    _ hooks: [(name: String, link: Link)]
  ) throws(BPFError) {
    switch pins {
    case .some(let pins):
      try pins.make(layout) { path throws(BPFError) in
        for map in plan.usedMaps { try object.map(map).pin(to: path(.map, map.pinName)) }
        for (name, link) in hooks {
          try object.pinProgram(name, to: path(.program, name))
          try link.pin(to: path(.link, name))
        }
      }
    case .none: break
    }
  }

  /// Reads the counts of a program: its runs and misses. One system call.
  func information(of name: String) throws(BPFError) -> ProgramInformation {
    if let program = inherited?[name] { return try program.information() }
    return try object.information(ofProgram: name)
  }

  /// Finds a map; nil for one that no program uses.
  func mapIfUsed(_ map: CounterMap) throws(BPFError) -> BPFMap? {
    plan.unusedMaps.contains(map) ? nil : try object.map(map)
  }

  /// The programs, and whether each is attached.
  var programs: [(name: String, isAttached: Bool)] {
    (plan.required + [CounterProgram.taskScan.rawValue]).map { ($0, true) }
      + plan.optional.map { program in
        (program.name, refused[program.collector] == nil)
      }
  }
}
