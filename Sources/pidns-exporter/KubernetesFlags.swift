// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import Exporter
import Kubernetes
import Platform

/// Flags for pod names.
struct KubernetesFlags: ParsableArguments {
  @Flag(
    name: .customLong("kubernetes"),
    help:
      "Read the names of this node's pods and containers from the API server; needs permission to list and watch pods."
  )
  var isOn = false

  @Option(
    name: .customLong("kubernetes.kubeconfig"),
    help: ArgumentHelp(
      "Kubeconfig to reach the API server from outside the cluster; implies --kubernetes.", valueName: "path")
  )
  var kubeconfig: String?

  @Option(
    name: .customLong("kubernetes.context"),
    help: ArgumentHelp(
      "Context of the kubeconfig to use (default: its current-context).", valueName: "name"))
  var context: String?

  @Option(
    name: .customLong("kubernetes.node"),
    help: ArgumentHelp("Name of this node in the API (default: the variable NODE_NAME).", valueName: "name"))
  var node: String?

  /// Whether pods come from an API server.
  var isConfigured: Bool { isOn || kubeconfig != nil }

  func validate() throws {
    guard isConfigured || node == nil else {
      throw ValidationError(
        "--kubernetes.node has no effect alone: add --kubernetes or --kubernetes.kubeconfig")
    }
    guard context == nil || kubeconfig != nil else {
      throw ValidationError(
        "--kubernetes.context has no effect without a kubeconfig: add --kubernetes.kubeconfig")
    }
    guard !isOn && kubeconfig == nil || nodeName != nil else {
      throw ValidationError(
        "--kubernetes and --kubernetes.kubeconfig need the name of this node: give --kubernetes.node, or set the pod's variable NODE_NAME to its spec.nodeName"
      )
    }
  }

  /// Returns the node and the API server to watch; nil without pod names.
  func watchedNode() throws -> CounterPipeline.Node? {
    guard isConfigured, let nodeName else { return nil }
    return CounterPipeline.Node(api: try server(), name: nodeName)
  }

  /// Returns the API server: that of the kubeconfig, or of the cluster whose pod this is.
  func server() throws -> Kubernetes.Configuration {
    let api: Kubernetes.Configuration
    if let kubeconfig {
      do {
        api = try .kubeconfig(path: kubeconfig, context: context)
      } catch {
        throw ExporterError("--kubernetes.kubeconfig: \(error.description)")
      }
    } else {
      api = try .inCluster(environment: Environment.variables)
    }
    try api.check()
    return api
  }

  private var nodeName: String? {
    let name = node ?? Environment.variables["NODE_NAME"]
    return name?.isEmpty == true ? nil : name
  }
}
