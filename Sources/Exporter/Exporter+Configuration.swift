// SPDX-License-Identifier: Apache-2.0

public import BPFKit
public import Containers
public import MetricsHTTP
public import Namespaces

extension Exporter {
  /// What the exporter is told by its flags.
  public struct Configuration: Sendable {
    /// Where to serve.
    public var listenAddresses: [ListenAddress]
    /// The path of the metrics.
    public var telemetryPath: String
    /// What the kernel half loads.
    public var kernel: KernelCounters.Configuration
    /// The bounds of what is exposed.
    public var limits: Ledger.Limits
    /// How namespaces become series.
    public var labelling: Labelling
    /// Where containers have their names outside of Kubernetes; nil for nowhere.
    public var localNames: LocalNames?
    /// Whether each namespace shows a histogram of lifetimes, where that collector is on.
    public var showsLifetimesPerNamespace: Bool

    /// Puts a configuration together.
    public init(
      listenAddresses: [ListenAddress], telemetryPath: String, kernel: KernelCounters.Configuration,
      limits: Ledger.Limits, labelling: Labelling, localNames: LocalNames?,
      showsLifetimesPerNamespace: Bool
    ) {
      self.listenAddresses = listenAddresses
      self.telemetryPath = telemetryPath
      self.kernel = kernel
      self.limits = limits
      self.labelling = labelling
      self.localNames = localNames
      self.showsLifetimesPerNamespace = showsLifetimesPerNamespace
    }
  }
}
