// SPDX-License-Identifier: Apache-2.0

public import MetricsHTTP

extension Exporter {
  /// What the exporter is told by its flags.
  public struct Configuration: Sendable {
    /// Where to serve.
    public var listenAddresses: [ListenAddress]
    /// The path of the metrics.
    public var telemetryPath: String
    /// Whether `/` is the status page, for which the last minutes are kept; else it is a few links.
    public var hasStatusPage: Bool
    /// Whether scrapers see what is new to them at 0.
    public var holdsFirstSamples: Bool
    /// Who is a scraper.
    public var scraperRule: ScraperRule
    /// Whether OpenMetrics has `_created` lines.
    public var writesCreated: Bool
    /// What is counted.
    public var counting: Counting.Configuration

    /// Puts a configuration together.
    public init(
      listenAddresses: [ListenAddress], telemetryPath: String, hasStatusPage: Bool = true,
      holdsFirstSamples: Bool = true, scraperRule: ScraperRule = ScraperRule(), writesCreated: Bool = false,
      counting: Counting.Configuration
    ) {
      self.listenAddresses = listenAddresses
      self.telemetryPath = telemetryPath
      self.hasStatusPage = hasStatusPage
      self.holdsFirstSamples = holdsFirstSamples
      self.scraperRule = scraperRule
      self.writesCreated = writesCreated
      self.counting = counting
    }
  }
}
