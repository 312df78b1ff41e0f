// SPDX-License-Identifier: Apache-2.0

import Exposition
import Namespaces
import Probe

extension Catalogue {
  /// Events on the node. They are counted separately, so they include events without a namespace.
  static let node: [Metric] = [
    .one(
      MetricFamily(
        "pidns_node_process_execs", .counter,
        help: "Successful execve/execveat calls in all PID namespaces of the node.")
    ) { $0.node.total.counts.execs },
    .one(
      MetricFamily(
        "pidns_node_process_forks", .counter, help: "New processes in all PID namespaces of the node.")
    ) { $0.node.total.counts.forks },
    .one(
      MetricFamily(
        "pidns_node_thread_starts", .counter,
        help: "New threads of existing processes in all PID namespaces of the node.")
    ) { $0.node.total.counts.threadStarts },
    Metric(
      family: MetricFamily(
        "pidns_node_process_exits", .counter,
        help: "Process exits in all PID namespaces of the node, by reason.")
    ) { encoder, snapshot in
      for reason in ExitReason.allCases {
        encoder.sample(reason.labels, snapshot.node.total.exits.byReason[reason])
      }
    },
    Metric.one(
      MetricFamily(
        "pidns_node_oom_kills", .counter,
        help: "Processes killed by the kernel OOM killer in all PID namespaces of the node.")
    ) { $0.node.total.exits.oomKills }.of(.oomKills),
    Metric(
      family: .lifetimes(
        "pidns_node_process_lifetime_seconds",
        help: "Process lifetime from fork to exit in all PID namespaces of the node.")
    ) { encoder, snapshot in
      encoder.lifetimes(.empty, snapshot.node.total.exits.lifetimes)
    }.of(.lifetimes),
  ]
}
