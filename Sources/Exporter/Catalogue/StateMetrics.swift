// SPDX-License-Identifier: Apache-2.0

import Exposition
import Namespaces

extension Catalogue {
  /// What survives a restart: with `--bpf.pin` only.
  static let state: [Metric] = [
    Metric(
      family: MetricFamily(
        "pidns_state_last_write_timestamp_seconds", .gauge, unit: "seconds",
        help: "Time of the last write of the state file since unix epoch in seconds; 0 before the first one."),
      isShown: { $0.isPinned }
    ) { $0.sample(.empty, $1.state?.time ?? 0) },
    Metric(
      family: MetricFamily(
        "pidns_state_write_failures", .counter, help: "Writes of the state file that failed."),
      isShown: { $0.isPinned }
    ) { $0.sample(.empty, $1.state?.failures ?? 0) },
    Metric(
      family: MetricFamily(
        "pidns_bpf_pinned", .gauge,
        help: "1 if all pins exist, so that counting continues while no exporter runs, 0 otherwise."),
      isShown: { $0.isPinned }
    ) { $0.sample(.empty, $1.lacksPins == true ? 0 : 1) },
    Metric(
      family: MetricFamily(
        "pidns_handovers", .counter,
        help:
          "Hand-overs from pinned programs of another layout; after an incomplete one, events may be missing or counted twice."
      ),
      isShown: { $0.isPinned }
    ) { encoder, snapshot in
      encoder.sample(LabelSet(["result": "complete"]), snapshot.handovers.complete)
      encoder.sample(LabelSet(["result": "incomplete"]), snapshot.handovers.incomplete)
    },
  ]
}
