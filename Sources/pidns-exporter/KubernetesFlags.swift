// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import Exporter
import Kubernetes
import Platform

/// Where pods are known.
struct KubernetesFlags: ParsableArguments {
  @Flag(
    name: .customLong("kubernetes"),
    help: "Name the containers of this node's pods, by the API server; needs to list and watch pods.")
  var isOn = false

  @Option(
    name: .customLong("kubernetes.kubeconfig"),
    help: ArgumentHelp("How to reach the API server from outside of the cluster.", valueName: "path"))
  var kubeconfig: String?

  @Option(
    name: .customLong("kubernetes.context"),
    help: ArgumentHelp(
      "Context of the kubeconfig to use (default: its current-context).", valueName: "name"))
  var context: String?

  @Option(
    name: .customLong("kubernetes.node"),
    help: ArgumentHelp("What the API calls this node (default: the variable NODE_NAME).", valueName: "name"))
  var node: String?

  func validate() throws {
    guard isOn || kubeconfig != nil || node == nil else {
      throw ValidationError("--kubernetes.node needs --kubernetes")
    }
    guard context == nil || kubeconfig != nil else {
      throw ValidationError(
        "--kubernetes.context needs --kubernetes.kubeconfig: a context is a part of that file")
    }
    guard !isOn && kubeconfig == nil || nodeName != nil else {
      throw ValidationError(
        "--kubernetes needs this node's name: give --kubernetes.node, or have the pod's NODE_NAME be its spec.nodeName"
      )
    }
  }

  /// Whose pods are watched; nil for none.
  func watchedNode() throws(KubernetesError) -> CounterPipeline.Node? {
    guard isOn || kubeconfig != nil, let nodeName else { return nil }
    let api: Kubernetes.Configuration
    if let kubeconfig {
      api = try .kubeconfig(path: kubeconfig, context: context)
    } else {
      api = try .inCluster(environment: Environment.variables)
    }
    try api.check()
    return CounterPipeline.Node(api: api, name: nodeName)
  }

  private var nodeName: String? {
    let name = node ?? Environment.variables["NODE_NAME"]
    return name?.isEmpty == true ? nil : name
  }
}
