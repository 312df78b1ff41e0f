// SPDX-License-Identifier: Apache-2.0

import Probe

/// Programs to be measured at the hooks: the exporter's with some flags, or others to compare with.
struct Candidate {
  enum Programs {
    case baseline(BaselinePrograms.Kind)
    case exporter(flags: [String])
  }

  let name: String
  let programs: Programs

  static let empty = Candidate(name: "empty", programs: .baseline(.empty))
  static let counts = Candidate(name: "counts only", programs: .baseline(.counts))
  static let defaults = exporter("exporter, defaults")
  static let withoutExemplars = exporter("exporter, no exemplars", "--no-exemplars")
  static let inAttempts = exporter("exporter, in attempts", "--bpf.count-in-attempts")
  static let claimed = exporter("exporter, claimed", "--bpf.exit-detection=claimed")

  /// The exporter as it is started without flags, but for these.
  private static func exporter(_ name: String, _ flags: String...) -> Self {
    Candidate(name: name, programs: .exporter(flags: flags))
  }

  /// The exporter with these collectors and no other.
  static func exporter(_ name: String, collectors: [Collector], exemplars: Bool = false) -> Self {
    let flags = flags(collectors: collectors) + [exemplars ? "--exemplars" : "--no-exemplars"]
    return Candidate(name: name, programs: .exporter(flags: flags))
  }

  /// What turns these collectors on, and all others off.
  static func flags(collectors: [Collector]) -> [String] {
    Collector.allCases.map {
      (collectors.contains($0) ? "--collector." : "--no-collector.") + $0.rawValue
    }
  }
}
