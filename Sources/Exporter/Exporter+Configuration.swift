// SPDX-License-Identifier: Apache-2.0

package import Kubernetes
package import MetricsHTTP

extension Exporter {
  /// What the exporter is told by its flags.
  package struct Configuration: Sendable {
    /// Where to serve.
    package var listenAddresses: [ListenAddress]
    /// Owner and mode of unix sockets.
    package var socketAccess: SocketAccess
    /// Whether the sockets that systemd passes are served instead of addresses.
    package var usesSystemdSockets: Bool
    /// Where pages are.
    package var paths: WebPaths
    /// The file that configures TLS and passwords; nil for plain HTTP without passwords.
    package var webConfigFile: String?
    /// The API server that checks tokens; nil accepts none.
    package var tokenReviews: Kubernetes.Configuration?
    /// The path of the metrics.
    package var telemetryPath: String
    /// What clients can take from the server.
    package var webLimits: HTTPServer.Limits
    /// Whether `/` is the status page, for which the last minutes are kept; else it is a few links.
    package var hasStatusPage: Bool
    /// Whether scrapers see what is new to them at 0.
    package var holdsFirstSamples: Bool
    /// Who is a scraper.
    package var scraperRule: ScraperRule
    /// Whether OpenMetrics has `_created` lines.
    package var writesCreated: Bool
    /// What is counted.
    package var counting: CounterPipeline.Configuration

    package init(
      listenAddresses: [ListenAddress], socketAccess: SocketAccess = SocketAccess(),
      usesSystemdSockets: Bool = false, paths: WebPaths = WebPaths(), webConfigFile: String? = nil,
      tokenReviews: Kubernetes.Configuration? = nil, telemetryPath: String,
      webLimits: HTTPServer.Limits = HTTPServer.Limits(), hasStatusPage: Bool = true,
      holdsFirstSamples: Bool = true, scraperRule: ScraperRule = ScraperRule(), writesCreated: Bool = false,
      counting: CounterPipeline.Configuration
    ) {
      self.listenAddresses = listenAddresses
      self.socketAccess = socketAccess
      self.usesSystemdSockets = usesSystemdSockets
      self.paths = paths
      self.webConfigFile = webConfigFile
      self.tokenReviews = tokenReviews
      self.telemetryPath = telemetryPath
      self.webLimits = webLimits
      self.hasStatusPage = hasStatusPage
      self.holdsFirstSamples = holdsFirstSamples
      self.scraperRule = scraperRule
      self.writesCreated = writesCreated
      self.counting = counting
    }
  }
}
