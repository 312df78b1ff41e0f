// SPDX-License-Identifier: Apache-2.0

internal import CPidns
internal import Linux

/// Owns the object's programs and maps once they are loaded and attached, as a plan says.
struct LoadedPrograms: ~Copyable {
  let object: BPFObject
  let plan: ProgramPlan
  /// What is not attached, and why.
  let refused: [(program: ProgramPlan.Optional, error: BPFError)]
  private let hooks: [Link]

  /// Entries of `details` for each entry of `namespaces`. Most have a handful, but most hosts have far
  /// fewer namespaces than there is room for, and a large map takes long to read.
  private static let detailsPerNamespace: UInt64 = 2

  /// Loads and attaches all of it; for each optional program takes note whether the kernel lets it be
  /// attached.
  init(_ plan: ProgramPlan, mapEntries: UInt32) throws(BPFError) {
    let object = try BPFObject(embedded: EmbeddedObject.pidns, name: "pidns")
    try object.map("namespaces").resize(to: mapEntries)
    try object.map("exits").resize(to: mapEntries)
    try object.map("details").resize(
      to: UInt32(clamping: UInt64(mapEntries) * Self.detailsPerNamespace))
    try object.map("counted_events").resize(to: Self.countedEventWords)
    for name in plan.mapsOnDemand { try object.map(name).allocateOnDemand() }
    for name in plan.unusedMaps { try object.leaveOut(map: name) }
    try object.configure(plan.constants)
    try object.loadOnly(plan.required + plan.optional.map(\.name) + plan.iterators)
    for program in plan.optional {
      if let function = program.function { try object.follow(function, by: program.name) }
    }
    try object.load()

    var hooks: [Link] = []
    for name in plan.required { hooks.append(try object.attach(name)) }
    var refused: [(ProgramPlan.Optional, BPFError)] = []
    for program in plan.optional {
      do throws(BPFError) {
        hooks.append(try object.attach(program.name))
      } catch {
        refused.append((program, error))
      }
    }
    self.hooks = hooks
    self.refused = refused
    self.plan = plan
    self.object = object
  }

  /// 64-bit words for the marks of every task that there can be.
  private static var countedEventWords: UInt32 {
    let tasks = ProcFile.read("/proc/sys/kernel/pid_max")
      .flatMap { UInt32($0.split(separator: "\n").first ?? "") }
    let marksPerTask: UInt32 = 4
    return (tasks ?? 4_194_304) / (64 / marksPerTask) + 1
  }

  /// The programs, and whether each is attached.
  var programs: [(name: String, isAttached: Bool)] {
    (plan.required + plan.iterators).map { ($0, true) }
      + plan.optional.map { program in
        (program.name, !refused.contains { $0.program.name == program.name })
      }
  }
}
