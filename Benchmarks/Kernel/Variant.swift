// SPDX-License-Identifier: Apache-2.0

import Probe

/// The programs to measure: the exporter's with some flags, or baseline programs.
struct Variant {
  enum Programs {
    case baseline(BaselinePrograms.Kind)
    case exporter(flags: [String])
  }

  let name: String
  let programs: Programs

  static let empty = Variant(name: "empty", programs: .baseline(.empty))
  static let counts = Variant(name: "counts only", programs: .baseline(.counts))
  static let bare = Variant(name: "two bare counters", programs: .baseline(.bare))
  static let clock = Variant(name: "the same, and the time of exits", programs: .baseline(.clock))
  static let defaults = exporter("exporter, defaults")
  static let withoutExemplars = exporter("exporter, no exemplars", "--no-exemplars")
  static let inAttempts = exporter("exporter, in attempts", "--bpf.count-in-attempts")
  static let notSplit = exporter("exporter, not by cgroup", "--cgroups.split=none")
  static let allSplit = exporter("exporter, all by cgroup", "--cgroups.split=all")
  static let claimed = exporter("exporter, claimed", "--bpf.exit-detection=claimed")

  /// Returns the exporter with only these flags.
  static func exporter(_ name: String, _ flags: String...) -> Self {
    Variant(name: name, programs: .exporter(flags: flags))
  }

  /// Returns the exporter with only these collectors.
  static func exporter(_ name: String, collectors: [Collector], exemplars: Bool = false) -> Self {
    let flags = flags(collectors: collectors) + [exemplars ? "--exemplars" : "--no-exemplars"]
    return Variant(name: name, programs: .exporter(flags: flags))
  }

  /// Returns the flags that enable these collectors and disable all others.
  static func flags(collectors: [Collector]) -> [String] {
    Collector.allCases.map {
      (collectors.contains($0) ? "--collector." : "--no-collector.") + $0.rawValue
    }
  }
}
