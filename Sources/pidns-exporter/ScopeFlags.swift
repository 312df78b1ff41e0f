// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import Exporter
import Probe

/// Flags that select the PID namespaces to observe.
struct ScopeFlags: ParsableArguments {
  @Option(
    name: .customLong("namespaces.scope"),
    help: ArgumentHelp(
      "PID namespaces to count. host: all; own: the exporter's and those inside it, for a node that is a container (kind, minikube).",
      valueName: "scope"))
  var scope = NamespaceScope.host

  @Option(
    name: .customLong("cgroups.split"),
    help: ArgumentHelp(
      "Cgroups to count apart within a PID namespace. shared: those other than the cgroup of its init, for systemd units and for pods with hostPID or a shared namespace; all: every cgroup; none: no cgroup.",
      valueName: "cgroups"))
  var split = CgroupSplit.shared
}
