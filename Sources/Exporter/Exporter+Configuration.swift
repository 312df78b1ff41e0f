// SPDX-License-Identifier: Apache-2.0

public import BPFKit
public import MetricsHTTP
public import Namespaces

extension Exporter {
  /// What the exporter is told by its flags.
  public struct Configuration: Sendable {
    /// Where to serve.
    public var listenAddresses: [ListenAddress]
    /// The path of the metrics.
    public var telemetryPath: String
    /// Namespaces that the kernel's map has room for.
    public var mapEntries: UInt32
    /// The bounds of what is exposed.
    public var limits: Ledger.Limits
    /// How exits are detected; nil for what suits the kernel.
    public var exitDetection: KernelCounters.ExitDetection?

    /// Puts a configuration together.
    public init(
      listenAddresses: [ListenAddress], telemetryPath: String, mapEntries: UInt32,
      limits: Ledger.Limits, exitDetection: KernelCounters.ExitDetection? = nil
    ) {
      self.listenAddresses = listenAddresses
      self.telemetryPath = telemetryPath
      self.mapEntries = mapEntries
      self.limits = limits
      self.exitDetection = exitDetection
    }
  }
}
