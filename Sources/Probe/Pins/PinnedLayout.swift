// SPDX-License-Identifier: Apache-2.0

import CPidns
import LibBPF
import Platform

/// The maps and attached programs that an earlier process has pinned, checked.
struct PinnedLayout {
  let maps: [CounterMap: PinnedObject]
  /// Attached programs by name. One that the kernel refused to attach is missing.
  let programs: [String: PinnedObject]
  /// The attachments. While this process has them open, the programs stay attached without their pins.
  let links: [PinnedObject]

  /// Opens a layout.
  ///
  /// - Parameters:
  ///   - plan: The plan that has this layout's name.
  ///   - object: The same plan's object, whose maps have their attributes.
  /// - Throws: `BPFError` if anything is missing or is not what this plan has.
  init(
    _ layout: String, in folder: borrowing PinFolder, _ plan: ProgramPlan, _ object: borrowing BPFObject
  ) throws(BPFError) {
    let pins = Set(try folder.pins(of: layout))
    var maps: [CounterMap: PinnedObject] = [:]
    var numbers: Set<UInt32> = []
    for map in plan.usedMaps {
      let path = folder.path(layout, .map, map.pinName)
      let pinned = try PinnedObject(opening: path, .map)
      let (shape, number) = try pinned.map()
      guard shape == (try object.map(map).shape) else { throw Self.foreign(path, "another map") }
      maps[map] = pinned
      numbers.insert(number)
    }
    var programs: [String: PinnedObject] = [:]
    var links: [PinnedObject] = []
    for name in plan.required + plan.optional.map(\.name) {
      let paths = (folder.path(layout, .program, name), folder.path(layout, .link, name))
      let isOptional = !plan.required.contains(name)
      if isOptional && !pins.contains("\(PinnedObject.Kind.link.rawValue)_\(name)") { continue }
      let program = try PinnedObject(opening: paths.0, .program)
      let attached = try program.program()
      guard attached.isTracing && attached.name == name.prefix(15) else {
        throw Self.foreign(paths.0, "another program")
      }
      guard !attached.maps.isDisjoint(with: numbers) else {
        throw Self.foreign(paths.0, "a program that counts in other maps")
      }
      let link = try PinnedObject(opening: paths.1, .link)
      guard try link.programOfLink() == attached.id else {
        throw Self.foreign(paths.1, "the link of another program")
      }
      links.append(link)
      programs[name] = program
    }
    self.maps = maps
    self.programs = programs
    self.links = links
  }

  /// The collectors of which no program could be attached when the layout was made.
  func refused(of plan: ProgramPlan) -> [Collector: BPFError] {
    var refused: [Collector: BPFError] = [:]
    for program in plan.optional where programs[program.name] == nil {
      refused[program.collector] = BPFError(
        refusing: "the kernel had refused to attach \(program.name) when it was pinned", advice: "")
    }
    return refused
  }

  fileprivate static func foreign(_ path: String, _ what: String) -> BPFError {
    BPFError(
      refusing: "\(path) is \(what)",
      advice: "remove the folder with pidns-exporter unpin, which loses the counts in it")
  }

  /// The name of the layout of a plan: changes with anything that its maps or programs depend on.
  static func name(of plan: ProgramPlan, _ configuration: KernelCounters.Configuration) -> String {
    var hash = FNV()
    // Programs, maps, and the contract, which is compiled into them.
    EmbeddedObject.counters.withUTF8Buffer { unsafe hash.add($0) }
    unsafe withUnsafeBytes(of: plan.constants) { unsafe hash.add($0) }
    hash.add(configuration.mapEntries)
    hash.add(RedundantPrograms.wordsOfMarks)
    // Without the gates, of which the layout's own name decides.
    for map in CounterMap.allCases where map != .gates {
      hash.add((plan.mapsOnDemand.contains(map) ? 1 : 0) + (plan.usedMaps.contains(map) ? 2 : 0))
    }
    for program in plan.required { hash.add(program) }
    for program in plan.optional { hash.add("\(program.name) \(program.function ?? "")") }
    return hash.text
  }

  /// The number of a layout's programs in the map of gates; never 0, which opens no gate, nor the one that opens all.
  static func generation(of layout: String) -> UInt32 {
    let number = UInt32(layout.suffix(8), radix: 16) ?? 1
    return min(max(number, 1), PIDNS_ANY_GENERATION - 1)
  }
}

extension PinnedObject {
  /// Opens a pin of a kind.
  convenience init(opening path: String, _ expected: Kind) throws(BPFError) {
    do throws(BPFError) {
      try self.init(opening: path)
    } catch {
      throw BPFError(
        error.operation, errno: error.errno, detail: error.detail,
        advice: "remove the folder with pidns-exporter unpin, which loses the counts in it")
    }
    guard kind == expected else { throw PinnedLayout.foreign(path, "no \(expected.rawValue)") }
  }
}
