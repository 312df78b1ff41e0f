// SPDX-License-Identifier: Apache-2.0

package import Containers
package import Kubernetes
package import Namespaces
package import Probe

extension CounterPipeline {
  /// A node of a Kubernetes cluster.
  package struct Node: Sendable {
    /// The connection to the API server.
    package let api: Kubernetes.Configuration
    /// The node's name in the API.
    package let name: String

    /// Names a node.
    package init(api: Kubernetes.Configuration, name: String) {
      self.api = api
      self.name = name
    }
  }

  /// The configuration of counting and of series.
  package struct Configuration: Sendable {
    /// The BPF programs to load.
    package var kernel: KernelCounters.Configuration
    /// The bounds of the exposed series.
    package var limits: Ledger.Limits
    /// The labels of the series.
    package var labelling: SeriesLabels
    /// The node whose pods are watched; nil for none.
    package var kubernetes: Node?
    /// The files with names of containers outside Kubernetes; nil for none.
    package var localNames: LocalNames?
    /// Whether each namespace shows a histogram of lifetimes, if that collector is enabled.
    package var showsLifetimesPerNamespace: Bool
    /// The PID namespaces that are counted.
    package var scope: NamespaceScope
    /// The restrictions of the process after the start; nil for none.
    package var confinement: ConfinementRule?
    /// The folder that keeps programs attached while no process runs; nil to detach them at the end.
    package var pinFolder: String?
    /// The file that keeps the ledger; with ``pinFolder`` only.
    package var stateFile: String?

    package init(
      kernel: KernelCounters.Configuration, limits: Ledger.Limits, labelling: SeriesLabels, kubernetes: Node?,
      localNames: LocalNames?, showsLifetimesPerNamespace: Bool = false, scope: NamespaceScope = .host,
      confinement: ConfinementRule? = nil, pinFolder: String? = nil, stateFile: String? = nil
    ) {
      self.kernel = kernel
      self.limits = limits
      self.labelling = labelling
      self.kubernetes = kubernetes
      self.localNames = localNames
      self.showsLifetimesPerNamespace = showsLifetimesPerNamespace
      self.scope = scope
      self.confinement = confinement
      self.pinFolder = pinFolder
      self.stateFile = stateFile
    }
  }
}
