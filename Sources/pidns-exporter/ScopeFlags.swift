// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import Exporter

/// Which PID namespaces are counted, or watched for events.
struct ScopeFlags: ParsableArguments {
  @Option(
    name: .customLong("namespaces.scope"),
    help: ArgumentHelp(
      "PID namespaces to count: host counts all; own counts the exporter's and those inside it, for a node that is a container (kind, minikube).",
      valueName: "scope"))
  var scope = NamespaceScope.host
}
