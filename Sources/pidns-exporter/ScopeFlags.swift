// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import Exporter
import Probe

/// Flags that select the PID namespaces to observe.
struct ScopeFlags: ParsableArguments {
  @Option(
    name: .customLong("namespaces.scope"),
    help: ArgumentHelp(
      "PID namespaces to count: host counts all; own counts the exporter's and those inside it, for a node that is a container (kind, minikube).",
      valueName: "scope"))
  var scope = NamespaceScope.host

  @Option(
    name: .customLong("cgroups.split"),
    help: ArgumentHelp(
      "Processes to count by cgroup within their PID namespace: shared counts those outside the cgroup of the namespace's init, for pods with hostPID or a shared namespace and for systemd units; all; none.",
      valueName: "processes"))
  var split = Split.shared
}
