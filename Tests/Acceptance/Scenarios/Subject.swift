// SPDX-License-Identifier: Apache-2.0

import Foundation
import Harness

/// The container, unit or exporter that series and alerts name.
enum Subject: Hashable, CustomStringConvertible {
  /// The container of a workload's pod, which has the pod name of a Deployment.
  case container(workload: String)
  /// A service, on the host or in a system container.
  case unit(String)
  case instance(String)

  /// Reads the labels of an alert; nil for a PID namespace or a unit outside the scenarios, such as the host's.
  init?(_ labels: [String: String]) {
    if let unit = labels["unit"] {
      let services = [CrashingService.name, RestartingService.name, KeepingService.name].map {
        $0 + ".service"
      }
      guard (services + [ForkingSession.user]).contains(unit) else { return nil }
      self = .unit(unit)
      return
    }
    guard labels["pidns"] != nil || labels["container"] != nil else {
      self = .instance(labels["instance"] ?? "")
      return
    }
    guard labels["namespace"] == ScenarioEnvironment.namespace, let pod = labels["pod"] else { return nil }
    let container = labels["container"] ?? ""
    let workload = pod.hasSuffix(Self.suffix) ? String(pod.dropLast(Self.suffix.count)) : pod
    self = .container(workload: container == Self.container ? workload : "\(workload)/\(container)")
  }

  /// The hashes of ReplicaSet and pod in a pod's name.
  private static let suffix = "-5d8f7c9b4d-x7k2p"
  /// The name of the pod's only container.
  static let container = "app"

  /// Returns the name of a workload's pod.
  static func pod(of workload: String) -> String { workload + suffix }

  /// The label matchers of its series.
  var selector: String {
    switch self {
    case .container(let workload):
      #"namespace="\#(ScenarioEnvironment.namespace)",pod="\#(Self.pod(of: workload))",container="\#(Self.container)""#
    case .unit(let unit): #"unit="\#(unit)""#
    case .instance(let instance): #"instance="\#(instance)""#
    }
  }

  /// The values of a dashboard's variables that select it; its pages show all exporters.
  var variables: [String: String] {
    switch self {
    case .container(let workload):
      [
        "namespace": ScenarioEnvironment.namespace, "pod": Self.pod(of: workload),
        "container": Self.container,
      ]
    case .unit(let unit): ["unit": unit]
    case .instance: [:]
    }
  }

  /// Whether a panel's series is about it. A series without an instance is about every exporter.
  func matches(_ labels: [String: String]) -> Bool {
    switch self {
    case .container(let workload):
      labels["pod"] == Self.pod(of: workload) && labels["container"] == Self.container
    case .unit(let unit): labels["unit"] == unit
    case .instance(let instance): labels["instance"] ?? instance == instance
    }
  }

  var description: String {
    switch self {
    case .container(let workload): workload
    case .unit(let unit): unit
    case .instance(let instance): instance.isEmpty ? "no exporter" : instance
    }
  }
}
