// SPDX-License-Identifier: Apache-2.0

internal import BPFKit
internal import Exposition
internal import Linux
internal import Namespaces

/// Every metric there is, in the order in which a scrape shows them. docs/metrics.md is its other half.
enum Catalogue {
  static let metrics: [Metric] = namespaces + node + kernel + exporter

  /// What happened, by namespace.
  private static let namespaces: [Metric] = [
    .perNamespace("pidns_process_execs", help: "Successful execve/execveat calls.") { $0.execs },
    .perNamespace(
      "pidns_process_forks", help: "New processes, attributed to the child's PID namespace."
    ) { $0.forks },
    .perNamespace("pidns_thread_starts", help: "New threads of existing processes.") { $0.threadStarts },
    .perNamespace("pidns_process_exits", help: "Process exits.") { $0.exits },
    Metric(
      family: MetricFamily(
        "pidns_namespaces", .gauge, help: "PID namespaces exposed, by state (live, retained).")
    ) { encoder, state in
      let live = state.snapshot.namespaces.count(where: \.isLive)
      encoder.sample(LabelSet(["state": "live"]), UInt64(live))
      encoder.sample(
        LabelSet(["state": "retained"]), UInt64(state.snapshot.namespaces.count - live))
    },
    .one(
      MetricFamily(
        "pidns_namespace_starts", .counter, help: "PID namespaces started since the exporter started.")
    ) { $0.snapshot.node.total.starts },
    Metric(
      family: MetricFamily(
        "pidns_namespaces_dropped", .counter,
        help: "PID namespaces that found no room when they were first seen, by reason.")
    ) { encoder, state in
      for reason in DropReason.allCases {
        let dropped = state.snapshot.node.dropped[reason]?.starts ?? 0
        encoder.sample(LabelSet(["reason": reason.rawValue]), dropped)
      }
      encoder.sample(LabelSet(["reason": "namespaces_max"]), state.snapshot.refused)
    },
  ]

  /// What happened on the node; counted on its own, so that it holds what no namespace's series could.
  private static let node: [Metric] = [
    .one(
      MetricFamily(
        "pidns_node_process_execs", .counter,
        help: "Successful execve/execveat calls in all PID namespaces of the node.")
    ) { $0.snapshot.node.total.execs },
    .one(
      MetricFamily(
        "pidns_node_process_forks", .counter, help: "New processes in all PID namespaces of the node.")
    ) { $0.snapshot.node.total.forks },
    .one(
      MetricFamily(
        "pidns_node_thread_starts", .counter,
        help: "New threads of existing processes in all PID namespaces of the node.")
    ) { $0.snapshot.node.total.threadStarts },
    .one(
      MetricFamily(
        "pidns_node_process_exits", .counter, help: "Process exits in all PID namespaces of the node.")
    ) { $0.snapshot.node.total.exits },
  ]

  /// How the kernel half fares.
  private static let kernel: [Metric] = [
    .perMap("pidns_bpf_map_entries", help: "Entries in a BPF map.") { UInt64($0.entries) },
    .perMap("pidns_bpf_map_capacity", help: "Entries that a BPF map has room for.") {
      UInt64($0.capacity)
    },
    .perMap(
      "pidns_bpf_map_memory_bytes", unit: "bytes", help: "Memory that the kernel accounts to a BPF map."
    ) { $0.memoryBytes },
    Metric(
      family: MetricFamily(
        "pidns_bpf_events_dropped", .counter,
        help: "Events that are in the node totals but could not be put down to a namespace, by reason.")
    ) { encoder, state in
      for reason in DropReason.allCases {
        let dropped = state.snapshot.node.dropped[reason]?.events ?? 0
        encoder.sample(LabelSet(["reason": reason.rawValue]), dropped)
      }
    },
    .perProgram("pidns_bpf_program_attached", .gauge, help: "1 for each attached BPF program.") {
      labels, encoder, _ in encoder.sample(labels, 1 as UInt64)
    },
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
      help: "Runs of a BPF program that the kernel skipped because it was running on that CPU already."
    ) { $1.sample($0, $2.misses) },
  ]

  /// How the user half fares.
  private static let exporter: [Metric] = [
    .one(
      MetricFamily(
        "pidns_up", .gauge,
        help: "1 while the required programs are attached and the last poll read the maps.")
    ) { $0.snapshot.failure == nil ? 1 : 0 },
    .oneReal(
      MetricFamily(
        "pidns_poll_duration_seconds", .gauge, unit: "seconds", help: "How long the last poll took.")
    ) { $0.snapshot.duration / .seconds(1) },
    .oneReal(
      MetricFamily(
        "pidns_last_poll_timestamp_seconds", .gauge, unit: "seconds",
        help: "When the last poll ended, since unix epoch.")
    ) { $0.time },
    Metric(
      family: MetricFamily(
        "pidns_exporter_build", .info, help: "What the exporter was built from and with; always 1.")
    ) { encoder, _ in
      encoder.sample(
        LabelSet([
          "version": BuildInfo.version, "revision": BuildInfo.revision,
          "swift_version": BuildInfo.swiftVersion, "libbpf_version": BuildInfo.libbpfVersion,
          "arch": BuildInfo.arch,
        ]), 1 as UInt64)
    },
    .oneReal(
      MetricFamily(
        "process_cpu_seconds", .counter, unit: "seconds",
        help: "Total user and system CPU time spent in seconds.")
    ) { $0.process.cpuSeconds },
    .one(MetricFamily("process_open_fds", .gauge, help: "Number of open file descriptors.")) {
      $0.process.openDescriptors
    },
    .one(MetricFamily("process_max_fds", .gauge, help: "Maximum number of open file descriptors.")) {
      $0.process.maximumDescriptors
    },
    .one(
      MetricFamily(
        "process_virtual_memory_bytes", .gauge, unit: "bytes", help: "Virtual memory size in bytes.")
    ) { $0.process.virtualBytes },
    .one(
      MetricFamily(
        "process_resident_memory_bytes", .gauge, unit: "bytes", help: "Resident memory size in bytes.")
    ) { $0.process.residentBytes },
    .oneReal(
      MetricFamily(
        "process_start_time_seconds", .gauge, unit: "seconds",
        help: "Start time of the process since unix epoch in seconds.")
    ) { $0.process.startTime },
    .one(MetricFamily("process_threads", .gauge, help: "Number of threads of the process.")) {
      $0.process.threads
    },
  ]
}

extension Metric {
  /// A gauge with a sample for each BPF map.
  fileprivate static func perMap(
    _ name: String, unit: String? = nil, help: String,
    _ value: @escaping @Sendable (MapStatus) -> UInt64
  ) -> Metric {
    Metric(family: MetricFamily(name, .gauge, unit: unit, help: help)) { encoder, state in
      for map in state.snapshot.maps {
        encoder.sample(LabelSet(["map": map.map]), value(map))
      }
    }
  }

  /// A family with a sample for each BPF program.
  fileprivate static func perProgram(
    _ name: String, _ kind: MetricFamily.Kind, unit: String? = nil, help: String,
    _ sample: @escaping @Sendable (LabelSet, inout Encoder, ProgramStatus) -> Void
  ) -> Metric {
    Metric(family: MetricFamily(name, kind, unit: unit, help: help)) { encoder, state in
      for program in state.snapshot.programs {
        sample(LabelSet(["program": program.program]), &encoder, program)
      }
    }
  }
}
