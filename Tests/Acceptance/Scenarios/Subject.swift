// SPDX-License-Identifier: Apache-2.0

/// Whom series and alerts are about.
enum Subject: Hashable, CustomStringConvertible {
  /// The container of a pod of a workload's, called as a Deployment calls it.
  case container(workload: String)
  /// An exporter.
  case instance(String)

  /// By the labels of an alert; nil: a PID namespace that is none of the scenarios', such as the host's.
  init?(_ labels: [String: String]) {
    guard labels["pidns"] != nil || labels["container"] != nil else {
      self = .instance(labels["instance"] ?? "")
      return
    }
    guard labels["namespace"] == Bed.namespace, let pod = labels["pod"] else { return nil }
    let container = labels["container"] ?? ""
    let workload = pod.hasSuffix(Self.suffix) ? String(pod.dropLast(Self.suffix.count)) : pod
    self = .container(workload: container == Self.container ? workload : "\(workload)/\(container)")
  }

  /// What follows a workload's name in its pod's.
  private static let suffix = "-5d8f7c9b4d-x7k2p"
  /// What the pod's one container is called.
  static let container = "app"

  /// The pod of a workload.
  static func pod(of workload: String) -> String { workload + suffix }

  /// What selects its series.
  var selector: String {
    switch self {
    case .container(let workload):
      #"namespace="\#(Bed.namespace)",pod="\#(Self.pod(of: workload))",container="\#(Self.container)""#
    case .instance(let instance): #"instance="\#(instance)""#
    }
  }

  /// Whether a panel's series is about it: one without an instance is about all.
  func isShown(by labels: [String: String]) -> Bool {
    switch self {
    case .container(let workload):
      labels["pod"] == Self.pod(of: workload) && labels["container"] == Self.container
    case .instance(let instance): labels["instance"] ?? instance == instance
    }
  }

  var description: String {
    switch self {
    case .container(let workload): workload
    case .instance(let instance): instance.isEmpty ? "no exporter" : instance
    }
  }
}
