// SPDX-License-Identifier: Apache-2.0

internal import Foundation
internal import Harness

/// Something that happens on the node, and what has to be said of it.
protocol Scenario: SendableMetatype {
  /// What the table calls it, and `--only`.
  static var name: String { get }

  /// Begins.
  init(in bed: Bed) async throws

  /// Whom it happens to.
  var subject: Subject { get }

  /// The alerts that fire for the subject. No other one may.
  var alerts: [ExpectedAlert] { get }

  /// When that which the alerts are about began; nil: it has not yet.
  var began: Date? { get }

  /// Does what is due; called every second.
  mutating func goOn() async throws

  /// What queries say while it goes on.
  var sayings: [Saying] { get }

  /// Ends it, and answers what Prometheus has stored in the end.
  mutating func end() throws -> [Saying]
}

/// An alert that has to fire.
struct ExpectedAlert {
  let name: String
  /// How much of the range that its rule looks at has to be filled until what the rule says is true.
  let share: Double
  /// Seconds that it takes until then otherwise.
  let delay: Double

  init(_ name: String, share: Double = 0, delay: Double = 0) {
    self.name = name
    self.share = share
    self.delay = delay
  }
}

extension Scenario {
  mutating func goOn() {}
  var sayings: [Saying] { [] }
  mutating func end() -> [Saying] { [] }
}

/// Whom series and alerts are about.
enum Subject: Hashable, CustomStringConvertible {
  /// The container of a pod of a workload's, called as a Deployment calls it.
  case container(workload: String)
  /// An exporter.
  case instance(String)

  /// By the labels of an alert; nil: a PID namespace that is none of the scenarios', such as the host's.
  init?(_ labels: [String: String]) {
    guard labels["pidns"] != nil else {
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

/// What a query has to say: one number.
struct Saying {
  enum Question {
    case query(String)
    /// What a panel of a dashboard asks, of which the series of the scenario's subject counts.
    case panel(String)
  }

  let question: Question
  let range: ClosedRange<Double>

  init(_ query: String, is value: Double) { self.init(query, in: value...value) }

  init(_ query: String, in range: ClosedRange<Double>) {
    question = .query(query)
    self.range = range
  }

  init(panel: String, is value: Double) { self.init(panel: panel, in: value...value) }

  init(panel: String, in range: ClosedRange<Double>) {
    question = .panel(panel)
    self.range = range
  }
}
