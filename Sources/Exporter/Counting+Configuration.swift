// SPDX-License-Identifier: Apache-2.0

public import BPFKit
public import Containers
public import Kubernetes
public import Namespaces

extension Counting {
  /// A node of a Kubernetes cluster.
  public struct Node: Sendable {
    /// How to ask the API server.
    public let api: Kubernetes.Configuration
    /// What the API calls the node.
    public let name: String

    /// Names a node.
    public init(api: Kubernetes.Configuration, name: String) {
      self.api = api
      self.name = name
    }
  }

  /// What is counted, and how it is shown.
  public struct Configuration: Sendable {
    /// What the kernel half loads.
    public var kernel: KernelCounters.Configuration
    /// The bounds of what is exposed.
    public var limits: Ledger.Limits
    /// How namespaces become series.
    public var labelling: Labelling
    /// Whose pods are watched; nil for none.
    public var kubernetes: Node?
    /// Where containers have their names outside of Kubernetes; nil for nowhere.
    public var localNames: LocalNames?
    /// Whether each namespace shows a histogram of lifetimes, where that collector is on.
    public var showsLifetimesPerNamespace: Bool
    /// Which PID namespaces are counted.
    public var scope: NamespaceScope

    /// Puts a configuration together.
    public init(
      kernel: KernelCounters.Configuration, limits: Ledger.Limits, labelling: Labelling, kubernetes: Node?,
      localNames: LocalNames?, showsLifetimesPerNamespace: Bool = false, scope: NamespaceScope = .host
    ) {
      self.kernel = kernel
      self.limits = limits
      self.labelling = labelling
      self.kubernetes = kubernetes
      self.localNames = localNames
      self.showsLifetimesPerNamespace = showsLifetimesPerNamespace
      self.scope = scope
    }
  }
}
