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

  /// Opens a layout. Returns nil if it lacks pins.
  ///
  /// - Parameters:
  ///   - plan: The plan that has this layout's name.
  ///   - object: The same plan's object, whose maps have their attributes.
  /// - Throws: `BPFError` if anything is not what this plan has.
  init?(
    _ layout: String, in folder: borrowing PinFolder, _ plan: ProgramPlan, _ object: borrowing BPFObject
  ) throws(BPFError) {
    let pins = Set(try folder.pins(of: layout))
    let names = plan.programs(pinned: pins)
    guard pins.isSuperset(of: plan.usedMaps.map { Self.pin(.map, $0.pinName) }),
      pins.isSuperset(of: names.flatMap { [Self.pin(.program, $0), Self.pin(.link, $0)] })
    else { return nil }
    var maps: [CounterMap: PinnedObject] = [:]
    var numbers: [CounterMap: UInt32] = [:]
    for map in plan.usedMaps {
      let path = folder.path(layout, .map, map.pinName)
      let pinned = try PinnedObject(opening: path, .map)
      let (shape, number) = try pinned.map()
      guard shape == (try object.map(map).shape) else { throw Self.foreign(path, "another map") }
      maps[map] = pinned
      numbers[map] = number
    }
    var programs: [String: PinnedObject] = [:]
    var used: Set<UInt32> = []
    var links: [PinnedObject] = []
    for name in names {
      let (program, usedMaps) = try Self.program(name, of: layout, in: folder)
      guard !usedMaps.isDisjoint(with: numbers.values) else {
        throw Self.foreign(folder.path(layout, .program, name), "a program that counts in other maps")
      }
      used.formUnion(usedMaps)
      links.append(try Self.link(name, to: program, of: layout, in: folder))
      programs[name] = program
    }
    for (map, number) in numbers where !used.contains(number) {
      throw Self.unused(folder.path(layout, .map, map.pinName))
    }
    self.maps = maps
    self.programs = programs
    self.links = links
  }

  /// Checks a layout of another plan, or one that lacks pins, as far as this program knows what it should have.
  ///
  /// - Throws: `BPFError` for a program that is not what its pin says, for a link of another one, and for a map to be read or to be
  ///   shared in which no program of the layout counts.
  /// - Returns: The numbers of all maps that its programs use.
  @discardableResult
  static func check(_ layout: String, in folder: borrowing PinFolder) throws(BPFError) -> Set<UInt32> {
    let pins = try folder.pins(of: layout)
    var used: Set<UInt32> = []
    for name in pins.compactMap({ Self.name($0, .program) }) {
      let (program, maps) = try Self.program(name, of: layout, in: folder)
      used.formUnion(maps)
      if pins.contains(pin(.link, name)) { _ = try link(name, to: program, of: layout, in: folder) }
    }
    for map in CounterMap.allCases where pins.contains(pin(.map, map.pinName)) {
      let path = folder.path(layout, .map, map.pinName)
      guard used.contains(try PinnedObject(opening: path, .map).map().id) else {
        throw unused(path)
      }
    }
    return used
  }

  /// Opens a pinned program, and returns it with the numbers of its maps.
  private static func program(
    _ name: String, of layout: String, in folder: borrowing PinFolder
  ) throws(BPFError) -> (PinnedObject, maps: Set<UInt32>) {
    let path = folder.path(layout, .program, name)
    let program = try PinnedObject(opening: path, .program)
    let attached = try program.program()
    guard attached.isTracing && attached.name == name.prefix(15) else {
      throw foreign(path, "another program")
    }
    return (program, attached.maps)
  }

  private static func link(
    _ name: String, to program: PinnedObject, of layout: String, in folder: borrowing PinFolder
  ) throws(BPFError) -> PinnedObject {
    let path = folder.path(layout, .link, name)
    let link = try PinnedObject(opening: path, .link)
    guard try link.programOfLink() == program.program().id else {
      throw foreign(path, "the link of another program")
    }
    return link
  }

  /// The name of a pin.
  fileprivate static func pin(_ kind: PinnedObject.Kind, _ name: String) -> String {
    "\(kind.rawValue)_\(name)"
  }

  /// The object's name in that of a pin; nil for a pin of another kind.
  private static func name(_ pin: String, _ kind: PinnedObject.Kind) -> String? {
    pin.hasPrefix(kind.rawValue + "_") ? String(pin.dropFirst(kind.rawValue.count + 1)) : nil
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

  private static func unused(_ path: String) -> BPFError {
    foreign(path, "a map in which no program of its folder counts")
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

extension ProgramPlan {
  /// The programs that a whole layout with these pins has: an optional one only if it has a pin.
  fileprivate func programs(pinned pins: Set<String>) -> [String] {
    required
      + optional.map(\.name).filter { name in
        [PinnedObject.Kind.program, .link].contains { pins.contains(PinnedLayout.pin($0, name)) }
      }
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
