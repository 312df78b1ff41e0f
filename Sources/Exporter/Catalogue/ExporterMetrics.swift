// SPDX-License-Identifier: Apache-2.0

import Exposition
import Namespaces
import Platform
import Probe

extension Catalogue {
  /// The state of the exporter's process and of its polls.
  static let exporter: [Metric] = [
    .one(
      MetricFamily(
        "pidns_up", .gauge,
        help: "1 if the required BPF programs count and the last poll succeeded, 0 otherwise.")
    ) { $0.failure == nil && $0.isCounting ? 1 : 0 },
    .oneReal(
      MetricFamily(
        "pidns_poll_duration_seconds", .gauge, unit: "seconds", help: "Duration of the last poll in seconds.")
    ) { $0.duration / .seconds(1) },
    .oneReal(
      MetricFamily(
        "pidns_last_poll_timestamp_seconds", .gauge, unit: "seconds",
        help: "End time of the last poll since unix epoch in seconds.")
    ) { $0.time },
    Metric(
      family: MetricFamily(
        "pidns_disturbances", .counter,
        help:
          "Events that explain gaps and jumps in graphs: a late poll, a set clock, a suspended machine, changed CPUs."
      )
    ) { encoder, snapshot in
      for kind in Disturbance.allCases {
        encoder.sample(LabelSet(["kind": kind.rawValue]), snapshot.disturbances[kind] ?? 0)
      }
    },
    .oneReal(
      MetricFamily(
        "pidns_task_walk_duration_seconds", .gauge, unit: "seconds",
        help: "Duration of the last task scan in seconds.")
    ) { $0.taskScan.duration / .seconds(1) },
    .oneReal(
      MetricFamily(
        "pidns_last_task_walk_timestamp_seconds", .gauge, unit: "seconds",
        help: "Start time of the last task scan since unix epoch in seconds.")
    ) { $0.taskScan.start },
    Metric(
      family: MetricFamily(
        "pidns_scrapers", .gauge,
        help: "Scrapers that the exporter remembers; each gets a new series at 0 first."
      ),
      isShown: { $0.holdsFirstSamples }
    ) { $0.sample(.empty, UInt64($1.scrapers.known)) },
    Metric(
      family: MetricFamily(
        "pidns_held_samples", .counter,
        help: "Samples shown at 0 to a scraper because their series was new to it."),
      isShown: { $0.holdsFirstSamples }
    ) { $0.sample(.empty, $1.scrapers.heldSamples) },
    Metric(
      family: MetricFamily(
        "pidns_exporter_build", .info,
        help: "Version, revision and build environment of the exporter; always 1.")
    ) { (encoder, _: Snapshot) in
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
        help: "Total user and system CPU time spent in seconds."), start: { $0.process.startTime }
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
