// SPDX-License-Identifier: Apache-2.0

package import Kubernetes
package import MetricsHTTP

extension Exporter {
  /// The configuration of the exporter, from its flags.
  package struct Configuration: Sendable {
    /// The addresses to listen on.
    package var listenAddresses: [ListenAddress]
    /// Owner and mode of unix sockets.
    package var socketAccess: SocketAccess
    /// Whether to serve the sockets that systemd passes, instead of addresses.
    package var usesSystemdSockets: Bool
    /// The paths of the pages.
    package var paths: WebPaths
    /// The file that configures TLS and passwords; nil for plain HTTP without passwords.
    package var webConfigFile: String?
    /// Whether the health endpoints need no client certificate, if all other pages need one.
    package var opensHealth: Bool
    /// The API server that checks tokens; nil accepts none.
    package var tokenReviews: Kubernetes.Configuration?
    /// The path of the metrics.
    package var telemetryPath: String
    /// The limits of clients.
    package var webLimits: HTTPServer.Limits
    /// Whether `/` is the status page, for which the last minutes are kept. Otherwise it has a few links.
    package var hasStatusPage: Bool
    /// Whether scrapers see new series first at 0.
    package var holdsFirstSamples: Bool
    /// The rule that recognises scrapers.
    package var scraperRule: ScraperRule
    /// Whether OpenMetrics has `_created` lines.
    package var writesCreated: Bool
    /// The time between two polls, which the caller makes.
    package var pollInterval: Duration
    /// The configuration of counting.
    package var counting: CounterPipeline.Configuration

    package init(
      listenAddresses: [ListenAddress], socketAccess: SocketAccess = SocketAccess(),
      usesSystemdSockets: Bool = false, paths: WebPaths = WebPaths(), webConfigFile: String? = nil,
      opensHealth: Bool = false, tokenReviews: Kubernetes.Configuration? = nil, telemetryPath: String,
      webLimits: HTTPServer.Limits = HTTPServer.Limits(), hasStatusPage: Bool = true,
      holdsFirstSamples: Bool = true, scraperRule: ScraperRule = ScraperRule(), writesCreated: Bool = false,
      pollInterval: Duration = .seconds(1), counting: CounterPipeline.Configuration
    ) {
      self.listenAddresses = listenAddresses
      self.socketAccess = socketAccess
      self.usesSystemdSockets = usesSystemdSockets
      self.paths = paths
      self.webConfigFile = webConfigFile
      self.opensHealth = opensHealth
      self.tokenReviews = tokenReviews
      self.telemetryPath = telemetryPath
      self.webLimits = webLimits
      self.hasStatusPage = hasStatusPage
      self.holdsFirstSamples = holdsFirstSamples
      self.scraperRule = scraperRule
      self.writesCreated = writesCreated
      self.pollInterval = pollInterval
      self.counting = counting
    }
  }
}
