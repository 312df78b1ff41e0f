// SPDX-License-Identifier: Apache-2.0

import CPidns
import LibBPF

/// Owns the object's programs and maps once they are loaded and attached, as a plan says.
struct LoadedPrograms: ~Copyable {
  let object: BPFObject
  let plan: ProgramPlan
  /// The collectors that the kernel refuses, of which no program is attached, and why.
  let refused: [Collector: BPFError]
  private let hooks: [Link]

  /// Entries of `details` for each entry of `namespaces`: most have a handful of exit codes and errnos.
  private static let detailsPerNamespace: UInt64 = 8

  /// Loads and attaches all of it, but for collectors of which the kernel does not let a program be attached.
  init(_ plan: ProgramPlan, mapEntries: UInt32) throws(BPFError) {
    let object = try BPFObject(embedded: EmbeddedObject.counters, name: "pidns")
    try object.map("namespaces").resize(to: mapEntries)
    try object.map("exits").resize(to: mapEntries)
    try object.map("signal_exemplars").resize(to: mapEntries)
    try object.map("identities").resize(to: mapEntries)
    try object.map("details").resize(
      to: UInt32(clamping: UInt64(mapEntries) * Self.detailsPerNamespace))
    try object.map("marks").resize(to: Attempts.wordsOfMarks)
    for name in plan.mapsOnDemand { try object.map(name).allocateOnDemand() }
    for name in plan.unusedMaps { try object.disableMap(name) }
    try object.setConstants(plan.constants, in: ".rodata.config")
    try object.loadOnly(plan.required + plan.optional.map(\.name) + plan.iterators)
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

  /// Finds a map; nil for one that no program uses.
  func mapIfUsed(_ name: String) throws(BPFError) -> BPFMap? {
    plan.unusedMaps.contains(name) ? nil : try object.map(name)
  }

  /// The programs, and whether each is attached.
  var programs: [(name: String, isAttached: Bool)] {
    (plan.required + plan.iterators).map { ($0, true) }
      + plan.optional.map { program in
        (program.name, refused[program.collector] == nil)
      }
  }
}
