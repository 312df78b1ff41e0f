// SPDX-License-Identifier: Apache-2.0

import Glibc
package import LibBPF
import Platform

/// The folder of `--bpf.pin`, in a BPF file system. It keeps maps and attached programs while no exporter runs.
///
/// Each layout has a folder in it, with a pin for each map, program and link: ``PinnedLayout``. One process at a time
/// uses it: the one that has its lock.
package struct PinFolder: ~Copyable {
  /// The end of the name of a layout's folder while it is made. A BPF file system allows no dot.
  private static let unfinished = "_unfinished"
  /// The end of the name of a layout whose programs are detached, or about to be.
  private static let replaced = "_replaced"
  private static let layoutPrefix = "layout_"

  private let folder: PrivateFolder

  /// Opens the folder and takes its lock. Makes the folder if it does not exist. Removes what a killed process left half
  /// made, which nobody has read, and detaches what it left half detached.
  ///
  /// - Throws: `BPFError` if another process uses it, or if others could change what is in it.
  package init(_ path: String) throws(BPFError) {
    if unsafe mkdir(path, 0o700) != 0 && errno != EEXIST {
      throw BPFError(
        "make the folder \(path)", errno: errno,
        advice:
          "--bpf.pin needs a folder that this user can make in a BPF file system, such as /sys/fs/bpf/pidns")
    }
    let folder = try Self.lock(path)
    for name in folder.entries() where name.hasSuffix(Self.unfinished) { try Self.remove(name, in: path) }
    for name in folder.entries() where name.hasSuffix(Self.replaced) { try Self.detach("\(path)/\(name)") }
    self.folder = folder
  }

  /// Removes the folder with all that is pinned in it, so that its programs are detached and its counts are lost.
  ///
  /// - Throws: `BPFError` if a process uses it, and if it has other files.
  package static func unpin(_ path: String) throws(BPFError) {
    let folder = try lock(path)
    for name in folder.entries() { try remove(name, in: path) }
    // EBUSY: the file system is mounted there.
    if unsafe rmdir(path) != 0 && errno != EBUSY {
      throw BPFError("remove \(path)", errno: errno, advice: "remove it by hand")
    }
  }

  private static func lock(_ path: String) throws(BPFError) -> PrivateFolder {
    let folder = try open(path)
    guard folder.lock() else {
      throw BPFError(
        refusing: "another process uses \(path), the folder of --bpf.pin",
        advice: "stop that one first, or use another folder")
    }
    return folder
  }

  /// Opens a folder that nobody else can change, in a BPF file system.
  private static func open(_ path: String) throws(BPFError) -> PrivateFolder {
    let folder: PrivateFolder
    do throws(PrivateFolder.Problem) {
      folder = try PrivateFolder(opening: path)
    } catch {
      throw BPFError(refusing: "\(path) \(error)", advice: error.advice)
    }
    guard folder.isInBPFFileSystem else {
      throw BPFError(
        refusing: "\(path) is not in a BPF file system",
        advice: "mount one (mount -t bpf bpf /sys/fs/bpf), or give a folder in it")
    }
    return folder
  }

  /// The names of the layouts that are pinned, whole ones only.
  package var layouts: [String] {
    folder.entries().filter { $0.hasPrefix(Self.layoutPrefix) && !$0.hasSuffix(Self.unfinished) }
      .map { String($0.dropFirst(Self.layoutPrefix.count)) }
  }

  /// Whether other programs count instead of this layout's.
  static func isReplaced(_ layout: String) -> Bool { layout.hasSuffix(replaced) }

  /// The path of a pin.
  func path(_ layout: String, _ kind: PinnedObject.Kind, _ name: String) -> String {
    "\(path(layout))/\(kind.rawValue)_\(name)"
  }

  private func path(_ layout: String) -> String { "\(folder.path)/\(Self.layoutPrefix)\(layout)" }

  /// Checks that nobody else can change the pins of a layout, and returns their names, such as `map_node`.
  func pins(of layout: String) throws(BPFError) -> [String] { try Self.open(path(layout)).entries() }

  /// Opens the map of another layout; nil if it has none of this name.
  func map(_ map: CounterMap, of layout: String) throws(BPFError) -> PinnedObject? {
    guard try pins(of: layout).contains("\(PinnedObject.Kind.map.rawValue)_\(map.pinName)") else {
      return nil
    }
    return try PinnedObject(opening: path(layout, .map, map.pinName), .map)
  }

  /// Begins to watch the pins of a layout.
  func watch(_ layout: String) throws(BPFError) -> PinWatch {
    let folder = path(layout)
    return PinWatch(folder: folder, pins: try pins(of: layout).map { "\(folder)/\($0)" })
  }

  /// Detaches the programs of a layout, whose maps stay. The kernel does so some milliseconds later.
  ///
  /// Renames it first. Otherwise, if this process is killed before it removes the layout, a process that has this layout
  /// itself would find it without programs.
  ///
  /// - Returns: Its name since then.
  func detach(_ layout: String) throws(BPFError) -> String {
    let name = Self.isReplaced(layout) ? layout : try replace(layout)
    try Self.detach(path(name))
    return name
  }

  /// Renames a layout whose programs are about to be detached.
  ///
  /// - Returns: Its name since then.
  @discardableResult
  func replace(_ layout: String) throws(BPFError) -> String {
    var name = layout
    let layouts = layouts
    repeat { name += Self.replaced } while layouts.contains(name)
    guard unsafe rename(path(layout), path(name)) == 0 else {
      throw BPFError("rename the folder \(path(layout))", errno: errno)
    }
    return name
  }

  /// Removes the links in the folder of a layout.
  private static func detach(_ path: String) throws(BPFError) {
    for pin in try open(path).entries() where pin.hasPrefix(PinnedObject.Kind.link.rawValue + "_") {
      guard unsafe unlink("\(path)/\(pin)") == 0 else {
        throw BPFError("remove \(path)/\(pin)", errno: errno)
      }
    }
  }

  /// Makes a layout, which appears whole or not at all.
  ///
  /// - Parameter pin: Pins what is in it. Its argument returns the path for a pin.
  func make(
    _ layout: String, pin: (_ path: (PinnedObject.Kind, String) -> String) throws(BPFError) -> Void
  ) throws(BPFError) {
    let draft = layout + Self.unfinished
    guard unsafe mkdir(path(draft), 0o700) == 0 else {
      throw BPFError("make the folder \(path(draft))", errno: errno)
    }
    do throws(BPFError) {
      try pin { path(draft, $0, $1) }
      guard unsafe rename(path(draft), path(layout)) == 0 else {
        throw BPFError("rename the folder \(path(draft))", errno: errno)
      }
    } catch {
      try? remove(layout: draft)
      throw error
    }
  }

  /// Removes a layout: its programs are detached, and its counts are lost.
  package func remove(layout: String) throws(BPFError) {
    try Self.remove(Self.layoutPrefix + layout, in: folder.path)
  }

  private static func remove(_ name: String, in folder: String) throws(BPFError) {
    let path = "\(folder)/\(name)"
    let kinds: [PinnedObject.Kind] = [.link, .map, .program]
    guard name.hasPrefix(layoutPrefix) else {
      throw BPFError(
        refusing: "\(path) is not of pidns-exporter", advice: "give --bpf.pin a folder of its own")
    }
    // Links first: nothing is counted in maps that are going.
    for pin in try open(path).entries() {
      guard kinds.contains(where: { pin.hasPrefix($0.rawValue + "_") }) else {
        throw BPFError(
          refusing: "\(path)/\(pin) is not of pidns-exporter", advice: "give --bpf.pin a folder of its own")
      }
      guard unsafe unlink("\(path)/\(pin)") == 0 else {
        throw BPFError("remove \(path)/\(pin)", errno: errno)
      }
    }
    guard unsafe rmdir(path) == 0 else { throw BPFError("remove \(path)", errno: errno) }
  }
}
