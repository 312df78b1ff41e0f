// SPDX-License-Identifier: Apache-2.0

import TestSupport

@testable import Exporter
@testable import Namespaces

/// Something that happens on the machine, to the exporter or to a scraper.
///
/// A step that does not apply, such as the end of a namespace that does not exist, does nothing. So any part of a history is a
/// history, and a failing one can be shortened. Namespaces are named by their inum, cgroups by their path.
enum Step: Equatable {
  /// A namespace begins, its init in a cgroup. An old one has no event yet: it is older than the exporter.
  case begin(UInt32, in: String, isOld: Bool = false)
  /// Its init execs, after it was moved to a cgroup.
  case exec(UInt32, in: String)
  /// A process in a cgroup, or in the init's, does something.
  case run(UInt32, in: String?, Deed)
  /// A process begins to stay in a cgroup, without an event.
  case stay(UInt32, in: String)
  /// All processes that stay in a cgroup are gone.
  case leave(UInt32, in: String)
  /// A cgroup without processes is removed.
  case remove(String)
  /// All processes of a namespace exit.
  case end(UInt32)
  /// The container of a cgroup is named, or renamed; or its name is forgotten.
  case name(String, String?)
  /// Seconds pass.
  case wait(Int)
  /// The exporter scans the tasks, for the next poll.
  case scan
  /// The exporter reads the maps and publishes.
  case poll
  /// A scraper sends a request; the page is of this moment.
  case request(Int)
  /// It has received its page, or has closed the connection before.
  case receive(Int)
  case abort(Int)
  /// Another process of the exporter begins.
  case restart(Restart)
}

/// What a process does.
enum Deed: Equatable {
  case exec, fork
  case exit(UInt8)
  case die(Int32)
}

/// The end of an exporter and the start of the next one.
struct Restart: Equatable {
  /// The moment of the end. The first one is an orderly stop; the others are kills.
  enum End: CaseIterable {
    case stopped, betweenPolls, beforeSaving, afterSaving, whileDeleting, afterDeleting
  }

  var end = End.stopped
  /// Whether the next one has other programs and maps, and carries the counts of the earlier ones over.
  var isUpgrade = false
  /// `--cgroups.max` of an upgrade, if it is another one.
  var parts: Int?
  /// Whether the programs of another version have counted for a moment, before the next one goes back to those of this one.
  var isRevoked = false
  /// Whether it is killed itself after it has done so: before the earlier maps are removed.
  var isKilledBeforeRemoval = false
  /// Seconds until the next one begins, which count for nothing that a state has.
  var downtime = 0
  /// Its flags, if they are others.
  var flags: Flags?
  /// Whether the state file is lost, or is not of these counts.
  var losesState = false
}

/// Flags that may change without the loss of a state.
struct Flags: Equatable {
  /// `--namespaces.max`
  var series = 100
  /// `--namespaces.retention`, in seconds; 0 is forever
  var retention = 12
  /// `--labels.grace`, in seconds
  var grace = 2
}

extension Flags {
  var limits: Ledger.Limits {
    .init(series: series, retention: retention == 0 ? nil : .seconds(retention))
  }
  /// How long a scraper is remembered, in seconds.
  var memory: Int { retention == 0 ? 300 : retention }
}

/// What stays the same in a history.
struct Setting: Equatable {
  var level = LabelLevel.pidns
  var flags = Flags()
  /// `--cgroups.max`
  var parts = 100
  /// Whether the programs are pinned and a state is saved.
  var hasState = true
  /// `--namespaces.exclude=pidns=…`
  var excluded: UInt32?
  /// Whether pages with all families are read.
  var readsAll = false

  static func random(_ random: inout SeededGenerator) -> Setting {
    var setting = Setting()
    setting.level = [.pidns, .pidns, .pidns, .container, .pod].randomElement(using: &random) ?? .pidns
    setting.flags = .random(&random)
    setting.parts = [0, 2, 100, 100].randomElement(using: &random) ?? 100
    setting.hasState = Int.random(in: 0..<4, using: &random) > 0
    setting.excluded = Int.random(in: 0..<4, using: &random) == 0 ? Step.inums.upperBound : nil
    setting.readsAll = Int.random(in: 0..<8, using: &random) == 0
    return setting
  }
}

extension Flags {
  static func random(_ random: inout SeededGenerator) -> Flags {
    Flags(
      series: [1, 2, 3, 5, 100, 100, 100].randomElement(using: &random) ?? 100,
      retention: [0, 1, 8, 12, 12, 30].randomElement(using: &random) ?? 12,
      grace: [0, 2, 2].randomElement(using: &random) ?? 2)
  }
}

extension Step {
  /// Containers, of which two share a name, a unit and a cgroup inside it, and a cgroup that names nothing.
  static let paths = ["/a", "/b", "/c", "/a/inner", "/x.service", "/x.service/worker", "/other"]
  /// The first one is the host's.
  static let inums: ClosedRange<UInt32> = 1...4
  static let scrapers = 0..<3

  static func random(_ random: inout SeededGenerator) -> Step {
    let inum = UInt32.random(in: inums, using: &random)
    let path = paths.randomElement(using: &random) ?? "/a"
    switch Int.random(in: 0..<44, using: &random) {
    case 0, 1: return .begin(inum, in: path, isOld: Int.random(in: 0..<4, using: &random) == 0)
    case 2: return .exec(inum, in: path)
    case 3, 4, 5: return .run(inum, in: nil, .random(&random))
    case 6, 7, 8: return .run(inum, in: path, .random(&random))
    case 9, 10: return .stay(inum, in: path)
    case 11: return .leave(inum, in: path)
    case 12: return .remove(path)
    case 13: return .end(inum)
    case 14, 15: return .name(path, ["a", "b", "n"].randomElement(using: &random))
    case 16: return .name(path, Int.random(in: 0..<3, using: &random) == 0 ? nil : path)
    case 17: return .wait([0, 1, 2, 5].randomElement(using: &random) ?? 1)
    case 18: return .wait(Int.random(in: 0..<5, using: &random) == 0 ? 15 : 1)
    case 19, 20: return .abort(.random(in: scrapers, using: &random))
    case 21, 22, 23, 24: return .request(.random(in: scrapers, using: &random))
    case 25, 26, 27, 28: return .receive(.random(in: scrapers, using: &random))
    case 29: return .restart(.random(&random))
    case 30..<35: return .scan
    default: return .poll
    }
  }
}

extension Deed {
  static func random(_ random: inout SeededGenerator) -> Deed {
    let deeds: [Deed] = [.exec, .exec, .fork, .exit(0), .exit(3), .die(7), .die(11), .die(15)]
    return deeds.randomElement(using: &random) ?? .exec
  }
}

extension Restart {
  static func random(_ random: inout SeededGenerator) -> Restart {
    Restart(
      end: End.allCases.randomElement(using: &random) ?? .stopped,
      isUpgrade: Int.random(in: 0..<4, using: &random) == 0,
      parts: [nil, nil, 0, 1, 100].randomElement(using: &random) ?? nil,
      isRevoked: Int.random(in: 0..<4, using: &random) == 0,
      isKilledBeforeRemoval: Int.random(in: 0..<4, using: &random) == 0,
      downtime: [0, 0, 1, 40].randomElement(using: &random) ?? 0,
      flags: Int.random(in: 0..<4, using: &random) == 0 ? .random(&random) : nil,
      losesState: Int.random(in: 0..<10, using: &random) == 0)
  }
}
