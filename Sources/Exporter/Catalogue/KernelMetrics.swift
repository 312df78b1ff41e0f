// SPDX-License-Identifier: Apache-2.0

import Exposition
import Namespaces
import Probe

extension Catalogue {
  /// The state of the BPF programs and maps.
  static let kernel: [Metric] = [
    .perMap("pidns_bpf_map_entries", help: "Entries in a BPF map.") { UInt64($0.entries) },
    .perMap("pidns_bpf_map_capacity", help: "Maximum number of entries in a BPF map.") {
      UInt64($0.capacity)
    },
    .perMap(
      "pidns_bpf_map_memory_bytes", unit: "bytes", help: "Memory that the kernel accounts to a BPF map."
    ) { $0.memoryBytes },
    Metric(
      family: MetricFamily(
        "pidns_bpf_events_dropped", .counter,
        help:
          "Events that could not be attributed to a PID namespace, by reason; the node totals include them.")
    ) { encoder, snapshot in
      for reason in DropReason.allCases {
        let dropped = snapshot.node.dropped[reason]?.total ?? 0
        encoder.sample(LabelSet(["reason": reason.rawValue]), dropped)
      }
    },
    .one(
      MetricFamily(
        "pidns_bpf_details_dropped", .counter,
        help:
          "Exit codes, exec failures and signal deaths that were not counted by kind because the map was full."
      )
    ) { $0.node.detailsDropped },
    .one(
      MetricFamily(
        "pidns_cgroups_dropped", .counter,
        help:
          "Events and task scans in cgroups beyond --cgroups.max; the series of their PID namespace include them."
      )
    ) { $0.node.partsRefused },
    .perProgram(
      "pidns_bpf_program_attached", .gauge,
      help: "1 if the BPF program is attached, 0 if the kernel does not support this optional program."
    ) { $1.sample($0, $2.isAttached ? 1 : 0 as UInt64) },
    .perProgram(
      "pidns_bpf_program_runs", .counter,
      help: "Runs of a BPF program while kernel.bpf_stats_enabled was 1."
    ) { $1.sample($0, $2.runs) },
    .perProgram(
      "pidns_bpf_program_run_seconds", .counter, unit: "seconds",
      help: "Time spent in a BPF program while kernel.bpf_stats_enabled was 1."
    ) { $1.sample($0, Double($2.runNanoseconds) / 1e9) },
    .perProgram(
      "pidns_bpf_program_misses", .counter,
      help: "Runs of a BPF program that the kernel skipped because it was already running on that CPU."
    ) { $1.sample($0, $2.misses) },
  ]
}

extension Metric {
  /// A gauge with a sample for each BPF map.
  fileprivate static func perMap(
    _ name: String, unit: String? = nil, help: String,
    _ value: @escaping @Sendable (MapStatus) -> UInt64
  ) -> Metric {
    Metric(family: MetricFamily(name, .gauge, unit: unit, help: help)) { encoder, snapshot in
      for map in snapshot.maps {
        encoder.sample(LabelSet(["map": map.map]), value(map))
      }
    }
  }

  /// A family with a sample for each BPF program.
  fileprivate static func perProgram(
    _ name: String, _ kind: MetricFamily.Kind, unit: String? = nil, help: String,
    _ sample: @escaping @Sendable (LabelSet, inout Encoder, ProgramStatus) -> Void
  ) -> Metric {
    Metric(family: MetricFamily(name, kind, unit: unit, help: help)) { encoder, snapshot in
      for program in snapshot.programs {
        sample(LabelSet(["program": program.program]), &encoder, program)
      }
    }
  }
}
